import type { UmaEvent } from '../events.ts'
import type { FlowOptions } from '../flow/options.ts'
import type { PartyOptions } from '../parties/create-parties.ts'
import type { RequestOptions } from '../request/options.ts'
import type { RequesterStorage } from '../storage/storage.ts'
import type { TrustOptions } from '../trust/options.ts'

/** Options of `createRequester`. Each level of the package declares the options that it reads. */
export interface RequesterOptions extends TrustOptions, PartyOptions, FlowOptions, RequestOptions {
  /**
   * On whose behalf requests are made: a name, or a function that returns the name or `undefined`. The function is
   * called once for each request, before anything is awaited. `undefined` is an anonymous party that is kept in memory
   * only; everything that it holds is dropped when the function first returns a name. Required with any storage but
   * memory.
   */
  requestingParty?: string | (() => string | undefined)
  /** Where tokens and flows are kept: the value of a storage function, such as `indexedDBStorage()`. @default memory */
  storage?: RequesterStorage
  /** Default headers of `requester.fetch`. */
  headers?: HeadersInit
  /** Sends the calls to authorization servers. @default the global `fetch`, looked up when called */
  fetch?: typeof globalThis.fetch
  /** Receives events. Its errors are ignored. `consoleReporter()` of `uma-requester/console` prints them. */
  onEvent?: (event: UmaEvent) => void
}
