import { later } from '../async/timers.ts'
import type { Tell } from '../events.ts'
import { flowLockKey, type Party, type RecordStore, type StoredWallet } from '../parties/party.ts'
import { epochKey, indexKey, rptKey, stampKey } from '../parties/record-keys.ts'
import type { Authority } from '../trust/authority.ts'
import { coalesced } from './coalesced.ts'
import { createEpochWatch } from './epoch-watch.ts'
import { eraseRecords } from './erase-records.ts'
import type { RecordChannel, RecordListener } from './record-channel.ts'
import { type IndexPair, includesPair, readIndex, writeIndex } from './records/record-index.ts'
import { createSeenTexts } from './seen-texts.ts'
import { type FindAuthority, findByKey, mayServe } from './stored-authority.ts'
import { createStoredPair, type PairParts, type StoredPair } from './stored-pair.ts'

/** How long a write that nothing waits for is put off, in milliseconds: many changes then become one write. */
const writeDelay = 100
/** When a write is tried again after the storage failed, in milliseconds: the storage is left alone for 5 s. */
const retryDelay = 5_100

/** The parts that a stored wallet uses. */
export interface StoredWalletOptions extends Pick<PairParts, 'present'> {
  records: RecordStore
  trust: FindAuthority
  tell: Tell
  party: Pick<Party, 'name' | 'wallet' | 'pcts' | 'neverUpgrades' | 'epoch' | 'lock' | 'forget'>
  /** Tells other tabs of changes, in a page. */
  channel?: RecordChannel | undefined
  /** The most RPTs that are taken from one stamp. @default 1000 */
  maxEntries?: number | undefined
}

const nothing = (): void => {}

/** Creates the part of a party that keeps its wallet in step with the storage. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createStoredWallet(options: StoredWalletOptions): StoredWallet {
  const { records, trust, tell, party, present, channel, maxEntries = 1000 } = options
  const { name } = party
  /** By host: the reading under way; `undefined` if the host was read. */
  const read = new Map<string, Promise<void> | undefined>()
  const seen = createSeenTexts()
  /** The pairs of the current wallet, by the key of their stamp. */
  const pairs = new Map<string, StoredPair>()
  /** The authorities and hosts that were met, by the key of their stamp, also for a wallet that was forgotten. */
  const met = new Map<string, { authority: Authority; host: string; ids: string[] }>()
  /** The keys of the stamps whose write was put off. */
  const noted = new Set<string>()
  /** The pairs whose places are a part of the next write, by `flowLockKey`. */
  const placesDue = new Set<string>()
  /** The writes under way, by `flowLockKey`. */
  const writes = new Map<string, Promise<void>>()
  const epoch = createEpochWatch({ records, tell, party })
  const post = (key: string): void => channel?.post(key)
  const parts: PairParts = { records, tell, party, present, maxEntries, seen, epoch, post }

  function pairOf(authority: Authority, host: string): StoredPair {
    const key = stampKey(name, host, authority.key)
    const pair = pairs.get(key) ?? createStoredPair(parts, authority, host)
    pairs.set(key, pair)
    if (!met.has(key)) met.set(key, { authority, host, ids: [] })
    return pair
  }

  /** False if the storage could not be read. */
  async function sync(authority: Authority, host: string): Promise<boolean> {
    const pair = pairOf(authority, host)
    if (!(await pair.sync())) return false
    // The party was signed out elsewhere: its next wallet reads the records of the new epoch.
    return pair === pairOf(authority, host) || pairOf(authority, host).sync()
  }

  /** Reads the records of one host, or all records. False if the storage could not be read. */
  async function readRecords(onlyHost?: string): Promise<boolean> {
    const endLook = epoch.begin()
    const texts = await records.getMany([indexKey(name), epochKey(name)])
    const isLookedAt = await endLook(texts ? texts[1] : false)
    if (!texts || !isLookedAt) return false
    const pairs = readIndex(texts[0]).filter(([host]) => onlyHost === undefined || host === onlyHost)
    const outcomes = await Promise.all(pairs.map(readPair))
    return outcomes.every(Boolean)
  }

  async function readPair([host, authorityKey]: IndexPair): Promise<boolean> {
    const authority = await findByKey(trust, authorityKey, host)
    // Records of a server that is not trusted for this host any more stay unread.
    if (!authority || !(await mayServe(authority, host))) return true
    return pairOf(authority, host).readAtFirst()
  }

  /** Reads, merges and writes. The lock keeps flows apart that run side by side, here and elsewhere. */
  async function writeNow(authority: Authority, host: string): Promise<void> {
    const { wallet } = party
    const withPlaces = placesDue.delete(flowLockOf(authority, host))
    const outcome = await records.lock(`${stampKey(name, host, authority.key)} save`, async () => {
      if (!(await sync(authority, host))) return 'failed'
      // The party was signed out meanwhile.
      return party.wallet === wallet ? pairOf(authority, host).write(withPlaces) : 'unchanged'
    })
    if (outcome === 'failed') writeLater(authority.key, host, retryDelay)
    if (outcome === 'written') await addToIndex(authority.key, host)
  }

  const write = coalesced(flowLockOf, writeNow)

  /** Remembers the write until it has ended. An error of a write never reaches a request. */
  function startWrite(authority: Authority, host: string): Promise<void> {
    const lockKey = flowLockOf(authority, host)
    const tracked = Promise.all([writes.get(lockKey), write(authority, host)])
      .then(nothing, nothing)
      .then(() => {
        if (writes.get(lockKey) === tracked) writes.delete(lockKey)
      })
    writes.set(lockKey, tracked)
    return tracked
  }

  async function save(authorityKey: string, host: string): Promise<void> {
    const authority = await findByKey(trust, authorityKey, host)
    if (!authority) return
    const mustBeKept = (): boolean => pairOf(authority, host).hasNewRefreshToken()
    // Nothing is used after a sign-out elsewhere, so one look comes before the caller goes on.
    if (!mustBeKept()) await sync(authority, host)
    const isWaitedFor = mustBeKept()
    const writing = startWrite(authority, host)
    writeLater(authorityKey, host, writeDelay)
    if (isWaitedFor) await writing
  }

  async function saveAll(authorityKey: string, host: string): Promise<void> {
    const authority = await findByKey(trust, authorityKey, host)
    if (!authority) return
    placesDue.add(flowLockOf(authority, host))
    await startWrite(authority, host)
  }

  function addToIndex(authorityKey: string, host: string): Promise<void> {
    const key = indexKey(name)
    return party.lock(key, async () => {
      const text = await records.get(key)
      if (text === false) return writeLater(authorityKey, host, retryDelay)
      const pairs = readIndex(text)
      if (includesPair(pairs, [host, authorityKey])) return
      await records.set(key, writeIndex([...pairs, [host, authorityKey]]))
      post(key)
    })
  }

  function writeLater(authorityKey: string, host: string, ms: number): void {
    const key = stampKey(name, host, authorityKey)
    if (noted.has(key)) return
    noted.add(key)
    later(() => {
      noted.delete(key)
      return saveAll(authorityKey, host)
    }, ms)
  }

  /** The pairs whose records are to be deleted: those of the index, and those that were met here. */
  async function allPairs(): Promise<IndexPair[]> {
    const indexed = readIndex((await records.get(indexKey(name))) || undefined)
    const here = [...met.values()].map(({ host, authority }): IndexPair => [host, authority.key])
    return [...indexed, ...here.filter((pair) => !includesPair(indexed, pair))]
  }

  const wallet: StoredWallet & RecordListener = {
    ready(host) {
      if (read.has(host)) return read.get(host)
      const reading = readRecords(host).then((complete) => {
        // Something changed meanwhile: the next request reads again.
        if (read.get(host) !== reading) return
        if (complete) read.set(host, undefined)
        else read.delete(host)
      })
      read.set(host, reading)
      return reading
    },
    recent: epoch.recent,
    async readAll() {
      await readRecords()
    },
    async sync(authority, host) {
      await sync(authority, host)
    },
    save,
    written: (lockKey) => writes.get(lockKey),
    note: (authorityKey, host) => writeLater(authorityKey, host, writeDelay),
    async erase() {
      const pairs = await allPairs()
      // The storage may be away now: the records that are known here are deleted when it is back.
      const known = [...met.values()].flatMap(({ authority, host, ids }) =>
        ids.map((id) => rptKey(name, host, authority.key, id)),
      )
      await eraseRecords(records, name, pairs, { known, maxEntries })
      for (const [host, authorityKey] of pairs) post(stampKey(name, host, authorityKey))
      post(indexKey(name))
      post(epochKey(name))
    },
    forgotten() {
      for (const [key, pair] of pairs) {
        const before = met.get(key)
        if (before) met.set(key, { ...before, ids: pair.ids() })
      }
      seen.clear()
      read.clear()
      pairs.clear()
    },
    hear(key) {
      if (key === indexKey(name)) read.clear()
      if (key === epochKey(name)) void epoch.look()
      const changed = met.get(key)
      if (changed) void sync(changed.authority, changed.host)
    },
  }
  // The party holds the wallet, and so the listener.
  channel?.listen(wallet)
  return wallet
}

/** Names the pair of an authority and a host as the lock of its flows is named. */
const flowLockOf = (authority: Authority, host: string): string => flowLockKey(authority.key, host)
