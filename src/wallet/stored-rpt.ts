import type { Grant } from '../protocol/oauth/grant.ts'

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
