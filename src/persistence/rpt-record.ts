import { readObject } from '../protocol/http/read-object.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import { maxInsufficient } from '../wallet/shortfalls.ts'
import type { StoredRpt } from '../wallet/wallet.ts'

/** The version of the record's shape. A record of another version is dropped: an RPT is easily obtained again. */
const version = 2

/** The record of one party, authority and host; plain JSON. */
export interface RptRecord {
  /** The epoch of the party. A record of an older epoch is void: the party signed out since. */
  epoch: number
  /** Whether the server was seen to ignore `rpt`. */
  never: boolean
  /** The oldest first. */
  rpts: StoredRpt[]
}

/** A header can carry these characters only. A token with another character would make every request fail. */
const tokenPattern = /^[\x21-\x7e]+$/
/** A method in upper case (RFC 9110 §5.6.2, §9.1). */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isMethod = (value: unknown): value is string => typeof value === 'string' && methodPattern.test(value)

export const writeRptRecord = ({ epoch, never, rpts }: RptRecord): string =>
  JSON.stringify({ v: version, epoch, never, rpts })

function readGrant(value: unknown): Grant | undefined {
  const { token, type, expiresAt, refreshToken } = Object(value)
  if (!isText(token) || !tokenPattern.test(token) || !isText(type)) return undefined
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return undefined
  if (refreshToken !== undefined && !isText(refreshToken)) return undefined
  return { token, type, expiresAt, refreshToken }
}

/** Whether this is a URL of exactly this host, written as a place is written: with no userinfo, and normalised. */
function isTarget(value: unknown, host: string): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { origin, username, password, href } = new URL(value)
  return origin === host && username === '' && password === '' && href === value
}

const isPlace = (value: unknown, host: string): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && isMethod(value[0]) && isTarget(value[1], host)

/** Place keys are only compared, so they are not parsed as URLs. */
function isPlaceKey(value: unknown, host: string): value is string {
  if (typeof value !== 'string') return false
  const space = value.indexOf(' ')
  return isMethod(value.slice(0, space)) && value.startsWith(`${host}/`, space + 1)
}

/** Reads one RPT. Bad places are left out; undefined if anything else is bad. */
function readRpt(value: unknown, host: string, maxPlaces: number): StoredRpt | undefined {
  const { id, revision, grant: storedGrant, places, insufficient } = Object(value)
  const grant = readGrant(storedGrant)
  if (!grant || !isText(id) || !isCount(revision)) return undefined
  if (!Array.isArray(places) || !Array.isArray(insufficient)) return undefined
  return {
    id,
    revision,
    grant,
    places: places.slice(0, maxPlaces).filter((place) => isPlace(place, host)),
    insufficient: insufficient.slice(-maxInsufficient).filter((key) => isPlaceKey(key, host)),
  }
}

/**
 * Reads a record exactly: a storage may hold anything. A bad RPT and a bad place are left out. The time is linear in
 * the length of the text.
 *
 * @param maxEntries the most RPTs, and the most places, that are taken; the newest RPTs come first
 * @returns undefined if the text is no record of this version
 */
export function readRptRecord(text: string, host: string, maxEntries: number): RptRecord | undefined {
  const record = readObject(text)
  if (!record) return undefined
  const { v, epoch, never, rpts } = record
  if (v !== version || !isCount(epoch) || typeof never !== 'boolean' || !Array.isArray(rpts)) return undefined
  const taken: StoredRpt[] = []
  let placesLeft = maxEntries
  for (let index = rpts.length - 1; index >= 0 && taken.length < maxEntries; index--) {
    const rpt = readRpt(rpts[index], host, placesLeft)
    if (!rpt) continue
    placesLeft -= rpt.places.length
    taken.push(rpt)
  }
  return { epoch, never, rpts: taken.reverse() }
}
