import type { UmaEvent } from './events.ts'
import type { FlowOptions } from './flow/options.ts'
import type { PartyOptions } from './parties/create-parties.ts'
import type { RequestOptions } from './request/options.ts'
import { checkStorage, isInMemory, type RequesterStorage } from './storage/storage.ts'
import type { TrustOptions } from './trust/options.ts'

/** Options of `createRequester`. Each level of the package declares the options that it reads. */
export interface RequesterOptions extends TrustOptions, PartyOptions, FlowOptions, RequestOptions {
  /** Where tokens and flows are kept: the value of a storage function. @default memory */
  storage?: RequesterStorage
  /** Default headers of `requester.fetch`. */
  headers?: HeadersInit
  /** Sends the calls to authorization servers. @default the global `fetch`, looked up when called */
  fetch?: typeof globalThis.fetch
  /** Receives events. Its errors are ignored. `consoleReporter()` of `uma-requester/console` prints them. */
  onEvent?: (event: UmaEvent) => void
}

/** @throws TypeError that names the option and the fix */
export function checkOptions(options: RequesterOptions): void {
  const { storage, requestingParty, timeouts, polling, onRedirect } = options
  checkStorage(storage, 'storage')
  if (storage && !isInMemory(storage) && requestingParty === undefined) {
    throw new TypeError(
      'requestingParty is missing: with a storage, say whose tokens these are, because the next person at this storage ' +
        'is another',
    )
  }
  const { maxFlowsPerRequest, maxRounds, maxEntries, maxParties } = options
  const numbers = { ...timeouts, ...polling, maxFlowsPerRequest, maxRounds, maxEntries, maxParties }
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0)) throw new TypeError(`${name}: a number, 0 or more`)
  }
  if (onRedirect && typeof onRedirect !== 'function' && typeof onRedirect.open !== 'function') {
    throw new TypeError('onRedirect: a function, or an object with open()')
  }
}
