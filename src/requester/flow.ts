import { RequestSubmittedError, TokenRequestError, UmaError, UmaTimeoutError } from '../errors.ts'
import type { Claim, FlowState, Step } from '../schemes/scheme.ts'
import { contextOf, roundContext } from './context.ts'
import { bare, type UmaEvent } from './events.ts'
import { type Flight, leave, type Participant } from './flight.ts'
import { identityOf } from './identities.ts'
import { claimsErrand } from './interact.ts'
import { abortable, maxTimer, sleep } from './lock.ts'
import { NobodySignedIn } from './nobody-signed-in.ts'
import { peopleOf } from './people.ts'
import type { Rpt } from './rpt.ts'
import { realm, type Services, type Subject } from './services.ts'

/** What a round ends with, when it did not have to ask: an RPT that was granted meanwhile, or one worth trying first. */
type Round = Step | { kind: 'held' | 'try' | 'issued'; rpt: Rpt } | { kind: 'free' }

type SendAgain = (rpt: Rpt | undefined, reason: 'granted' | 'held' | 'fresh-ticket') => Promise<boolean>

/**
 * The flow interpreter: goes from a challenge to an RPT in the wallet, round by round, as the scheme says what comes next.
 *
 * The lock covers exactly: re-read the newest RPT, ask, store. It is let go before anything that takes people or time.
 *
 * @param state where to go on, after a person came back on another page
 * @param first nothing of it was sent yet
 * @returns the RPT; undefined when the leader's request was answered otherwise in between
 */
export async function fly(
  services: Services,
  subject: Subject,
  flight: Flight,
  state?: FlowState,
  first: boolean = !state,
): Promise<Rpt | undefined> {
  const { options, caller, discovery, tell } = services
  const { party, authority, method, url, host, uma } = subject
  const { server, scheme, client, key } = authority
  const { issuer } = server
  let { wallet, pcts, neverUpgrades } = party
  const { ledger } = party
  const { participants } = flight
  const { timeouts, polling = {} } = options
  const lockKey = realm(subject)
  const flow = ++services.flows
  const say = (event: object): void => tell({ ...event, flow, issuer } as UmaEvent)
  const timeout = timeouts?.flow ?? 300_000
  const late = AbortSignal.timeout(Math.min(timeout, maxTimer))
  const signal = AbortSignal.any([flight.controller.signal, late])
  let usedToken: string | undefined
  const context = contextOf(services, subject, signal, (token) => {
    usedToken = token
  })
  const held = (): Rpt | undefined => wallet.at(method, url)
  const newest = (): Rpt | undefined => wallet.newest(host, key)

  const without = new Set<'rpt' | 'pct'>()
  let claim: Claim | undefined
  let pushFirst = server.pushClaims === 'first' && first
  let upgrading: Rpt | undefined
  let triedNewest = false
  let recovered = false
  let issued = false
  let renewed = false
  let polls = 0
  const people = peopleOf(services, subject, context, flow, () => ({
    state: state ?? scheme.start((participants[0] as Participant).challenge),
    first: pushFirst || !state,
  }))

  const round = async (): Promise<Round> => {
    const metadata = await discovery(server, scheme.wellKnown, scheme.readMetadata)
    if (pushFirst) claim = await people.supply([])
    pushFirst = false
    const ask = async (): Promise<Round> => {
      // Others may have been here since, in another tab or process.
      await ledger?.sync(authority, host)
      // Where that brought a sign-out, nothing of before counts; a ticket that is spent already goes on for nobody.
      if (!state) ({ wallet, pcts, neverUpgrades } = party)
      const sideBySide = neverUpgrades.has(lockKey)
      const last = newest()
      const resumed = state
      if (!state) {
        const leader = participants[0] as Participant
        const worthTrying = (rpt: Rpt | undefined): rpt is Rpt => !!rpt && !leader.tried.has(rpt.grant)
        const granted = held()
        if (worthTrying(granted)) return { kind: 'held', rpt: granted }
        const hopeful = worthTrying(last) && !last.insufficient.has(`${method} ${url}`)
        if (hopeful && !triedNewest && leader.again && !sideBySide) return { kind: 'try', rpt: last }
        state = scheme.start(leader.challenge)
        leader.spent = true
        upgrading = leader.rpt?.authority === key ? leader.rpt : last
      }
      if (!upgrading?.held) upgrading = last
      if (sideBySide || without.has('rpt')) upgrading = undefined
      const rpt = upgrading?.grant.token
      if (upgrading && (party.flights.size > 1 || upgrading.sends.size)) {
        // An upgrade revokes the token that those who were just granted something are about to present: they go first.
        await sleep(0, signal)
        await abortable(Promise.allSettled(upgrading.sends), AbortSignal.timeout(250)).catch(() => {})
      }
      const pct = without.has('pct') ? undefined : pcts.get(key)
      const parameters = { ...server.parameters, ...uma.parameters }
      const before = { ...state }
      usedToken = undefined
      let step: Step
      try {
        const onSend = (): void => say({ type: 'token-request', rpt: !!rpt, pct: !!pct, claim: !!claim })
        const connection = { caller, metadata, client, context }
        step = await scheme.next(
          state,
          { rpt, pct, claim, scope: uma.scope, parameters },
          roundContext(connection, subject, onSend, () => usedToken),
        )
      } catch (error) {
        if (!(error instanceof NobodySignedIn)) throw error
        // The ticket was not sent, or not looked at: it is still good.
        state = resumed && before
        return { kind: 'sign-in' }
      }
      say({ type: 'token-answer', step: step.kind })
      if (step.kind === 'sign-in') return step
      // A claim goes along once; what the server remembers of it is the PCT.
      claim = undefined
      if (step.kind === 'retry') {
        const rpt = wallet.store(step.grant, scheme.present(step.grant), key, host, upgrading)
        await ledger?.save(key, host)
        say({ type: 'rpt-stored', host, upgraded: false })
        return { kind: 'issued', rpt }
      }
      if (step.kind !== 'granted') return step
      const { grant, upgraded } = step
      if (rpt && !upgraded) neverUpgrades.add(lockKey)
      if (step.pct) pcts.set(key, step.pct)
      const stored = wallet.store(grant, scheme.present(grant), key, host, upgraded ? upgrading : undefined)
      wallet.opened(stored, method, url)
      await ledger?.save(key, host)
      say({ type: 'rpt-stored', host, upgraded })
      return { kind: 'held', rpt: stored }
    }
    // Where `rpt` is known to be ignored, there is nothing to lose, and nobody waits for anybody.
    const free = (): boolean => signal.aborted || neverUpgrades.has(lockKey)
    const locked: Round = free()
      ? { kind: 'free' }
      : await party.lock(lockKey, async () => (free() ? { kind: 'free' } : ask()))
    signal.throwIfAborted()
    return locked.kind === 'free' ? ask() : locked
  }

  /** Fails the leader alone, if others wait. */
  const handOver = (error: unknown): void => {
    const leader = participants[0] as Participant
    leader.fail?.(error)
    leave(flight, leader)
    if (!participants.length) throw error
  }

  /** Lets the leader send again; true: with a fresh challenge in hand. A leader that fails or aborts hands over to the next. */
  const sendAgain: SendAgain = async (rpt, reason) => {
    const leader = participants[0] as Participant
    state = undefined
    pushFirst = server.pushClaims === 'first'
    try {
      const challenge = await leader.again?.(rpt, reason)
      if (challenge) leader.challenge = challenge
      return !!challenge
    } catch (error) {
      handOver(error)
      return true
    }
  }

  say({ type: 'flow-started', resource: bare(url), method })
  try {
    for (;;) {
      signal.throwIfAborted()
      const step = await abortable(round(), signal)
      people.done()
      if (step.kind === 'denied') throw step.error
      const leads = participants[0]?.again
      if (step.kind === 'held' || (step.kind === 'issued' && (issued || !leads))) {
        say({ type: 'flow-ended', outcome: 'granted' })
        return step.rpt
      }
      if (step.kind === 'try') {
        triedNewest = true
        if (!(await sendAgain(step.rpt, 'held'))) return held()
      } else if (step.kind === 'again') {
        for (const bad of step.without) {
          without.add(bad)
          if (step.drop && bad === 'pct') pcts.delete(key)
          if (step.drop && bad === 'rpt' && upgrading) {
            wallet.drop(upgrading)
            tell({ type: 'rpt-dropped', issuer, host, reason: 'refused' })
          }
        }
        if (step.drop) await ledger?.save(key, host)
        if (!leads && !recovered) {
          // Its body is gone; those who wait have tickets of their own.
          handOver(step.error)
          state = undefined
          continue
        }
        if (recovered) throw step.error
        recovered = true
        if (!(await sendAgain(step.presenting ? newest() : undefined, 'fresh-ticket'))) return held()
      } else if (step.kind === 'issued') {
        // The host has a ticket for those who show it.
        issued = true
        if (!(await sendAgain(step.rpt, 'granted'))) return held()
      } else if (step.kind === 'wait') {
        const seconds = Math.max(step.seconds ?? polling.interval ?? 5, polling.minInterval ?? 1)
        if (polls++ >= (polling.max ?? 60)) {
          throw new RequestSubmittedError(`${issuer} has asked the owner, who has not decided yet`, { issuer })
        }
        say({ type: 'waiting', seconds })
        await sleep(Math.min(seconds * 1000, maxTimer), signal)
      } else if (step.kind === 'claims') {
        const { requiredClaims, redirectUser } = step
        const spent = !people.take()
        claim = requiredClaims.length && !spent ? await people.supply(requiredClaims) : undefined
        const nobody = !redirectUser || (requiredClaims.length > 0 && !options.onRedirect)
        if (spent || (!claim && nobody))
          throw people.needInfo('needs claims that were not supplied (createRequester: claims)', requiredClaims)
        if (!claim) await people.send(() => claimsErrand(subject, state as FlowState, redirectUser))
      } else if (step.kind === 'sign-in') {
        if (usedToken && !step.acr) {
          // Others may have refreshed it meanwhile; once for each flow.
          const error = { code: 'invalid_token', issuer }
          if (renewed) throw new TokenRequestError(`${issuer} does not accept the access token of the party`, error)
          renewed = true
          if (await abortable(identityOf(services, party, authority, usedToken), signal)) continue
        }
        await people.signIn(step.acr)
      }
    }
  } catch (error) {
    const reason =
      late.aborted && error === signal.reason
        ? new UmaTimeoutError(`The flow took longer than ${timeout} ms`, { issuer })
        : error
    say({ type: 'flow-ended', outcome: 'failed', code: reason instanceof UmaError ? reason.code : undefined })
    throw reason
  } finally {
    people.done()
  }
}
