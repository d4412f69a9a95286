import type { HeaderPatch } from '../bindings/binding.ts'
import type { Tell } from '../events.ts'
import { flowLockKey, type Party, type RecordStore } from '../parties/party.ts'
import { epochKey, pctKey, placesKey, rptKey, snapshotKey, stampKey } from '../parties/record-keys.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { Authority } from '../trust/authority.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { EpochWatch } from './epoch-watch.ts'
import { type AtHand, type FoundRecords, findRecords, noRecords, nothingAtHand } from './found-records.ts'
import { createPairRecords, type WrittenRecords } from './pair-records.ts'
import { placesOf, takePlaces, writePlaces } from './records/places-record.ts'
import { writeRptRecord } from './records/rpt-record.ts'
import { isOutdated, readSnapshot, writeSnapshot } from './records/snapshot.ts'
import { newMark, readStamp, type Stamp, writeStamp } from './records/stamp.ts'
import type { SeenTexts } from './seen-texts.ts'

/** The parts that the stored pairs of one party share. */
export interface PairParts {
  records: RecordStore
  tell: Tell
  party: Pick<Party, 'name' | 'wallet' | 'pcts' | 'neverUpgrades' | 'epoch'>
  present(authority: Authority, grant: Grant): HeaderPatch | undefined
  maxEntries: number
  /** The stamps and the PCTs as they were last seen. */
  seen: SeenTexts
  epoch: EpochWatch
  /** Tells others that the record of this key has changed. */
  post(key: string): void
}

/** How a write ended: `unchanged`: there was nothing to write. `failed`: the storage failed. */
export type WriteOutcome = 'written' | 'unchanged' | 'failed'

/** One authority at one host, in step with the storage as long as the party keeps its wallet. */
export interface StoredPair {
  /** Takes in what others have written, a sign-out included. False if the storage could not be read. */
  sync(): Promise<boolean>
  /** The same at first, after a look at the epoch: the snapshot and the places are read together with the stamp. */
  readAtFirst(): Promise<boolean>
  /** Writes what has changed since the last sync, with the places or without them. */
  write(withPlaces: boolean): Promise<WriteOutcome>
  /** Whether a refresh token has changed that was not written yet. */
  hasNewRefreshToken(): boolean
  /** The ids of the RPTs that the stamp lists. */
  ids(): string[]
}

const nothingStored: Stamp = { epoch: 0, never: false, places: '', rpts: [] }

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createStoredPair(parts: PairParts, authority: Authority, host: string): StoredPair {
  const { records, tell, party, seen, epoch, maxEntries } = parts
  const { name, wallet } = party
  const keys = {
    stamp: stampKey(name, host, authority.key),
    places: placesKey(name, host, authority.key),
    snapshot: snapshotKey(name, host, authority.key),
    pct: pctKey(name, authority.key),
  }
  const rpts = createPairRecords(wallet, authority.key, host)
  /** The record of places as it was last read or written: its mark, and its text if it was written here. */
  let places: { mark: string; text?: string } = { mark: '' }

  /** The marks of the copies in the snapshot, as it was last read or written, by id. */
  let copied: ReadonlyMap<string, string> = new Map()

  const keyOf = (id: string): string => rptKey(name, host, authority.key, id)
  const isForgotten = (): boolean => party.wallet !== wallet

  async function deleteRpts(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => records.delete(keyOf(id))))
  }

  async function sync(): Promise<boolean> {
    const read = seen.beginRead()
    const endLook = epoch.begin()
    const texts = await records.getMany([epochKey(name), keys.stamp, keys.pct])
    const isLookedAt = await endLook(texts ? texts[0] : false)
    if (!texts || !isLookedAt) return false
    return take(texts[1], texts[2], read)
  }

  async function readAtFirst(): Promise<boolean> {
    const read = seen.beginRead()
    const texts = await records.getMany([keys.stamp, keys.pct, keys.snapshot, keys.places])
    if (!texts) return false
    const [stamp, pct, snapshot, placesText] = texts
    const copies = readSnapshot(snapshot ?? '', host, maxEntries)
    copied = new Map([...copies].map(([id, { mark }]) => [id, mark]))
    return take(stamp, pct, read, { copies, placesText })
  }

  async function take(
    stamp: string | undefined,
    pct: string | undefined,
    read: number,
    atHand: AtHand = nothingAtHand,
  ): Promise<boolean> {
    if (isForgotten()) return true
    if (seen.isNews(keys.pct, pct, read)) takePct(pct)
    return stamp === seen.get(keys.stamp) || takeStamp(stamp, read, atHand)
  }

  function takePct(pct: string | undefined): void {
    if (pct) party.pcts.set(authority.key, pct)
    else party.pcts.delete(authority.key)
  }

  /** Takes in a stamp that has changed. False if its records could not be read. */
  async function takeStamp(text: string | undefined, read: number, atHand: AtHand): Promise<boolean> {
    const stamp = text === undefined ? nothingStored : readStamp(text, maxEntries)
    const isVoid = !stamp || (text !== undefined && stamp.epoch !== party.epoch)
    const found = isVoid ? noRecords : await readRecords(stamp, atHand)
    if (!found) return false
    if (isForgotten() || !seen.isNews(keys.stamp, text, read)) return true
    if (!stamp) await dropStamp()
    else if (isVoid) await eraseVoid(stamp)
    else await apply(stamp, found)
    return true
  }

  const takeNothing = (): void => void rpts.take([], new Map(), () => undefined)

  /** The text is no stamp of this version. */
  async function dropStamp(): Promise<void> {
    takeNothing()
    tell({ type: 'record-dropped', host })
    await records.delete(keys.stamp)
    seen.written(keys.stamp, undefined)
    parts.post(keys.stamp)
  }

  /** The stamp was written by somebody who did not know of a sign-out: its tokens must not stay in the storage. */
  async function eraseVoid(stamp: Stamp): Promise<void> {
    takeNothing()
    if (stamp.epoch > party.epoch) return
    await deleteRpts(stamp.rpts.map(({ id }) => id))
    await Promise.all([keys.places, keys.snapshot].map((key) => records.delete(key)))
  }

  /** Reads the records that have changed since they were last read. */
  const readRecords = (stamp: Stamp, atHand: AtHand): Promise<FoundRecords | undefined> =>
    findRecords({
      records,
      host,
      maxEntries,
      keyOf,
      entries: rpts.unread(stamp.rpts),
      placesKey: stamp.places !== '' && stamp.places !== places.mark ? keys.places : undefined,
      atHand,
    })

  async function apply(stamp: Stamp, found: FoundRecords): Promise<void> {
    const present = (grant: Grant): HeaderPatch | undefined => parts.present(authority, grant)
    const bad = [...found.bad, ...rpts.take(stamp.rpts, found.rpts, present)]
    if (stamp.never) party.neverUpgrades.add(flowLockKey(authority.key, host))
    if (stamp.places !== places.mark) places = { mark: stamp.places }
    if (found.places) takePlaces(wallet, authority.key, host, found.places)
    if (bad.length === 0) return
    tell({ type: 'record-dropped', host })
    await deleteRpts(bad)
  }

  async function write(withPlaces: boolean): Promise<WriteOutcome> {
    const { changed, gone } = rpts.changes()
    // The records come before the stamp: a stamp never lists a record that was not written yet.
    const written = await writeRpts(changed)
    if (!written) return 'failed'
    await deleteRpts(gone)
    for (const id of gone) rpts.deleted(id)
    if (withPlaces && !((await writeNewPlaces(written)) && (await writeNewSnapshot(written)))) return 'failed'
    await writePct()
    if (isForgotten()) return undo(changed)
    const outcome = await writeNewStamp(written)
    if (isForgotten()) return undo(changed)
    if (outcome !== 'failed') rpts.written(written)
    return outcome
  }

  /** Writes records. A record that cannot be written is not kept for later: it would undo the changes of others. */
  async function writeRpts(changed: readonly Rpt[]): Promise<WrittenRecords | undefined> {
    const written = new Map(changed.map((rpt) => [rpt, { grant: rpt.grant, mark: newMark() }]))
    const outcomes = await Promise.all(
      changed.map((rpt) => records.set(keyOf(rpt.id), writeRptRecord(rpt), undefined, false)),
    )
    return outcomes.every(Boolean) ? written : undefined
  }

  async function writeNewPlaces(written: WrittenRecords): Promise<boolean> {
    const held = rpts.list(written).map(({ rpt }) => rpt)
    const text = writePlaces(placesOf(wallet, held, host))
    if (text === places.text || (held.length === 0 && places.mark === '')) return true
    if (!(await records.set(keys.places, text, undefined, false))) return false
    places = { mark: newMark(), text }
    return true
  }

  async function writeNewSnapshot(written: WrittenRecords): Promise<boolean> {
    const list = rpts.list(written)
    if (!isOutdated(copied, list)) return true
    if (!(await records.set(keys.snapshot, writeSnapshot(list), undefined, false))) return false
    copied = new Map(list.map(({ rpt, mark }) => [rpt.id, mark]))
    return true
  }

  async function writePct(): Promise<void> {
    const pct = party.pcts.get(authority.key)
    if (pct === seen.get(keys.pct)) return
    if (pct === undefined) await records.delete(keys.pct)
    else await records.set(keys.pct, pct)
    seen.written(keys.pct, pct)
  }

  async function writeNewStamp(written: WrittenRecords): Promise<WriteOutcome> {
    const never = party.neverUpgrades.has(flowLockKey(authority.key, host))
    const list = rpts.list(written)
    const before = seen.get(keys.stamp)
    const isNothing = list.length === 0 && !never && !party.pcts.has(authority.key) && before === undefined
    if (isNothing) return 'unchanged'
    const entries = list.map(({ rpt, mark }) => ({ id: rpt.id, mark }))
    const text = writeStamp({ epoch: party.epoch, never, places: places.mark, rpts: entries })
    if (text === before) return 'unchanged'
    if (!(await records.set(keys.stamp, text, undefined, false))) return 'failed'
    seen.written(keys.stamp, text)
    parts.post(keys.stamp)
    return 'written'
  }

  /** The party was signed out while its records were written: they must not stay. */
  async function undo(changed: readonly Rpt[]): Promise<WriteOutcome> {
    await deleteRpts(changed.map(({ id }) => id))
    await Promise.all(Object.values(keys).map((key) => records.delete(key)))
    return 'unchanged'
  }

  return { sync, readAtFirst, write, hasNewRefreshToken: rpts.hasNewRefreshToken, ids: rpts.ids }
}
