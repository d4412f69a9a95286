import type { HeaderPatch } from '../bindings/binding.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import { createFolderIndex } from './folders.ts'
import { createHeldRpts } from './held-rpts.ts'
import { type Place, placeKey, targetOf } from './place.ts'
import { createPlaceIndex } from './places.ts'
import { maxRecent, type RecentPlace, type Rpt } from './rpt.ts'
import { createShortfalls } from './shortfalls.ts'

/** The facts of a new record. */
export type RptFacts = Pick<Rpt, 'id' | 'revision' | 'grant' | 'headers' | 'authority' | 'host' | 'saved' | 'recent'>

/** A grant that a flow obtained, and where it belongs. */
export interface NewRpt {
  grant: Grant
  headers: HeaderPatch | undefined
  authority: string
  host: string
  /** The RPT that this grant replaces: the server said `upgraded`. */
  upgraded?: Rpt | undefined
}

/** The RPTs of one requesting party. */
export interface Wallet {
  /**
   * The RPT learned for exactly this place; the newest, if several opened it. HEAD falls back to GET, never the
   * reverse. `target` is `targetOf(place)`. This is the hot path: a few look-ups in maps, no allocation.
   */
  at(method: string, target: string): Rpt | undefined
  /** All RPTs that have opened this place, the newest first. */
  allAt(place: Place): Rpt[]
  /** Whether any RPT is held for a host. */
  hasRpts(host: string): boolean
  /**
   * The RPT that is most likely to open a place: exact place, longest folder, newest of the host.
   *
   * @param onlyAuthority the one authority that may speak for the host; `'any'` if nobody can tell; `undefined`: there
   * is more than one, so that the newest RPT of the host says nothing
   */
  nearest(place: Place, onlyAuthority: string | undefined): Rpt | undefined
  /** The newest RPT of an authority at a host. */
  newest(host: string, authority: string): Rpt | undefined
  byId(id: string): Rpt | undefined
  /** Takes in the grant of a flow. */
  store(rpt: NewRpt): Rpt
  /** Replaces the grant of an RPT after a refresh: the revision rises, the places stay. */
  renew(rpt: Rpt, grant: Grant, headers: HeaderPatch | undefined): void
  /** Remembers that this RPT opened this place; false if that was known. */
  opened(rpt: Rpt, place: Place): boolean
  /** Remembers that this RPT was not enough for this place. A refused HEAD does not touch GET's place. */
  refused(rpt: Rpt, place: Place): void
  /** Forgets the RPT for this place only. */
  forgetPlace(rpt: Rpt, place: Place): void
  drop(rpt: Rpt): void
  /** All RPTs that are held. */
  all(): Rpt[]
  /** The RPTs of a host, the oldest first. */
  of(host: string): Iterable<Rpt>
  /** Visits each RPT of each place, with the method and the target of the place. */
  eachPlace(visit: (rpt: Rpt, method: string, target: string) => void): void
  /** Takes in an RPT that was obtained elsewhere. */
  adopt(facts: RptFacts): Rpt
  /** Takes in a place that an RPT opened elsewhere. Places that were learned here count more. */
  learnPlace(rpt: Rpt, method: string, target: string): void
  /** Takes in that an RPT was not enough for a place elsewhere, unless the RPT opened that place here. */
  learnShortfall(rpt: Rpt, method: string, target: string): void
}

/** An id for a record. `crypto.randomUUID` does not exist in a page without https. */
const newId = (): string => Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('')

const withRecent = (recent: readonly RecentPlace[], [method, target]: RecentPlace): RecentPlace[] =>
  [[method, target] as const, ...recent.filter((other) => other[0] !== method || other[1] !== target)].slice(
    0,
    maxRecent,
  )

/** @param maxEntries the most RPTs, and the most places, that are kept; the least recently used go first */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createWallet(maxEntries = 1000): Wallet {
  let counter = 0
  const tick = (): number => ++counter
  const held = createHeldRpts()
  const folders = createFolderIndex()
  const places = createPlaceIndex(maxEntries, tick, folders)
  const shortfalls = createShortfalls()

  function used(rpt: Rpt | undefined): Rpt | undefined {
    if (rpt) rpt.used = tick()
    return rpt
  }

  /** The RPTs of GET that may serve a HEAD request. */
  function ofGet(target: string): Rpt[] {
    const place = `HEAD ${target}`
    return places
      .allAt('GET', target)
      .filter((rpt) => places.isOpenedBy(rpt, 'GET', target) && shortfalls.none(rpt, place))
  }

  function at(method: string, target: string): Rpt | undefined {
    const rpt = places.at(method, target)
    if (rpt || method !== 'HEAD') return rpt
    const fromGet = places.at('GET', target)
    if (!fromGet || shortfalls.isEmpty(fromGet)) return fromGet
    return ofGet(target)[0]
  }

  function allAt(place: Place): Rpt[] {
    const target = targetOf(place)
    const own = places.allAt(place.method, target)
    return place.method === 'HEAD' ? [...new Set([...own, ...ofGet(target)])] : own
  }

  function nearest(place: Place, onlyAuthority: string | undefined): Rpt | undefined {
    const key = placeKey(place)
    const host = new URL(place.url).origin
    const suits = (rpt: Rpt): boolean => shortfalls.none(rpt, key)
    const inFolder = folders.find(place.method, place.url, host, suits)
    if (inFolder) return used(inFolder)
    if (onlyAuthority === undefined) return undefined
    const isOfAuthority = (rpt: Rpt): boolean => onlyAuthority === 'any' || rpt.authority === onlyAuthority
    const newest = held.newest(host, (rpt) => isOfAuthority(rpt) && suits(rpt))
    // An RPT that was not enough here before may get a challenge for the missing permissions, and be upgraded.
    return used(newest ?? held.newest(host, (rpt) => isOfAuthority(rpt) && !shortfalls.isForgotten(rpt, key)))
  }

  function create(facts: RptFacts): Rpt {
    if (held.size >= maxEntries) evict()
    const rpt: Rpt = {
      ...facts,
      insufficient: new Set(),
      held: true,
      used: tick(),
      sends: new Set(),
      fruitless: new Map(),
    }
    held.add(rpt)
    return rpt
  }

  /** Drops the least recently used tenth at once, so that sorting is rare. */
  function evict(): void {
    for (const rpt of held.leastUsed(Math.ceil(maxEntries / 10))) drop(rpt)
    places.sweep()
  }

  /** Replaces the grant of a record, and forgets everything that concerns the old grant alone. */
  function replaceGrant(rpt: Rpt, grant: Grant, headers: HeaderPatch | undefined): void {
    Object.assign(rpt, { grant, headers, saved: false })
    rpt.revision++
    rpt.fruitless.clear()
    shortfalls.clearForgotten(rpt)
  }

  function store({ grant, headers, authority, host, upgraded }: NewRpt): Rpt {
    // An upgraded RPT keeps its record. So does an RPT that the server simply issued again.
    const isSame = (rpt: Rpt): boolean => rpt.grant.token === grant.token && rpt.authority === authority
    const rpt = upgraded?.held ? upgraded : held.newest(host, isSame)
    if (!rpt) return create({ id: newId(), revision: 0, grant, headers, authority, host, saved: false, recent: [] })
    if (rpt === upgraded) shortfalls.clear(rpt)
    replaceGrant(rpt, grant, headers)
    held.add(rpt)
    rpt.used = tick()
    return rpt
  }

  function opened(rpt: Rpt, place: Place): boolean {
    if (!rpt.held) return false
    if (!shortfalls.isEmpty(rpt)) shortfalls.remove(rpt, placeKey(place))
    const target = targetOf(place)
    if (!rpt.saved) rpt.recent = withRecent(rpt.recent, [place.method, target])
    return places.opened(rpt, place.method, target)
  }

  /** Drops an RPT. Does nothing if the RPT belongs to a wallet that was forgotten. */
  function drop(rpt: Rpt): void {
    if (!rpt.held) return
    rpt.held = false
    held.remove(rpt)
  }

  return {
    at,
    allAt,
    nearest,
    hasRpts: (host) => held.newest(host, () => true) !== undefined,
    newest: (host, authority) => held.newest(host, (rpt) => rpt.authority === authority),
    byId: held.byId,
    store,
    renew: replaceGrant,
    opened,
    refused(rpt, place) {
      shortfalls.add(rpt, placeKey(place))
      places.refused(rpt, place.method, targetOf(place))
    },
    forgetPlace(rpt, place) {
      shortfalls.forget(rpt, placeKey(place))
      places.forget(rpt, place.method, targetOf(place))
    },
    drop,
    all: held.all,
    of: held.of,
    eachPlace: places.each,
    adopt: create,
    learnPlace(rpt, method, target) {
      const place = `${method} ${target}`
      if (!shortfalls.isForgotten(rpt, place)) places.learn(rpt, method, target, rpt.insufficient.has(place))
    },
    learnShortfall(rpt, method, target) {
      if (!places.isOpenedBy(rpt, method, target)) shortfalls.add(rpt, `${method} ${target}`)
    },
  }
}
