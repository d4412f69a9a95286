import { abortable } from '../async/abortable.ts'
import { MaxFlowsReachedError, withResponse } from '../errors/index.ts'
import { bare } from '../events.ts'
import type { FlowTarget } from '../flow/flow-target.ts'
import type { Flows } from '../flow/flows.ts'
import type { FlowDirective } from '../flow/inputs.ts'
import { forgetRedirects } from '../flow/people/redirect-counts.ts'
import type { Participant, SharedFlow } from '../flow/shared-flow.ts'
import { flowLockKey } from '../parties/party.ts'
import type { Authority } from '../trust/authority.ts'
import { findUsableChallenge, isRedirectedAway, type UsableChallenge } from './find-challenge.ts'
import { heldRpt, maxHeldSends } from './held-rpt.ts'
import { reportNoChallenge } from './no-challenge.ts'
import type { OwnTokenAccess } from './own-token.ts'
import type { RequestRun } from './request-run.ts'
import { isUnchanged } from './request-run.ts'
import { sendAgain } from './send.ts'
import { sendWithoutStaleRpt } from './stale-rpt.ts'

/** The parts of a requester that its requests use. */
export interface RequestAccess extends OwnTokenAccess {
  flows: Flows
  /** How many flows one request may start. */
  maxFlows: number
  /** Whether people can be sent away, so that redirects are counted. */
  hasRedirect: boolean
  /** Whether somebody listens to events. */
  hasListener: boolean
}

/**
 * The loop of one request: goes on from its first answer until the host is content, the challenge cannot be acted upon,
 * or the budget is used up. Each turn looks at the last answer, and sends the request again or ends.
 *
 * @returns the host's answer, untouched
 * @throws UmaError with the host's last answer as `response`, unread
 */
export async function answerChallenges<R>(access: RequestAccess, run: RequestRun<R>): Promise<R> {
  const { trust } = access
  for (;;) {
    const answer = run.driver.answer(run.result)
    if (answer.status < 400) {
      if (!isRedirectedAway(answer, run.host)) learnPlace(access, run)
      return run.result
    }
    const usable = await withRunResponse(run, findUsableChallenge(trust, run))
    if (usable) {
      await answerChallenge(access, run, usable, answer.status)
      continue
    }
    await reportNoChallenge(trust, run, answer, access.hasListener)
    if (!(await sendWithoutStaleRpt(access, run, answer))) return run.result
  }
}

/** The RPT has opened this place. */
function learnPlace<R>({ hasRedirect }: RequestAccess, run: RequestRun<R>): void {
  const { rpt, party, place, host } = run
  if (!rpt) return
  if (hasRedirect) void forgetRedirects(party, place)
  if (party.wallet.opened(rpt, place)) party.stored?.note(rpt.authority, host)
}

/** One turn: the request is sent again with another RPT, or fails. */
async function answerChallenge<R>(
  access: RequestAccess,
  run: RequestRun<R>,
  usable: UsableChallenge,
  status: number,
): Promise<void> {
  const { trust } = access
  const { place, tell, driver, party, host } = run
  tell({
    type: 'challenge',
    resource: bare(place.url),
    method: place.method,
    status,
    issuer: usable.authority.server.issuer,
  })
  noteRefusal(run)
  const authority = await withRunResponse(run, abortable(trust.register(usable.authority), driver.signal))
  const isUsedUp = run.flows >= (run.uma.maxFlowsPerRequest ?? access.maxFlows)
  // Another process may have upgraded, and so revoked, the RPT that was just presented.
  if (isUsedUp) await abortable(syncUnderLock(run, authority), driver.signal)
  const held = heldRpt(run, authority)
  if (held) {
    run.heldSends += 1
    return sendAgain(access, run, held, 'held')
  }
  if (isUsedUp || run.heldSends > maxHeldSends) {
    throw new MaxFlowsReachedError(`${host} still challenges after ${run.flows} flows (maxFlowsPerRequest)`, {
      response: run.result,
      flows: run.flows,
    })
  }
  const target: FlowTarget = { party, authority, place, host, uma: run.uma, stored: driver.stored, tell }
  await obtainRpt(access, run, target, usable)
}

/** Remembers that the RPT was not enough for this place, unless it was upgraded meanwhile. */
function noteRefusal<R>(run: RequestRun<R>): void {
  if (run.rpt && isUnchanged(run)) run.party.wallet.refused(run.rpt, run.place)
}

function syncUnderLock<R>({ party, host }: RequestRun<R>, authority: Authority): Promise<void> {
  return party.lock(flowLockKey(authority.key, host), async () => party.stored?.sync(authority, host))
}

/** An error carries this request's own last answer. */
async function withRunResponse<R, T>(run: RequestRun<R>, promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw withResponse(error, run.result)
  }
}

/** Joins the flow for this place, and does as the flow directs. A forgotten client is registered again, once. */
async function obtainRpt<R>(
  access: RequestAccess,
  run: RequestRun<R>,
  target: FlowTarget,
  usable: UsableChallenge,
): Promise<void> {
  const { trust } = access
  try {
    await followFlow(access, run, target, usable)
  } catch (error) {
    const isReregistered = await withRunResponse(
      run,
      abortable(trust.reregisterIfForgotten(target.authority, error), run.driver.signal),
    )
    if (!isReregistered || !run.driver.replayable || run.reregistered) throw withResponse(error, run.result)
    run.reregistered = true
    // The ticket belongs to the old client. The new client needs a fresh one.
    await sendAgain(access, run, undefined, 'fresh-ticket')
  }
}

/** Does as the flow directs, until the flow has ended for this request. */
async function followFlow<R>(
  access: RequestAccess,
  run: RequestRun<R>,
  target: FlowTarget,
  { challenge }: UsableChallenge,
): Promise<void> {
  const { driver } = run
  driver.signal?.throwIfAborted()
  const participant: Participant = {
    challenge,
    rpt: run.rpt,
    tried: run.tried,
    replayable: driver.replayable,
    signal: driver.signal,
    ticketUsed: false,
  }
  const { shared, directive } = access.flows.join(target, participant)
  let next: FlowDirective | undefined = await directive
  while (next) next = await obey(access, run, target, shared, participant, next)
  if (participant.ticketUsed) run.flows += 1
  else run.heldSends += 1
}

/** Does as one directive says. Returns the next directive; undefined if the flow has ended for this request. */
async function obey<R>(
  access: RequestAccess,
  run: RequestRun<R>,
  target: FlowTarget,
  shared: SharedFlow,
  participant: Participant,
  directive: FlowDirective,
): Promise<FlowDirective | undefined> {
  if (directive.kind !== 'resend') return undefined
  const rpt = directive.rpt && run.party.wallet.byId(directive.rpt.id)
  if (!directive.report) {
    if (rpt) await sendAgain(access, run, rpt, directive.reason)
    return undefined
  }
  try {
    await sendAgain(access, run, rpt, directive.reason)
    const fresh = await findUsableChallenge(access.trust, run)
    const isSameServer = fresh?.authority.key === target.authority.key
    if (!fresh || !isSameServer) return settle(run, shared, participant)
    noteRefusal(run)
    participant.challenge = fresh.challenge
    participant.rpt = run.rpt
  } catch (error) {
    shared.leave(participant, error)
    throw error
  }
  return shared.report(participant, { kind: 'challenged' })
}

/** The host answered without a challenge of this server. The other requests may use the RPT that opened the place. */
async function settle<R>(run: RequestRun<R>, shared: SharedFlow, participant: Participant): Promise<undefined> {
  const { driver, rpt, party, place } = run
  if (rpt && driver.status(run.result) < 400) party.wallet.opened(rpt, place)
  await shared.report(participant, { kind: 'settled' })
  return undefined
}
