import { deferred } from '../async/deferred.ts'
import { inTurn } from '../async/in-turn.ts'
import type { Identity } from '../authorization-server/identity.ts'
import { createWallet } from '../wallet/wallet.ts'
import type { Party, RecordStore, StoredWallet } from './party.ts'
import { lockKey } from './record-keys.ts'

/** The options of a requester that concern its requesting parties. */
export interface PartyOptions {
  /** On whose behalf requests are made. Required with any storage but memory. */
  requestingParty?: string
  /** How many RPTs, and how many places, are kept for each requesting party. @default 1000 */
  maxEntries?: number
  /**
   * How many requesting parties (`requester.as`) are kept in memory. The least recently used party goes first; it is
   * found again as long as a requester or a request for that party exists. @default 10_000
   */
  maxParties?: number
}

/** The requesting parties of a requester. */
export interface Parties {
  /** The party of this name; always the same one, as long as anything holds it. */
  get(name: string | undefined): Party
  /** The parties in memory. */
  all(): Iterable<Party>
}

/** Makes the part of a party that the storage adds; undefined if there is only memory. */
export type MakeStoredWallet = ((party: Party) => StoredWallet) | undefined

export function createParties(
  { maxEntries, maxParties = 10_000 }: PartyOptions,
  records: RecordStore,
  makeStoredWallet: MakeStoredWallet,
): Parties {
  const recent = new Map<string | undefined, Party>()
  const evicted = new Map<string | undefined, WeakRef<Party>>()

  return {
    get(name) {
      const party =
        recent.get(name) ?? evicted.get(name)?.deref() ?? createParty(name, maxEntries, records, makeStoredWallet)
      // The map keeps the order of use.
      recent.delete(name)
      recent.set(name, party)
      evicted.delete(name)
      if (recent.size > maxParties) evictOldest()
      return party
    },
    all: () => recent.values(),
  }

  function evictOldest(): void {
    const [oldest] = recent
    if (!oldest) return
    const [name, party] = oldest
    recent.delete(name)
    evicted.set(name, new WeakRef(party))
    // The references to parties that nobody holds any more are removed now and then.
    if (evicted.size > 2 * maxParties)
      for (const [key, reference] of evicted) if (!reference.deref()) evicted.delete(key)
  }
}

function createParty(
  name: string | undefined,
  maxEntries: number | undefined,
  records: RecordStore,
  makeStoredWallet: MakeStoredWallet,
): Party {
  const inThisProcess = inTurn()
  const party: Party = {
    name,
    wallet: createWallet(maxEntries),
    pcts: new Map<string, string>(),
    identities: new Map<string, Identity>(),
    neverUpgrades: new Set<string>(),
    epoch: 0,
    stored: undefined,
    interactions: new Map(),
    lock: (key, task) => lockUntilWritten(key, task),
    forget() {
      const { wallet } = party
      party.wallet = createWallet(maxEntries)
      party.pcts = new Map()
      party.identities = new Map()
      party.neverUpgrades = new Set()
      party.epoch += 1
      for (const rpt of wallet.all()) wallet.drop(rpt)
      party.stored?.forgotten()
    },
  }
  /** The caller goes on as soon as its task has ended; the lock is kept until the writes of the task have ended. */
  function lockUntilWritten<T>(key: string, task: () => Promise<T>): Promise<T> {
    const outcome = deferred<T>()
    const locked = async (): Promise<void> => {
      await task().then(outcome.resolve, outcome.reject)
      await party.stored?.written(key)
    }
    inThisProcess(key, () => records.lock(lockKey(name, key), locked)).catch(outcome.reject)
    return outcome.promise
  }

  if (makeStoredWallet) Object.defineProperty(party, 'stored', { value: makeStoredWallet(party) })
  return party
}
