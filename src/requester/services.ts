import type { Caller } from '../authorization-server/call.ts'
import type { Discovery } from '../authorization-server/discovery.ts'
import type { Tell } from './events.ts'
import type { Exchange } from './exchange.ts'
import type { RequesterOptions, UmaRequestOptions } from './options.ts'
import type { Party } from './party.ts'
import type { Store } from './store.ts'
import type { Authority, Trust } from './trust.ts'

/** What all requests of a requester have in common. */
export interface Services {
  options: RequesterOptions
  store: Store
  trust: Trust
  caller: Caller
  discovery: Discovery
  tell: Tell
  /** Numbers the flows. */
  flows: number
}

/** What one flow is about. */
export interface Subject {
  party: Party
  authority: Authority
  method: string
  /** The URL asked for, without fragment. */
  url: string
  /** Its origin: the only one that will see the RPT. */
  host: string
  uma: UmaRequestOptions
  /** What of the request may wait in storage while a person is away; see `Exchange`. */
  stored?: Exchange<unknown>['stored']
}

/** Where the lock of a flow lies, and what is known of a server at a host: RPTs are upgraded within one authority and host. */
export const realm = ({ authority, host }: { authority: { key: string }; host: string }): string =>
  `${authority.key} ${host}`
