import type { Identity } from '../authorization-server/identity.ts'
import type { Flight } from './flight.ts'
import type { Lock } from './lock.ts'
import type { Authority } from './trust.ts'
import type { Wallet } from './wallet.ts'

/** All that is kept for one requesting party. Nothing of it is ever shared with another. */
export interface Party {
  readonly name: string | undefined
  wallet: Wallet
  /** Keeps the wallet in step with storage; none where there is only memory. */
  readonly ledger: Ledger | undefined
  /** PCTs by authority (Grant §3.3.5, §5.2). */
  pcts: Map<string, string>
  /** Sign-ins by authority. With a storage, `identitiesOf` tells what counts. */
  identities: Map<string, Identity>
  /** Authority and host where the server was seen to ignore `rpt`: flows run side by side there. */
  neverUpgrades: Set<string>
  /** Flows under way, by what they are for. */
  readonly flights: Map<string, Flight>
  /** Interactions with a person under way, by issuer. */
  readonly interactions: Map<string, Promise<unknown>>
  /** Within this process, and as far as the storage can lock: across tabs and processes. */
  readonly lock: Lock
  /** Drops all that is held; what a ticket that is spent already still brings goes where nobody looks. */
  forget(): void
}

/**
 * Keeps the wallet of a party in step with storage, one record for each authority and host. The wallet in memory answers every
 * look-up; storage is read when a host is met for the first time and before a flow, and written after one.
 */
export interface Ledger {
  /** Reads what is stored for a host; undefined when that was done. */
  ready(host: string): Promise<void> | undefined
  /** Reads all that is stored. */
  readAll(): Promise<void>
  /** Takes in what another tab or process has written since, a sign-out included. */
  sync(authority: Authority, host: string): Promise<void>
  /** Writes what is held, together with what others have written meanwhile. Saves that come in while one waits become one. */
  save(authorityKey: string, host: string): Promise<void>
  /** Saves a little later: what was learned is worth keeping, but not worth waiting for. */
  note(authorityKey: string, host: string): void
  /** Deletes all records. */
  erase(): Promise<void>
}

/** A party's name in keys: no two parties share one, not even the nameless and the one whose name is empty. */
export const nameKey = (name: string | undefined): string => JSON.stringify(name ?? null)
