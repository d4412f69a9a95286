import { later } from '../async/timers.ts'
import type { HeaderPatch } from '../bindings/binding.ts'
import type { Tell } from '../events.ts'
import { flowLockKey, type Party, type RecordStore, type StoredWallet } from '../parties/party.ts'
import { epochKey, indexKey, pctKey, rptsKey } from '../parties/record-keys.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { Authority } from '../trust/authority.ts'
import { coalesced } from './coalesced.ts'
import { createEpochWatch } from './epoch-watch.ts'
import type { RecordChannel } from './record-channel.ts'
import { includesPair, readIndex, writeIndex } from './record-index.ts'
import { readRptRecord, writeRptRecord } from './rpt-record.ts'
import { createSeenTexts } from './seen-texts.ts'
import { type FindAuthority, findByKey, mayServe } from './stored-authority.ts'

/** How long a write that nothing waits for is put off, in milliseconds: many changes then become one write. */
const writeDelay = 100
/** When a write is tried again after the storage failed, in milliseconds: the storage is left alone for 5 s. */
const retryDelay = 5_100

/** The parts that a stored wallet uses. */
export interface StoredWalletOptions {
  records: RecordStore
  trust: FindAuthority
  tell: Tell
  party: Pick<Party, 'name' | 'wallet' | 'pcts' | 'neverUpgrades' | 'epoch' | 'lock' | 'forget'>
  /** Makes the headers of a stored grant, if the authority's binding is reusable. */
  present(authority: Authority, grant: Grant): HeaderPatch | undefined
  /** Tells other tabs of changes, in a page. */
  channel?: RecordChannel | undefined
  /** The most RPTs that are taken from one record. @default 1000 */
  maxEntries?: number | undefined
}

/** The records of one authority at one host, as they were read. */
interface ReadTexts {
  /** The number of this read; see `SeenTexts`. */
  read: number
  rpts: string | undefined | false
  pct: string | undefined | false
}

/** Creates the part of a party that keeps its wallet in step with the storage. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createStoredWallet(options: StoredWalletOptions): StoredWallet {
  const { records, trust, tell, party, present, channel, maxEntries = 1000 } = options
  const { name } = party
  /** By host: the reading under way; `undefined` if the host was read. */
  const read = new Map<string, Promise<void> | undefined>()
  const seen = createSeenTexts()
  /** The records that were met, by key. */
  const known = new Map<string, { authority: Authority; host: string }>()
  /** The keys of the records whose write was put off. */
  const noted = new Set<string>()
  const epoch = createEpochWatch({ records, tell, party })

  const recordKey = (authorityKey: string, host: string): string => rptsKey(name, host, authorityKey)

  // Another tab has changed a record.
  channel?.listen((key) => {
    if (key === indexKey(name)) read.clear()
    if (key === epochKey(name)) void epoch.look()
    const record = known.get(key)
    if (record) void sync(record.authority, record.host)
  })

  async function put(key: string, text: string | undefined): Promise<void> {
    if (text === undefined) await records.delete(key)
    else await records.set(key, text)
    seen.written(key, text)
    channel?.post(key)
  }

  /** Reads the records of one host, or all records. False if the storage could not be read. */
  async function readRecords(onlyHost?: string): Promise<boolean> {
    const [pairs, looked] = await Promise.all([readIndex(records, indexKey(name)), epoch.look()])
    if (!pairs || !looked) return false
    let complete = true
    for (const [host, authorityKey] of pairs) {
      if (onlyHost !== undefined && host !== onlyHost) continue
      const authority = await findByKey(trust, authorityKey, host)
      // Records of a server that is not trusted for this host any more stay unread.
      if (!authority || !(await mayServe(authority, host))) continue
      if (!(await take(authority, host, await readTexts(authority, host)))) complete = false
    }
    return complete
  }

  async function readTexts(authority: Authority, host: string): Promise<ReadTexts> {
    const key = recordKey(authority.key, host)
    known.set(key, { authority, host })
    const read = seen.beginRead()
    const [rpts, pct] = await Promise.all([records.get(key), records.get(pctKey(name, authority.key))])
    return { read, rpts, pct }
  }

  /** Takes the records into memory. False if they could not be read: then the copy in memory counts. */
  async function take(authority: Authority, host: string, { read, rpts, pct }: ReadTexts): Promise<boolean> {
    if (rpts === false || pct === false) return false
    if (seen.isNews(pctKey(name, authority.key), pct, read)) takePct(authority.key, pct)
    if (seen.isNews(recordKey(authority.key, host), rpts, read)) await takeRpts(authority, host, rpts)
    return true
  }

  function takePct(authorityKey: string, pct: string | undefined): void {
    if (pct) party.pcts.set(authorityKey, pct)
    else party.pcts.delete(authorityKey)
  }

  async function takeRpts(authority: Authority, host: string, text: string | undefined): Promise<void> {
    if (loadRpts(authority, host, text)) return
    tell({ type: 'record-dropped', host })
    party.wallet.load(authority.key, host, [], () => undefined)
    await put(recordKey(authority.key, host), undefined)
  }

  /** False if the text is no record that can be used. */
  function loadRpts(authority: Authority, host: string, text: string | undefined): boolean {
    try {
      const record = text === undefined ? undefined : readRptRecord(text, host, maxEntries)
      if (text !== undefined && !record) return false
      // A record of another epoch was written by somebody who did not know of a sign-out.
      const current = record?.epoch === party.epoch ? record : undefined
      party.wallet.load(authority.key, host, current?.rpts ?? [], (grant) => present(authority, grant))
      if (current?.never) party.neverUpgrades.add(flowLockKey(authority.key, host))
      return true
    } catch {
      return false
    }
  }

  async function sync(authority: Authority, host: string): Promise<boolean> {
    const [looked, texts] = await Promise.all([epoch.look(), readTexts(authority, host)])
    return looked && take(authority, host, texts)
  }

  async function write(authorityKey: string, host: string): Promise<void> {
    const authority = await findByKey(trust, authorityKey, host)
    if (!authority) return
    const { wallet } = party
    const key = recordKey(authorityKey, host)
    // Read, merge, write: flows that run side by side hold no other lock.
    const written = await records.lock(`${key} save`, async () => {
      if (!(await sync(authority, host))) {
        writeLater(authorityKey, host, retryDelay)
        return false
      }
      // The party was signed out meanwhile.
      return party.wallet === wallet && writeMerged(authorityKey, host)
    })
    if (written) await addToIndex(authorityKey, host)
  }

  /** Writes what memory holds after a sync. False if nothing was written: there is nothing, or the storage failed. */
  async function writeMerged(authorityKey: string, host: string): Promise<boolean> {
    const key = recordKey(authorityKey, host)
    const never = party.neverUpgrades.has(flowLockKey(authorityKey, host))
    const pct = party.pcts.get(authorityKey)
    const { rpts, stored } = party.wallet.dump(authorityKey, host)
    if (rpts.length === 0 && !never && pct === undefined && seen.get(key) === undefined) return false
    const text = writeRptRecord({ epoch: party.epoch, never, rpts })
    if (text !== seen.get(key)) {
      // A text that could not be written is not kept for later: it would undo the changes of others.
      if (!(await records.set(key, text, undefined, false))) {
        writeLater(authorityKey, host, retryDelay)
        return false
      }
      seen.written(key, text)
      channel?.post(key)
    }
    stored()
    if (pct !== seen.get(pctKey(name, authorityKey))) await put(pctKey(name, authorityKey), pct)
    return true
  }

  function addToIndex(authorityKey: string, host: string): Promise<void> {
    const key = indexKey(name)
    return party.lock(key, async () => {
      const pairs = await readIndex(records, key)
      if (!pairs) {
        writeLater(authorityKey, host, retryDelay)
        return
      }
      if (includesPair(pairs, [host, authorityKey])) return
      await put(key, writeIndex([...pairs, [host, authorityKey]]))
    })
  }

  function writeLater(authorityKey: string, host: string, ms: number): void {
    const key = recordKey(authorityKey, host)
    if (noted.has(key)) return
    noted.add(key)
    later(() => {
      noted.delete(key)
      return save(authorityKey, host)
    }, ms)
  }

  const save = coalesced(recordKey, write)

  /** The pairs whose records are to be deleted: those of the index, and those that were met here. */
  async function allPairs(): Promise<[host: string, authorityKey: string][]> {
    const met = [...known.values()].map(({ host, authority }): [string, string] => [host, authority.key])
    const indexed = (await readIndex(records, indexKey(name))) || []
    return [...indexed, ...met.filter((pair) => !includesPair(indexed, pair))]
  }

  return {
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
    note: (authorityKey, host) => writeLater(authorityKey, host, writeDelay),
    async erase() {
      for (const [host, authorityKey] of await allPairs()) {
        await put(recordKey(authorityKey, host), undefined)
        await put(pctKey(name, authorityKey), undefined)
      }
      await put(indexKey(name), undefined)
      channel?.post(epochKey(name))
    },
    forgotten() {
      seen.clear()
      read.clear()
    },
  }
}
