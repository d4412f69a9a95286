import type { Grant } from '../protocol/oauth/grant.ts'
import type { HeldRpts } from './held-rpts.ts'
import type { PlaceIndex } from './places.ts'
import type { Rpt } from './rpt.ts'
import type { Shortfalls } from './shortfalls.ts'
import type { StoredRpt } from './stored-rpt.ts'

/** The facts of a new record. */
export type RptFacts = Pick<Rpt, 'id' | 'revision' | 'grant' | 'headers' | 'authority' | 'host' | 'saved'>

/** The parts of a wallet that its records are read from and written to. */
export interface WalletParts {
  maxEntries: number
  held: HeldRpts
  places: PlaceIndex
  shortfalls: Shortfalls
  create(facts: RptFacts): Rpt
  /** Replaces the grant and raises the revision. */
  replaceGrant(rpt: Rpt, grant: Grant, headers: Rpt['headers']): void
  drop(rpt: Rpt): void
}

/** Moves RPTs between a wallet and its stored records. */
export interface WalletRecords {
  /** Remembers that the RPT was dropped, so that the storage does not bring it back. */
  dropped(rpt: Rpt): void
  dump(authority: string, host: string): { rpts: StoredRpt[]; stored: () => void }
  load(authority: string, host: string, stored: StoredRpt[], present: (grant: Grant) => Rpt['headers']): void
}

/**
 * Whether a stored grant, of the same token and revision, differs: its refresh token was used elsewhere, for example.
 */
const differs = (one: Grant, other: Grant): boolean =>
  one.refreshToken !== other.refreshToken || one.expiresAt !== other.expiresAt

/** Splits a place key into its method and its target. */
function splitKey(place: string): [method: string, target: string] {
  const space = place.indexOf(' ')
  return [place.slice(0, space), place.slice(space + 1)]
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createWalletRecords(parts: WalletParts): WalletRecords {
  const { maxEntries, held, places, shortfalls } = parts
  /** The ids that the storage has, as far as this wallet knows. */
  const inStorage = new Set<string>()
  /** RPTs that were dropped here and that the storage may still have. */
  const gone = new Map<string, Pick<Rpt, 'authority' | 'host'>>()

  const isOf = (one: Pick<Rpt, 'authority' | 'host'>, authority: string, host: string): boolean =>
    one.authority === authority && one.host === host

  function dump(authority: string, host: string): ReturnType<WalletRecords['dump']> {
    const records = new Map<Rpt, StoredRpt>()
    for (const rpt of held.of(host)) {
      if (rpt.authority !== authority) continue
      const { id, revision, grant, insufficient } = rpt
      records.set(rpt, { id, revision, grant, places: [], insufficient: [...insufficient] })
    }
    places.each((rpt, method, target) => records.get(rpt)?.places.push([method, target]))
    const leftOut = [...gone].filter(([, rpt]) => isOf(rpt, authority, host)).map(([id]) => id)
    return {
      rpts: [...records.values()],
      stored() {
        for (const [rpt, { grant }] of records) {
          // A grant that was replaced meanwhile is not saved.
          rpt.saved = rpt.grant === grant
          if (rpt.held) inStorage.add(rpt.id)
          else gone.set(rpt.id, { authority, host })
        }
        for (const id of leftOut) gone.delete(id)
      },
    }
  }

  /** Takes in the grant of a record that is held already. */
  function update(rpt: Rpt, { grant, revision }: StoredRpt, present: (grant: Grant) => Rpt['headers']): void {
    const isHigher = revision > rpt.revision
    const isRival = revision === rpt.revision && rpt.saved && grant.token !== rpt.grant.token
    if (isHigher || isRival) {
      shortfalls.clear(rpt)
      parts.replaceGrant(rpt, grant, present(grant))
      rpt.revision = Math.max(rpt.revision, revision)
      rpt.saved = true
      return
    }
    if (revision < rpt.revision) {
      // Somebody wrote an old copy. The next save repairs the record.
      rpt.saved = false
      return
    }
    if (rpt.saved && differs(rpt.grant, grant)) rpt.grant = grant
  }

  /** The RPT of a stored record; undefined if the record is not taken in. */
  function take(
    stored: StoredRpt,
    authority: string,
    host: string,
    present: (grant: Grant) => Rpt['headers'],
  ): Rpt | undefined {
    const { id, revision, grant } = stored
    if (gone.has(id)) return undefined
    const rpt = held.byId(id)
    // The id of another host or authority: its token must not be replaced from here.
    if (rpt && !isOf(rpt, authority, host)) return undefined
    inStorage.add(id)
    if (!rpt) return parts.create({ id, revision, grant, headers: present(grant), authority, host, saved: true })
    update(rpt, stored, present)
    return rpt
  }

  /** Takes in the stored places of an RPT. Places that were learned here count more. */
  function learn(rpt: Rpt, stored: StoredRpt): void {
    for (const place of stored.insufficient) {
      if (!places.isOpenedBy(rpt, ...splitKey(place))) shortfalls.add(rpt, place)
    }
    for (const [method, target] of stored.places) {
      const place = `${method} ${target}`
      if (!shortfalls.isForgotten(rpt, place)) places.learn(rpt, method, target, rpt.insufficient.has(place))
    }
  }

  /** Drops the RPTs that the storage had and has no more: they were dropped elsewhere. */
  function dropMissing(authority: string, host: string, stored: StoredRpt[]): void {
    const ids = new Set(stored.map(({ id }) => id))
    for (const rpt of [...held.of(host)]) {
      if (!rpt.saved || rpt.authority !== authority || ids.has(rpt.id)) continue
      inStorage.delete(rpt.id)
      parts.drop(rpt)
    }
  }

  return {
    dropped({ id, authority, host }) {
      if (inStorage.delete(id)) gone.set(id, { authority, host })
    },
    dump,
    load(authority, host, stored, present) {
      dropMissing(authority, host, stored)
      // The newest records are at the end.
      const newest = new Map(stored.slice(-maxEntries).map((record) => [record.id, record]))
      const taken: [Rpt, StoredRpt][] = []
      for (const record of newest.values()) {
        const rpt = take(record, authority, host, present)
        if (rpt) taken.push([rpt, record])
      }
      // The newest RPT of a place comes first.
      for (const [rpt, record] of taken.reverse()) if (rpt.held) learn(rpt, record)
    },
  }
}
