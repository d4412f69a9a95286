import type { HeaderPatch } from '../bindings/binding.ts'
import type { Grant } from '../protocol/grant.ts'
import type { Place } from './place.ts'
import type { Rpt } from './rpt.ts'

/** An RPT as it is stored; plain JSON. */
export interface StoredRpt {
  id: string
  revision: number
  grant: Grant
  /** The places that the RPT opened: method and target (`targetOf`). */
  places: [string, string][]
  /** Place keys where the RPT was not enough. */
  insufficient: string[]
}

/** Makes the headers of a grant, if its binding is reusable. */
export type PresentHeaders = (grant: Grant) => HeaderPatch | undefined

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
  /** The RPT that is most likely to open a place: exact place, longest folder, newest of the host. */
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
  /** The records to store for an authority at a host. Call `stored()` after they were written. */
  dump(authority: string, host: string): { rpts: StoredRpt[]; stored: () => void }
  /** Takes in stored records: upgraded or refreshed elsewhere, new ones, and records that are gone. */
  load(authority: string, host: string, stored: StoredRpt[], present: PresentHeaders): void
}
