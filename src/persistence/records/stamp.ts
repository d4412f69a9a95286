import { readObject } from '../../protocol/http/read-object.ts'

/**
 * The version of the stored shape. A stamp or a record of another version is dropped: an RPT is easily obtained again.
 */
export const version = 3

/** An RPT in a stamp: its id, and a mark that every write of its record changes. */
export interface StampEntry {
  id: string
  mark: string
}

/**
 * The stamp of one party, authority and host. It lists the RPTs, and changes whenever anything of them changes, so that
 * a flow reads this text and no record that has not changed.
 */
export interface Stamp {
  /** The epoch of the party. A stamp of an older epoch is void: the party signed out since. */
  epoch: number
  /** Whether the server was seen to ignore `rpt`. */
  never: boolean
  /** The mark of the record of places; empty: there is none. */
  places: string
  /** The oldest first. */
  rpts: StampEntry[]
}

/** An id and a mark, as they are written. An id is a part of a key, so its characters are few. */
const entryPattern = /^([\w-]{1,64}) (\w{1,16})$/
const markPattern = /^\w{0,16}$/

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** A mark that no other write has used for this record. */
export const newMark = (): string => (crypto.getRandomValues(new Uint32Array(1))[0] as number).toString(36)

export const writeStamp = ({ epoch, never, places, rpts }: Stamp): string =>
  JSON.stringify({ v: version, epoch, never, places, rpts: rpts.map(({ id, mark }) => `${id} ${mark}`) })

/**
 * Reads a stamp exactly: a storage may hold anything. A bad entry is left out. The time is linear in the length of the
 * text.
 *
 * @param maxEntries the most RPTs that are taken; the newest come first
 * @returns undefined if the text is no stamp of this version
 */
export function readStamp(text: string, maxEntries: number): Stamp | undefined {
  const record = readObject(text)
  if (!record) return undefined
  const { v, epoch, never, places, rpts } = record
  if (v !== version || !isCount(epoch) || typeof never !== 'boolean' || !Array.isArray(rpts)) return undefined
  if (typeof places !== 'string' || !markPattern.test(places)) return undefined
  // The newest are at the end. Of two entries with one id, the later one counts.
  const marks = new Map(rpts.slice(-maxEntries).flatMap(readEntry))
  return { epoch, never, places, rpts: [...marks].map(([id, mark]) => ({ id, mark })) }
}

function readEntry(value: unknown): [id: string, mark: string][] {
  const found = typeof value === 'string' ? entryPattern.exec(value) : null
  return found ? [[found[1] as string, found[2] as string]] : []
}
