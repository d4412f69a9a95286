import type { HeaderPatch } from '../bindings/binding.ts'
import type { Grant } from '../protocol/oauth/grant.ts'

/**
 * One RPT of the wallet. An upgrade or a refresh replaces the grant inside the record and raises the revision, so that
 * every place that was learned for the record points at the current token.
 */
export interface Rpt {
  /** Tells this record from others, in storage too, over all its revisions. */
  readonly id: string
  /** Counts the upgrades and refreshes of this record. The token string may stay the same. */
  revision: number
  grant: Grant
  /** The authorization server and client that issued the RPT: the key of an `Authority`. */
  readonly authority: string
  /** The only origin that the RPT is presented to. */
  readonly host: string
  /** The headers that present the grant, if the binding is reusable; otherwise each send is presented by itself. */
  headers: HeaderPatch | undefined
  /** Whether the storage has this record in its current revision. */
  saved: boolean
  /** The places that the grant was last obtained for, the newest first: methods and targets. */
  recent: readonly RecentPlace[]
  /** Places where the RPT was not enough, as place keys. */
  readonly insufficient: Set<string>
  /** False after the RPT was dropped. An index removes a dropped RPT when it next meets it. */
  held: boolean
  /** When the RPT was last used, by the wallet's own counter. */
  used: number
  /** Requests under way that were sent again with this RPT. An upgrade waits for them a moment. */
  readonly sends: Set<Promise<unknown>>
  /** By status: until when a request is not sent again without this RPT, in milliseconds of the monotonic clock. */
  readonly fruitless: Map<number, number>
}

/** The method and the target (`targetOf`) of a place that an RPT was obtained for. */
export type RecentPlace = readonly [method: string, target: string]

/** The most places of one RPT that are remembered as recent. */
export const maxRecent = 8

/** An RPT at one revision. */
export interface RptVersion {
  id: string
  revision: number
}

/** Names one revision of an RPT, for sets. */
export const versionOf = ({ id, revision }: RptVersion): string => `${id} ${revision}`

/** Whether the grant of an RPT has expired. */
export const isExpired = ({ grant }: Rpt): boolean => grant.expiresAt !== undefined && grant.expiresAt <= Date.now()
