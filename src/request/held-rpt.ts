import type { Authority } from '../trust/authority.ts'
import { type Rpt, versionOf } from '../wallet/rpt.ts'
import type { RequestRun } from './request-run.ts'

/** The most sends of one request with RPTs that other requests obtained. This is the bound of last resort. */
export const maxHeldSends = 20

/** How many RPTs that have opened this place before are tried before a new flow. */
const maxKnownRpts = 3

/**
 * An RPT of this server that has opened this place and was not tried for this request: another request may have
 * obtained it meanwhile, or the place has several (one URL whose permission depends on the body).
 */
export function heldRpt<R>(run: RequestRun<R>, authority: Authority): Rpt | undefined {
  const { party, place, tried, driver } = run
  if (run.heldSends >= maxHeldSends) return undefined
  const candidates = party.wallet.allAt(place).filter((rpt) => rpt.authority === authority.key && rpt.host === run.host)
  const isUntried = (rpt: Rpt): boolean => !tried.has(versionOf(rpt))
  const [newest] = candidates
  // Another request has obtained it while this request was on its way.
  if (newest && isUntried(newest)) return newest
  if (!driver.replayable || candidates.length - candidates.filter(isUntried).length >= maxKnownRpts) return undefined
  return candidates.find(isUntried)
}
