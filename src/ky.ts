/**
 * The adapter for ky.
 *
 * @module
 */
import type { KyInstance, Options } from 'ky'
import type { Requester } from './create-requester.ts'
import type { UmaFetch } from './fetch.ts'
import { isOneShot } from './request/body.ts'
import type { InstanceOptions, UmaRequestOptions } from './request/options.ts'

declare module 'ky' {
  interface Options {
    /** Options of uma-requester for this request. `false`: send it as it is, without this package. */
    uma?: UmaRequestOptions | false
  }
}

/**
 * Returns a ky instance whose requests work for UMA-protected resources.
 *
 * The new instance has no time-out unless `ky` has one of its own, because ky's default of 10 s would also run while a
 * person is at the authorization server. `createRequester({ timeouts })` limits the flow itself.
 *
 * @param ky a ky instance; it is not changed
 * @param requester sends the requests
 * @param options options for all requests of the new instance
 * @throws TypeError if one of the two is missing
 *
 * @example
 * const api = extendKy(ky, requester)
 * const photo = await api.get('https://photos.example.com/alice/1.jpg').blob()
 */
export function extendKy(
  ky: KyInstance,
  requester: { wrapFetch(fetch: typeof globalThis.fetch, instance?: InstanceOptions): UmaFetch } & Partial<
    Pick<Requester, 'begin'>
  >,
  options: InstanceOptions = {},
): KyInstance {
  if (typeof ky?.extend !== 'function') {
    throw new TypeError('extendKy: the first argument must be ky, or an instance of ky.create()')
  }
  if (typeof requester?.wrapFetch !== 'function') {
    throw new TypeError('extendKy: the second argument must be the requester of createRequester()')
  }
  return ky.extend((parent) => ({
    timeout: parent.timeout ?? false,
    fetch: requester.wrapFetch(parent.fetch ?? ((...args) => globalThis.fetch(...args)), options),
    hooks: { init: [markOneShot, (request) => beginRequest(request, requester, options)] },
  }))
}

/** ky hands over a `Request`, which does not tell what its body was made of. */
function markOneShot(options: Options): void {
  if (options.uma !== false && isOneShot(options.body)) options.uma = { ...options.uma, oneShot: true }
}

/** ky calls `fetch` later. Whose request this is, is decided when the request is made. */
function beginRequest(request: Options, requester: Partial<Pick<Requester, 'begin'>>, options: InstanceOptions): void {
  if (request.uma === false) return
  const uma = requester.begin?.(request.uma, options)
  if (uma) request.uma = uma
}
