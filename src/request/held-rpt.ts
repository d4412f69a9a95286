import type { Authority } from '../trust/authority.ts'
import type { Rpt } from '../wallet/rpt.ts'
import { untriedRpt } from '../wallet/untried-rpt.ts'
import type { RequestRun } from './request-run.ts'

/** The most sends of one request with RPTs that other requests obtained. This is the bound of last resort. */
export const maxHeldSends = 20

/** A held RPT of this server that this request has not tried. */
export function heldRpt<R>(run: RequestRun<R>, authority: Authority): Rpt | undefined {
  const { party, place, tried, driver, heldSends } = run
  if (heldSends >= maxHeldSends) return undefined
  return untriedRpt(party.wallet.allAt(place), authority.key, { tried, replayable: driver.replayable })
}
