/**
 * The way in for ky.
 *
 * @module
 */
import type { KyInstance, Options } from 'ky'
import type { Requester } from './create-requester.ts'
import { isOneShot } from './requester/body.ts'
import type { UmaRequestOptions } from './requester/options.ts'

declare module 'ky' {
  interface Options {
    /** Options of uma-requester for this request; `false` leaves it alone. */
    uma?: UmaRequestOptions | false
  }
}

/**
 * A ky instance whose requests open UMA-protected resources. They have no time-out unless one is given: ky's default of 10 s
 * would run while a person is at the authorization server; `createRequester({ timeouts })` bounds the flow itself.
 */
export function extendKy(ky: KyInstance, requester: Requester): KyInstance {
  return ky.extend((parent) => ({
    timeout: parent.timeout ?? false,
    fetch: requester.wrapFetch(parent.fetch ?? ((...args) => globalThis.fetch(...args))),
    hooks: {
      init: [
        (options: Options) => {
          // ky hands a Request on, which no longer tells what its body was made of.
          if (options.uma !== false && isOneShot(options.body)) options.uma = { ...options.uma, oneShot: true }
        },
      ],
    },
  }))
}
