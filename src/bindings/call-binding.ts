import { BindingError, findUmaError } from '../errors/index.ts'
import type { Binding, HeaderPatch } from './binding.ts'

/** Calls a function of a binding. Its errors become a `BindingError`, except errors of this package. */
export async function callBinding<T>(binding: Binding, call: () => T | Promise<T>, issuer?: string): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw findUmaError(cause) ?? new BindingError(`The binding ${binding.name} failed`, { issuer, cause })
  }
}

/** Headers that a binding returned. @throws TypeError if they cannot be sent */
export function checkedHeaders(headers: HeaderPatch | undefined): HeaderPatch | undefined {
  return headers && Object.fromEntries(new Headers(headers))
}
