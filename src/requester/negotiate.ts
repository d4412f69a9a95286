import { BodyNotReplayableError, MaxFlowsReachedError, UntrustedAuthorizationServerError, withResponse } from '../errors.ts'
import { saysAuthorizationServerUnreachable } from '../protocol/warning.ts'
import type { Answer, Challenge } from '../schemes/scheme.ts'
import type { Engine } from './engine.ts'
import { bare } from './events.ts'
import type { Exchange } from './exchange.ts'
import { board, type Participant } from './flight.ts'
import { type FlowSubject, fly } from './flow.ts'
import type { UmaRequestOptions } from './options.ts'
import type { Party } from './party.ts'
import type { Authority } from './trust.ts'
import type { Rpt } from './wallet.ts'

/** A challenge that may be acted upon. */
interface Usable {
  authority: Authority
  challenge: Challenge
}

/** Most sends of one request with RPTs that others obtained; the bound of last resort. */
const maxHeldSends = 5

/**
 * The one flow loop: goes on from the first answer until the host is content or the budget is used up. Each turn ends with the
 * answer, an error, or the request sent again.
 *
 * @throws UmaError with the last answer as `response`, unread
 */
export async function negotiate<R>(
  engine: Engine,
  party: Party,
  exchange: Exchange<R>,
  uma: UmaRequestOptions,
  sent: { url: string; rpt: Rpt | undefined; result: R },
): Promise<R> {
  const { tell, options } = engine
  const { method, signal } = exchange
  const { wallet } = party
  const { url } = sent
  let { rpt, result } = sent
  const host = new URL(url).origin
  const resource = bare(url)
  const maxFlows = uma.maxFlowsPerRequest ?? options.maxFlowsPerRequest ?? 1
  const tried = new Set<string>(rpt && [rpt.grant.token])
  let flows = 0
  let heldSends = 0

  for (;;) {
    const answer = exchange.answer(result)
    const { status } = answer
    // Redirected away: neither the answer nor its challenge is this host's.
    const away = URL.canParse(answer.url) && new URL(answer.url).origin !== host
    if (status < 400) {
      if (rpt && !away) wallet.opened(rpt, method, url)
      return result
    }
    const usable = await findUsable(answer, away)
    if (!usable) {
      if (saysAuthorizationServerUnreachable(answer.headers.get('warning'))) {
        tell({ type: 'authorization-server-unreachable', resource })
      }
      if (!rpt || away || !(await isStale(rpt, status))) return result
      const { authority } = rpt
      wallet.drop(rpt)
      tell({ type: 'rpt-dropped', issuer: authority.split(' ', 1)[0] as string, host, reason: status === 431 ? 'too-long' : 'stale' })
      rpt = undefined
      if (!exchange.replayable) return result
      tell({ type: 'resend', resource, method, rpt: false, reason: 'stale' })
      const second = await exchange.send(undefined)
      const secondAnswer = exchange.answer(second)
      const better = secondAnswer.status < 400 || recognise(secondAnswer).length > 0
      ;(better ? answer : secondAnswer).discard()
      if (!better) return result
      result = second
      continue
    }

    const { authority, challenge } = usable
    tell({ type: 'challenge', resource, method, status, issuer: authority.server.issuer })
    if (rpt) wallet.refused(rpt, method, url)
    // Somebody else may have been granted this place while this request was on its way.
    const held = wallet.at(method, url)
    if (held && !tried.has(held.grant.token) && heldSends++ < maxHeldSends) {
      await sendAgain(held, 'held')
      continue
    }
    if (flows >= maxFlows || heldSends > maxHeldSends) throw maxFlowsReached()

    let settled = false
    const participant: Participant = {
      challenge,
      rpt,
      tried,
      spent: false,
      signal,
      again: exchange.replayable
        ? async (withRpt, reason) => {
            await sendAgain(withRpt, reason)
            const fresh = exchange.answer(result)
            const next = fresh.status < 400 ? undefined : await findUsable(fresh, false)
            if (next?.authority.key === authority.key) {
              if (withRpt) wallet.refused(withRpt, method, url)
              participant.rpt = withRpt
              return next.challenge
            }
            if (fresh.status < 400 && withRpt) wallet.opened(withRpt, method, url)
            settled = true
            return undefined
          }
        : undefined,
    }
    const subject: FlowSubject = { party, authority, method, url, host, uma }
    const key = JSON.stringify([authority.key, method, url, uma.scope, uma.parameters, uma.interactive])
    let granted: Rpt | undefined
    try {
      granted = await board(party.flights, key, participant, (flight) => fly(engine, subject, flight))
    } catch (error) {
      throw withResponse(error, result)
    }
    if (participant.spent) flows++
    // Answered while it led, or nothing came of it: the next turn looks at what there is.
    if (settled) continue
    if (granted && !tried.has(granted.grant.token)) await sendAgain(granted, 'granted')
    else if (heldSends++ >= maxHeldSends || participant.spent) throw maxFlowsReached()
  }

  async function sendAgain(next: Rpt | undefined, reason: 'granted' | 'held' | 'fresh-ticket'): Promise<void> {
    if (!exchange.replayable) {
      throw new BodyNotReplayableError(
        'The token is there, but the body of this request could be read only once: send it again now, or give uma.body or uma.buffer',
        { response: result },
      )
    }
    signal?.throwIfAborted()
    tell({ type: 'resend', resource, method, rpt: !!next, reason })
    if (next) tried.add(next.grant.token)
    exchange.answer(result).discard()
    rpt = next
    result = await exchange.send(next?.headers)
  }

  function maxFlowsReached(): MaxFlowsReachedError {
    return Object.assign(
      new MaxFlowsReachedError(`The host still challenges after ${flows} flow${flows === 1 ? '' : 's'} (maxFlowsPerRequest)`, {
        response: result,
      }),
      { flows },
    )
  }

  function recognise(answer: Answer): { challenge: Challenge; scheme: Authority['scheme'] }[] {
    return engine.trust.schemes.flatMap((scheme) => scheme.recognise(answer).map((challenge) => ({ challenge, scheme })))
  }

  /** The first challenge whose issuer is trusted and may speak for this host, in a scheme that is that issuer's. */
  async function findUsable(answer: Answer, away: boolean): Promise<Usable | undefined> {
    let refusal: UntrustedAuthorizationServerError | undefined
    for (const { challenge, scheme } of recognise(answer)) {
      const { issuer } = challenge
      const refused = (reason: 'issuer' | 'host' | 'origin'): void =>
        tell({ type: 'challenge-refused', resource, issuer: bare(issuer), reason })
      if (away) {
        refused('origin')
        continue
      }
      const authority = await engine.trust.find(issuer, url)
      if (authority?.scheme === scheme && authority.speaksFor(host)) return { authority, challenge }
      if (authority && authority.scheme !== scheme) continue
      refused(authority ? 'host' : 'issuer')
      refusal ??= new UntrustedAuthorizationServerError(
        authority
          ? `${authority.server.issuer} may not speak for ${host}: add it to that server's hosts if it should`
          : `${host} names an authorization server that is not trusted: add it to authorizationServers if it should be`,
        { response: result, ...(authority && { issuer: authority.server.issuer }) },
      )
    }
    if (refusal) throw refusal
    return undefined
  }

  async function isStale(presented: Rpt, status: number): Promise<boolean> {
    if (status === 401 || status === 431) return true
    const authority = await engine.trust.find(presented.authority.split(' ', 1)[0] as string, url)
    return authority?.server.staleStatuses?.includes(status as 400) === true
  }
}
