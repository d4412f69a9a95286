import type { Grant, HeaderPatch } from '../schemes/scheme.ts'

/**
 * An RPT that is held, and what is known of it. An upgrade replaces the token inside, so that every place that was learned for
 * it goes on pointing at the right one.
 */
export interface Rpt {
  grant: Grant
  /** Which authorization server and client it came from; see `Authority`. */
  authority: string
  /** The only origin that ever sees it. */
  host: string
  /** Tells it from others in storage, over all its upgrades. */
  id: string
  /** Whether storage has it as it is. */
  saved: boolean
  /** The headers that present it. */
  headers: HeaderPatch
  /** Places where it was not enough: `METHOD url`. */
  insufficient: Set<string>
  /** False once it was dropped; indexes forget it when they next meet it. */
  held: boolean
  /** When it was last used, by the wallet's own clock. */
  used: number
  /** Requests under way that were sent again with it: an upgrade, which may revoke it, waits for them a moment. */
  sends: Set<Promise<unknown>>
}

/** An RPT as it is stored; plain JSON. */
export interface StoredRpt {
  id: string
  grant: Grant
  /** Method and URL of each place that it opened. */
  places: [string, string][]
  insufficient: string[]
}
