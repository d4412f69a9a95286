import {
  BodyNotReplayableError,
  MaxFlowsReachedError,
  UntrustedAuthorizationServerError,
  withResponse,
} from '../errors.ts'
import { saysAuthorizationServerUnreachable } from '../protocol/warning.ts'
import type { Answer, Challenge, Grant, Scheme } from '../schemes/scheme.ts'
import { bare } from './events.ts'
import type { Exchange } from './exchange.ts'
import { board, type Participant } from './flight.ts'
import { fly } from './flow.ts'
import { abortable } from './lock.ts'
import type { UmaRequestOptions } from './options.ts'
import type { Party } from './party.ts'
import type { Rpt } from './rpt.ts'
import { realm, type Services, type Subject } from './services.ts'
import { type Authority, issuerOf } from './trust.ts'

/** A challenge, and the scheme whose it is. */
interface Recognised {
  challenge: Challenge
  scheme: Scheme
}

/** A challenge that may be acted upon. */
interface Usable {
  authority: Authority
  challenge: Challenge
}

/** Most sends of one request with RPTs that others obtained; the bound of last resort. */
const maxHeld = 20

/**
 * The one flow loop: goes on from the first answer until the host is content or the budget is used up. Each turn ends with the
 * answer, an error, or the request sent again.
 *
 * @throws UmaError with the last answer as `response`, unread
 */
export async function negotiate<R>(
  services: Services,
  party: Party,
  exchange: Exchange<R>,
  uma: UmaRequestOptions,
  sent: { url: string; rpt: Rpt | undefined; presented: Grant | undefined; result: R },
): Promise<R> {
  const { tell, options, trust } = services
  const { method, signal, replayable } = exchange
  const { wallet } = party
  const { url } = sent
  let { rpt, presented, result } = sent
  const host = new URL(url).origin
  const resource = bare(url)
  const maxFlows = uma.maxFlowsPerRequest ?? options.maxFlowsPerRequest ?? 1
  const tried = new Set<Grant>(presented && [presented])
  let flows = 0
  let heldSends = 0
  let renewed = false

  /** Redirected away, neither the answer nor its challenge is this host's. */
  const away = ({ url: final }: Answer): boolean => URL.canParse(final) && new URL(final).origin !== host
  /** Of a copy, where a scheme looks into the body: the caller's stays unread. */
  const recognise = async (answer: Answer, from: R): Promise<Recognised[]> => {
    const copy = (): R => ((from as { clone?(): R }).clone ? (from as { clone(): R }).clone() : from)
    const readable = { ...answer, text: (cap: number) => exchange.answer(copy()).text(cap) }
    const found: Recognised[] = []
    for (const scheme of trust.schemes)
      for (const challenge of await scheme.recognise(readable)) found.push({ challenge, scheme })
    return found
  }

  /** The first challenge whose issuer is trusted and may speak for this host, in a scheme that is that issuer's. */
  const findUsable = async (answer: Answer): Promise<Usable | undefined> => {
    let refusal: UntrustedAuthorizationServerError | undefined
    const refused = new Set<string>()
    let mismatch: string | undefined
    for (const { challenge, scheme } of await recognise(answer, result)) {
      const authority = await abortable(trust.find(challenge.issuer, url), signal)
      // An issuer speaks the protocol that it is configured with: what a host says never takes it back to an older one.
      if (authority && authority.scheme.name !== scheme.name) {
        mismatch = challenge.issuer
        continue
      }
      if (refused.has(challenge.issuer)) continue
      const reason = away(answer) ? 'origin' : !authority ? 'issuer' : authority.speaksFor(host) ? undefined : 'host'
      if (!reason) return { authority: authority as Authority, challenge }
      refused.add(challenge.issuer)
      tell({ type: 'challenge-refused', resource, issuer: bare(challenge.issuer), reason })
      if (reason === 'origin') continue
      refusal ??= new UntrustedAuthorizationServerError(
        authority
          ? `${authority.server.issuer} may not speak for ${host}: should it be among its hosts?`
          : `${host} names an issuer that is not trusted (error.issuer): should it be in authorizationServers?`,
        { response: result, issuer: authority?.server.issuer ?? bare(challenge.issuer) },
      )
    }
    if (refusal) throw refusal
    if (mismatch) tell({ type: 'challenge-refused', resource, issuer: bare(mismatch), reason: 'scheme' })
    return undefined
  }

  const sendAgain = async (next: Rpt | undefined, reason: 'granted' | 'held' | 'fresh-ticket'): Promise<void> => {
    if (!replayable) {
      throw new BodyNotReplayableError(
        'Send it again now: the token is there, but this body could be read only once (uma.body, uma.buffer)',
        {
          response: result,
        },
      )
    }
    signal?.throwIfAborted()
    tell({ type: 'resend', resource, method, rpt: !!next, reason })
    exchange.answer(result).discard()
    rpt = next
    presented = next?.grant
    if (presented) tried.add(presented)
    const sending = exchange.send(next?.headers)
    next?.sends.add(sending)
    try {
      result = await sending
    } finally {
      next?.sends.delete(sending)
    }
  }

  /** Unless what was refused has been upgraded since. */
  const refuse = (): void => {
    if (rpt && rpt.grant === presented) wallet.refused(rpt, method, url)
  }

  /**
   * An RPT that was refused without a challenge is dropped, and the request sent without it. One that has never opened this place is
   * kept where the answer is no better without it. False: no better than before.
   */
  const withoutStale = async (stale: Rpt): Promise<boolean> => {
    const shown = presented
    const drop = (): void => {
      if (stale.grant !== shown || !stale.held) return
      wallet.drop(stale)
      party.ledger?.note(stale.authority, host)
      tell({ type: 'rpt-dropped', issuer: issuerOf(stale.authority), host, reason: 'stale' })
    }
    if (wallet.at(method, url) === stale || !replayable) drop()
    if (!replayable) return false
    rpt = presented = undefined
    tell({ type: 'resend', resource, method, rpt: false, reason: 'stale' })
    const second = await exchange.send(undefined)
    const answer = exchange.answer(second)
    const better = answer.status < 400 || (await recognise(answer, second)).length > 0
    ;(better ? exchange.answer(result) : answer).discard()
    if (better) drop()
    if (better) result = second
    return better
  }

  for (;;) {
    const answer = exchange.answer(result)
    const { status } = answer
    if (status < 400) {
      if (rpt && !away(answer) && wallet.opened(rpt, method, url)) party.ledger?.note(rpt.authority, host)
      return result
    }
    const usable = await findUsable(answer)
    if (!usable) {
      if (saysAuthorizationServerUnreachable(answer.headers.get('warning'))) {
        tell({ type: 'authorization-server-unreachable', resource })
      }
      if (status === 401 && !answer.headers.has('www-authenticate') && (globalThis.location?.origin ?? host) !== host) {
        const hint = 'A page sees the challenge only if the host sends Access-Control-Expose-Headers: WWW-Authenticate'
        tell({ type: 'challenge-unreadable', resource, hint })
        if (!options.onEvent) console.warn(`uma-requester: ${host}: ${hint}`)
      }
      const stale =
        rpt &&
        !away(answer) &&
        (status === 401 ||
          status === 431 ||
          (await trust.find(issuerOf(rpt.authority), url))?.server.staleStatuses?.includes(status as 400))
      if (!stale || !(await withoutStale(rpt as Rpt))) return result
      continue
    }

    const { challenge } = usable
    let { authority } = usable
    tell({ type: 'challenge', resource, method, status, issuer: authority.server.issuer })
    refuse()
    try {
      authority = await abortable(trust.register(authority), signal)
    } catch (error) {
      throw withResponse(error, result)
    }
    // Before it is given up: another process may have upgraded, and so revoked, what was just presented.
    if (flows >= maxFlows)
      await abortable(
        party.lock(realm({ authority, host }), async () => party.ledger?.sync(authority, host)),
        signal,
      )
    // Somebody else may have been granted this place while this request was on its way.
    const held = wallet.at(method, url)
    const worthTrying = held && !tried.has(held.grant) && heldSends++ < maxHeld
    if (worthTrying) {
      await sendAgain(held, 'held')
      continue
    }
    if (flows >= maxFlows || heldSends > maxHeld) {
      const error = new MaxFlowsReachedError(`${host} still challenges after ${flows} flows (maxFlowsPerRequest)`, {
        response: result,
      })
      throw Object.assign(error, { flows })
    }
    let settled = false
    const again: Participant['again'] = async (next, reason) => {
      await sendAgain(next, reason)
      const fresh = await findUsable(exchange.answer(result))
      settled = fresh?.authority.key !== authority.key
      if (!settled) refuse()
      participant.rpt = next
      // Answered otherwise: the next turn looks at it, and the others may have use for what opened the place.
      if (settled && next && exchange.status(result) < 400) wallet.opened(next, method, url)
      return settled ? undefined : fresh?.challenge
    }
    const participant: Participant = {
      challenge,
      rpt,
      tried,
      spent: false,
      signal,
      again: replayable ? again : undefined,
    }
    const key = JSON.stringify([authority.key, method, url, uma.scope, uma.parameters, uma.interactive])
    const subject: Subject = { party, authority, method, url, host, uma, stored: exchange.stored }
    let granted: Rpt | undefined
    try {
      granted = await board(party.flights, key, participant, (flight) => fly(services, subject, flight))
    } catch (error) {
      const anew = await abortable(trust.anew(authority, error), signal).catch((failed) => {
        throw withResponse(failed, result)
      })
      if (!anew || !replayable || renewed) throw withResponse(error, result)
      renewed = true
      // What was left of the flow was the old client's; the new one gets a ticket of its own.
      await sendAgain(undefined, 'fresh-ticket')
      continue
    }
    if (participant.spent) flows++
    else heldSends++
    if (!settled && granted && !tried.has(granted.grant)) await sendAgain(granted, 'granted')
  }
}
