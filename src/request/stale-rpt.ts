import { monotonic } from '../async/timers.ts'
import { bare } from '../events.ts'
import type { Answer } from '../protocol/http/answer.ts'
import { issuerOf } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import type { Rpt } from '../wallet/rpt.ts'
import { isRedirectedAway, recognise } from './find-challenge.ts'
import type { OwnTokenAccess } from './own-token.ts'
import { isUnchanged, notePresented, type RequestRun } from './request-run.ts'
import { send } from './send.ts'

/** How long a request is not sent again without an RPT after that was of no use, in milliseconds. */
const fruitlessFor = 60_000

/**
 * An answer without a challenge may mean that the RPT is no longer good. The request is then sent once more without the
 * RPT. The RPT is dropped only if the second answer is better: below 400, or with a challenge.
 *
 * @returns whether the last answer of the request is now the better, second one; otherwise it is the first one still
 */
export async function sendWithoutStaleRpt<R>(
  access: OwnTokenAccess,
  run: RequestRun<R>,
  answer: Answer,
): Promise<boolean> {
  const { trust } = access
  const { rpt, driver, host, place, tell, party } = run
  if (!rpt || isRedirectedAway(answer, host) || !isUnchanged(run)) return false
  if (!(await mayBeStale(trust, run, rpt, answer.status))) return false
  if (!driver.replayable) {
    // The next request for this place goes without this RPT.
    party.wallet.forgetPlace(rpt, place)
    party.stored?.note(rpt.authority, host)
    return false
  }
  tell({ type: 'resend', resource: bare(place.url), method: place.method, rpt: false, reason: 'stale' })
  const second = await send(access, run, undefined)
  const secondAnswer = driver.answer(second)
  const isBetter = secondAnswer.status < 400 || (await recognise(trust, run, second)).length > 0
  if (!isBetter) {
    secondAnswer.discard()
    rpt.fruitless.set(answer.status, monotonic() + fruitlessFor)
    return false
  }
  driver.answer(run.result).discard()
  dropStale(run, rpt)
  notePresented(run, undefined)
  run.result = second
  return true
}

/** Whether a status without a challenge may be the RPT's fault. */
async function mayBeStale<R>(trust: Trust, run: RequestRun<R>, rpt: Rpt, status: number): Promise<boolean> {
  if (status === 401) return true
  // 431: a token may be too long for the host's header limit.
  const isStaleStatus = status === 431 || (await staleStatuses(trust, run, rpt)).includes(status)
  if (!isStaleStatus || (rpt.fruitless.get(status) ?? 0) > monotonic()) return false
  const { method } = run.place
  const isSafe = method === 'GET' || method === 'HEAD'
  const hasOpenedPlace = run.party.wallet.allAt(run.place).includes(rpt)
  return isSafe || !hasOpenedPlace
}

async function staleStatuses<R>(trust: Trust, { host }: RequestRun<R>, rpt: Rpt): Promise<readonly number[]> {
  const authority = await trust.find(issuerOf(rpt.authority), host)
  return authority?.server.staleStatuses ?? []
}

function dropStale<R>({ party, host, tell, presentedRevision }: RequestRun<R>, rpt: Rpt): void {
  if (rpt.revision !== presentedRevision || !rpt.held) return
  party.wallet.drop(rpt)
  party.stored?.note(rpt.authority, host)
  tell({ type: 'rpt-dropped', issuer: issuerOf(rpt.authority), host, reason: 'stale' })
}
