import type { RecordStore } from '../parties/party.ts'
import { type PlacesOfRpt, readPlaces } from './records/places-record.ts'
import { type RptRecord, readRptRecord } from './records/rpt-record.ts'
import type { Snapshot } from './records/snapshot.ts'
import type { StampEntry } from './records/stamp.ts'

/** The records that were read together with the stamp. */
export interface AtHand {
  copies: Snapshot
  placesText: string | undefined
}

/** The records that a new stamp leads to. */
export interface FoundRecords {
  /** By id; `undefined`: the record is missing or cannot be used. */
  rpts: ReadonlyMap<string, RptRecord | undefined>
  /** The ids of records that are there and cannot be read. */
  bad: readonly string[]
  /** `undefined`: the places were not read, or are lost. */
  places: PlacesOfRpt[] | undefined
}

export const nothingAtHand: AtHand = { copies: new Map(), placesText: undefined }
export const noRecords: FoundRecords = { rpts: new Map(), bad: [], places: undefined }

/** The records to be found, and where they are. */
export interface RecordSearch {
  records: Pick<RecordStore, 'get' | 'getMany'>
  host: string
  /** The most places that are taken. */
  maxEntries: number
  /** The key of an RPT's record. */
  keyOf(id: string): string
  /** The entries of the stamp whose records are to be found. */
  entries: readonly StampEntry[]
  /** The key of the record of places; `undefined`: the places have not changed. */
  placesKey: string | undefined
  atHand: AtHand
}

/** Finds records: copies that are at hand, and then all others in the storage. `undefined` if it could not be read. */
export async function findRecords(search: RecordSearch): Promise<FoundRecords | undefined> {
  const { records, host, maxEntries, keyOf, entries, placesKey, atHand } = search
  const copies = copiesOf(entries, atHand.copies)
  const missing = entries.map(({ id }) => id).filter((id) => !copies.has(id))
  const [texts, placesText] = await Promise.all([
    records.getMany(missing.map(keyOf)),
    placesKey === undefined ? undefined : (atHand.placesText ?? records.get(placesKey)),
  ])
  if (texts === false || placesText === false) return undefined
  const read = missing.map((id, index) => ({ id, text: texts[index], record: readOne(texts[index], id, host) }))
  return {
    rpts: new Map([...copies, ...read.map(({ id, record }) => [id, record] as const)]),
    bad: read.filter(({ text, record }) => text !== undefined && !record).map(({ id }) => id),
    places: placesText === undefined ? undefined : readPlaces(placesText, host, maxEntries),
  }
}

const readOne = (text: string | undefined, id: string, host: string): RptRecord | undefined =>
  text === undefined ? undefined : readRptRecord(text, id, host)

/** The copies that have the mark of the stamp. */
function copiesOf(entries: readonly StampEntry[], snapshot: Snapshot): Map<string, RptRecord | undefined> {
  const copies = new Map<string, RptRecord | undefined>()
  for (const { id, mark } of entries) {
    const copy = snapshot.get(id)
    if (copy?.mark === mark) copies.set(id, copy.record)
  }
  return copies
}
