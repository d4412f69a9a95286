import type { Tell } from '../events.ts'
import type { Party } from '../parties/party.ts'
import type { Place } from '../wallet/place.ts'
import { type Rpt, versionOf } from '../wallet/rpt.ts'
import type { UmaRequestOptions } from './options.ts'
import type { RequestDriver } from './request-driver.ts'

/** One request on its way: its facts, and what has come of it so far. */
export interface RequestRun<R> {
  readonly driver: RequestDriver<R>
  readonly uma: UmaRequestOptions
  readonly party: Party
  readonly place: Place
  /** The origin of the place: the only one that the RPTs of this request are presented to. */
  readonly host: string
  readonly tell: Tell
  /** The last answer. */
  result: R
  /** The RPT that the last send presented, and its revision then. */
  rpt: Rpt | undefined
  presentedRevision: number
  /** The RPTs that the request was sent with (`versionOf`). */
  readonly tried: Set<string>
  /** How many flows used a ticket of this request. */
  flows: number
  /** How often the request was sent with RPTs that other requests obtained. */
  heldSends: number
  /** Whether a forgotten client was registered again for this request. */
  reregistered: boolean
}

/** Notes that the request was sent with this RPT at this revision, or without an RPT. */
export function notePresented(
  run: Pick<RequestRun<unknown>, 'rpt' | 'presentedRevision' | 'tried'>,
  rpt: Rpt | undefined,
  revision: number = rpt?.revision ?? 0,
): void {
  run.rpt = rpt
  run.presentedRevision = revision
  if (rpt) run.tried.add(versionOf({ id: rpt.id, revision }))
}

/** Whether the RPT that was presented is still what it was: an upgrade meanwhile makes the answer say nothing of it. */
export function isUnchanged({
  rpt,
  presentedRevision,
}: Pick<RequestRun<unknown>, 'rpt' | 'presentedRevision'>): boolean {
  return rpt !== undefined && rpt.revision === presentedRevision
}
