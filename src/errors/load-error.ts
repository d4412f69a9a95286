/** The error of a part of this package that could not be loaded. */
import { UmaError } from './uma-error.ts'

/**
 * A part of this package could not be loaded: the network was away, or the application was deployed anew. The part is
 * loaded again next time, but a browser may remember the failure until the page is reloaded. `code`: `load_failed`.
 */
export class LoadError extends UmaError {
  override name = 'LoadError'
  override readonly code = 'load_failed'
}

/**
 * Loads a part of this package when it is first needed.
 *
 * @param name the part, for the message
 * @param load the `import()` of the part
 * @throws LoadError
 */
export async function loadPart<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const fix = globalThis.document ? 'reload the page' : 'is the package installed completely?'
    throw new LoadError(`A part of uma-requester could not be loaded (${name}): ${fix}`, { cause })
  }
}
