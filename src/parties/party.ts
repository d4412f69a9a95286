import type { Lock } from '../async/in-turn.ts'
import type { Identity } from '../authorization-server/sign-in/identity.ts'
import type { Authority } from '../trust/authority.ts'
import type { Wallet } from '../wallet/wallet.ts'

/** Everything that is kept for one requesting party. Nothing of it is shared with another party. */
export interface Party {
  readonly name: string | undefined
  /** Replaced when the party is forgotten: a flow that still runs then writes into a wallet that nobody reads. */
  wallet: Wallet
  /** Keeps the wallet in step with the storage; absent if there is only memory. */
  readonly stored: StoredWallet | undefined
  /** The storage of the party's records. */
  readonly records: RecordStore
  /** PCTs by authority key (UMA Grant §3.3.5, §5.2). */
  pcts: Map<string, string>
  /** Sign-ins by authority key. With a storage, the storage decides. */
  identities: Map<string, Identity>
  /** Lock keys (`flowLockKey`) where the server ignores `rpt`: flows run side by side there. */
  neverUpgrades: Set<string>
  /** Raised by each sign-out. A flow that began under an older epoch does not use what it obtains. */
  epoch: number
  /** Interactions with a person under way, by issuer. */
  readonly interactions: Map<string, Promise<unknown>>
  /** Runs tasks of one key one after the other, across tabs and processes if the storage can lock. */
  readonly lock: Lock
  /** Drops everything that is held, and raises the epoch. */
  forget(): void
}

/**
 * Keeps the wallet of a party in step with the storage. The wallet in memory answers every look-up. The storage is read
 * when a host is first met and before a flow, and written after a flow.
 */
export interface StoredWallet {
  /** Reads the records of a host; undefined if that was done. */
  ready(host: string): Promise<void> | undefined
  /**
   * Waits for one look at the storage if the last look is more than 5 s old: another process may have signed the party
   * out. It waits at most 250 ms; if the look fails, the copy in memory counts. undefined: the last look is recent.
   */
  recent(): Promise<void> | undefined
  /** Reads all records of the party. */
  readAll(): Promise<void>
  /** Takes in what another tab or process has written since, a sign-out included. */
  sync(authority: Authority, host: string): Promise<void>
  /**
   * Takes in what others have written, and then writes what has changed here. The write is waited for only if a
   * refresh token has changed: a refresh token that was used must not be used again after a crash.
   */
  save(authorityKey: string, host: string): Promise<void>
  /** The writes under way for a lock (`flowLockKey`); its holder keeps the lock until they have ended. */
  written(lockKey: string): Promise<void> | undefined
  /** Saves a little later, the places of RPTs included: nothing waits for this write. */
  note(authorityKey: string, host: string): void
  /** Deletes all records. */
  erase(): Promise<void>
  /** The party was forgotten: nothing that was read before counts any more. */
  forgotten(): void
}

/** The values of records in the order of their keys; `undefined`: there is no such record. */
export type RecordTexts = readonly (string | undefined)[]

/** The storage of a requester, as the levels above it use it. It never fails. */
export interface RecordStore {
  /** `undefined`: there is no such record. `false`: it could not be read. */
  get(key: string): Promise<string | undefined | false>
  /** Several records at once. `false`: at least one could not be read. */
  getMany(keys: readonly string[]): Promise<RecordTexts | false>
  /** If `spared` (the default), a record that could not be written is kept in memory and written later. */
  set(key: string, value: string, ttlMs?: number, spared?: boolean): Promise<boolean>
  delete(key: string): Promise<void>
  /** The keys that begin with `prefix`, as far as the storage can list its keys. */
  keys(prefix: string): Promise<string[]>
  /** Runs the task while nobody else holds the key, as far as the storage can lock. */
  lock<T>(key: string, task: () => Promise<T>): Promise<T>
}

/**
 * The name of a party in keys. No two parties share one, not even the anonymous party and a party whose name is empty.
 */
export const nameKey = (name: string | undefined): string => JSON.stringify(name ?? null)

/** Names the lock of flows at one authority and host: RPTs are upgraded within these. */
export const flowLockKey = (authorityKey: string, host: string): string => `${authorityKey} ${host}`
