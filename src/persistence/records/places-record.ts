import { readObject } from '../../protocol/http/read-object.ts'
import type { Rpt } from '../../wallet/rpt.ts'
import { maxInsufficient } from '../../wallet/shortfalls.ts'
import type { Wallet } from '../../wallet/wallet.ts'
import { isCount, version } from './stamp.ts'

/** A method and the target of a place without the origin: the places of a record all belong to one host. */
export type StoredPlace = [method: string, path: string]

/** The places of one RPT. They are hints: a lost place costs a flow, and nothing else. */
export interface PlacesOfRpt {
  id: string
  /** The revision that the shortfalls belong to: a later one may be enough. */
  revision: number
  opened: StoredPlace[]
  /** Places where the RPT was not enough. */
  insufficient: StoredPlace[]
}

/** A method in upper case (RFC 9110 §5.6.2, §9.1). */
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/

/** A path that is surely normalised, so that no URL has to be parsed: most paths are so. */
const plainPath = /^(?:\/(?!\.)[\w.~@:-]*)+$/

/** The places of these RPTs in the wallet. */
export function placesOf(wallet: Wallet, rpts: readonly Rpt[], host: string): PlacesOfRpt[] {
  const places = new Map<Rpt, PlacesOfRpt>(
    rpts.map((rpt) => [
      rpt,
      {
        id: rpt.id,
        revision: rpt.revision,
        opened: [],
        insufficient: [...rpt.insufficient].map((key) => splitKey(key, host)),
      },
    ]),
  )
  wallet.eachPlace((rpt, method, target) => places.get(rpt)?.opened.push([method, target.slice(host.length)]))
  return [...places.values()]
}

/** Splits the key of a place (`METHOD url`). */
function splitKey(key: string, host: string): StoredPlace {
  const space = key.indexOf(' ')
  return [key.slice(0, space), key.slice(space + 1 + host.length)]
}

export const writePlaces = (places: readonly PlacesOfRpt[]): string =>
  JSON.stringify({
    v: version,
    rpts: places.map(({ id, revision, opened, insufficient }) => [id, revision, opened, insufficient]),
  })

/** Whether this is a place of exactly this host, written as a place is written: normalised. */
function isPlace(value: unknown, host: string): value is StoredPlace {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [method, path] = value
  if (typeof method !== 'string' || !methodPattern.test(method)) return false
  if (typeof path !== 'string' || !path.startsWith('/')) return false
  if (plainPath.test(path)) return true
  const url = host + path
  return URL.canParse(url) && new URL(url).href === url
}

/** Reads a list of places. A bad place is left out. */
export const readStoredPlaces = (value: unknown, host: string, most: number): StoredPlace[] =>
  Array.isArray(value) ? value.slice(0, most).filter((place) => isPlace(place, host)) : []

/**
 * Reads a record exactly: a storage may hold anything. Entries that cannot be read are left out. The time is linear
 * in the length of the text.
 *
 * @param maxEntries the most RPTs, and the most places, that are taken; those of the newest RPTs come first
 * @returns the newest RPT first
 */
export function readPlaces(text: string, host: string, maxEntries: number): PlacesOfRpt[] {
  const record = readObject(text)
  if (record?.v !== version || !Array.isArray(record.rpts)) return []
  const taken: PlacesOfRpt[] = []
  let placesLeft = maxEntries
  for (const value of record.rpts.slice(-maxEntries).reverse()) {
    const [id, revision, opened, insufficient] = Array.isArray(value) ? value : []
    if (typeof id !== 'string' || !isCount(revision)) continue
    if (!Array.isArray(opened) || !Array.isArray(insufficient)) continue
    const places = {
      id,
      revision,
      opened: readStoredPlaces(opened, host, placesLeft),
      insufficient: readStoredPlaces(insufficient.slice(-maxInsufficient), host, maxInsufficient),
    }
    placesLeft -= places.opened.length
    taken.push(places)
  }
  return taken
}

/** Takes stored places into the wallet: the newest RPT of a place comes first. */
export function takePlaces(wallet: Wallet, authority: string, host: string, places: readonly PlacesOfRpt[]): void {
  for (const { id, revision, opened, insufficient } of places) {
    const rpt = wallet.byId(id)
    if (rpt?.host !== host || rpt.authority !== authority) continue
    if (revision === rpt.revision) {
      for (const [method, path] of insufficient) wallet.learnShortfall(rpt, method, host + path)
    }
    for (const [method, path] of opened) wallet.learnPlace(rpt, method, host + path)
  }
}
