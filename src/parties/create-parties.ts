import { LazyParty, type PartySource } from './lazy-party.ts'
import type { Party, RecordStore } from './party.ts'

/** The options of a requester that concern its requesting parties. */
export interface PartyOptions {
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
  /** Takes a party out, so that the next `get` makes a new one. Returns the party, if there was one. */
  remove(name: string | undefined): Party | undefined
  /** The parties in memory. */
  all(): Iterable<Party>
}

/** Makes the part of a party that the storage adds; undefined if there is only memory. */
export type MakeStoredWallet = PartySource['makeStoredWallet']

export function createParties(
  { maxEntries, maxParties = 10_000 }: PartyOptions,
  records: RecordStore,
  makeStoredWallet: MakeStoredWallet,
  isInMemory: PartySource['isInMemory'] = () => false,
): Parties {
  const source: PartySource = { maxEntries, records, makeStoredWallet, isInMemory }
  const recent = new Map<string | undefined, Party>()
  const evicted = new Map<string | undefined, WeakRef<Party>>()

  return {
    get(name) {
      const party = recent.get(name) ?? evicted.get(name)?.deref() ?? new LazyParty(name, source)
      // The map keeps the order of use.
      recent.delete(name)
      recent.set(name, party)
      evicted.delete(name)
      if (recent.size > maxParties) evictOldest()
      return party
    },
    remove(name) {
      const party = recent.get(name) ?? evicted.get(name)?.deref()
      recent.delete(name)
      evicted.delete(name)
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
