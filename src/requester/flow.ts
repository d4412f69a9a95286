import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { requestToken } from '../authorization-server/token-request.ts'
import { InteractionRequiredError, NeedInfoError, RequestSubmittedError, UmaError, UmaTimeoutError } from '../errors.ts'
import type { Claim, FlowState, Step } from '../schemes/scheme.ts'
import { bare, type UmaEvent } from './events.ts'
import { type Flight, leave, type Participant } from './flight.ts'
import { interact } from './interact.ts'
import { abortable, sleep } from './lock.ts'
import { realm, type Services, type Subject } from './services.ts'
import type { Rpt } from './wallet.ts'

/** What a round ends with, when it did not have to ask: an RPT that was granted meanwhile, or one worth trying first. */
type Round = Step | { kind: 'held' | 'try'; rpt: Rpt } | { kind: 'free' }

/**
 * The flow interpreter: goes from a challenge to an RPT in the wallet, round by round, as the scheme says what comes next.
 *
 * The lock covers exactly: re-read the newest RPT, ask, store. It is let go before anything that takes people or time.
 *
 * @param state where to go on, after a person came back on another page
 * @returns the RPT; undefined when the leader's request was answered otherwise in between
 */
export async function fly(
  services: Services,
  subject: Subject,
  flight: Flight,
  state?: FlowState,
): Promise<Rpt | undefined> {
  const { options, caller, discovery, tell } = services
  const { party, authority, method, url, host, uma } = subject
  const { server, scheme, client, key } = authority
  const { issuer } = server
  let { wallet, pcts, neverUpgrades } = party
  const { ledger } = party
  const { participants } = flight
  const { timeouts, maxRounds = 5, polling = {} } = options
  const lockKey = realm(subject)
  const flow = ++services.flows
  const say = (event: object): void => tell({ ...event, flow, issuer } as UmaEvent)
  const timeout = timeouts?.flow ?? 300_000
  const late = AbortSignal.timeout(timeout)
  const signal = AbortSignal.any([flight.controller.signal, late])
  const context: FlowContext = { requestingParty: party.name, issuer, resource: url, signal }
  const held = (): Rpt | undefined => wallet.at(method, url)
  const newest = (): Rpt | undefined => wallet.newest(host, key)

  const without = new Set<'rpt' | 'pct'>()
  let claim: Claim | undefined
  let pushFirst = server.pushClaims === 'first' && !state
  let upgrading: Rpt | undefined
  let triedNewest = false
  let recovered = false
  let rounds = 0
  let endInteraction = (): void => {}
  let polls = 0

  const round = async (): Promise<Round> => {
    const metadata = await discovery(server, scheme.wellKnown)
    if (pushFirst) claim = await options.claims?.([], context)
    pushFirst = false
    const ask = async (): Promise<Round> => {
      // Others may have been here since, in another tab or process.
      await ledger?.sync(authority, host)
      // Where that brought a sign-out, nothing of before counts; a ticket that is spent already goes on for nobody.
      if (!state) ({ wallet, pcts, neverUpgrades } = party)
      const sideBySide = neverUpgrades.has(lockKey)
      const last = newest()
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
      say({ type: 'token-request', rpt: !!rpt, pct: !!pct, claim: !!claim })
      const step = await scheme.next(
        state,
        { rpt, pct, claim, scope: uma.scope, parameters: { ...server.parameters, ...uma.parameters } },
        {
          ...context,
          metadata,
          unchangedTicket: !!server.unchangedTicket,
          requestToken: (parameters) => requestToken({ caller, metadata, client, context }, parameters),
        },
      )
      // A claim goes along once; what the server remembers of it is the PCT.
      claim = undefined
      say({ type: 'token-answer', step: step.kind })
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

  /** Lets the leader send again; true: with a fresh challenge in hand. A leader that fails or aborts hands over to the next. */
  const sendAgain = async (rpt: Rpt | undefined, reason: 'held' | 'fresh-ticket'): Promise<boolean> => {
    const leader = participants[0] as Participant
    state = undefined
    pushFirst = server.pushClaims === 'first'
    try {
      const challenge = await leader.again?.(rpt, reason)
      if (challenge) leader.challenge = challenge
      return !!challenge
    } catch (error) {
      leader.fail?.(error)
      leave(flight, leader)
      if (!participants.length) throw error
      return true
    }
  }

  say({ type: 'flow-started', resource: bare(url), method })
  try {
    for (;;) {
      signal.throwIfAborted()
      const step = await abortable(round(), signal)
      endInteraction()
      if (step.kind === 'denied') throw step.error
      if (step.kind === 'held') {
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
        if (recovered || !participants[0]?.again) throw step.error
        recovered = true
        if (!(await sendAgain(undefined, 'fresh-ticket'))) return held()
      } else if (step.kind === 'wait') {
        const seconds = Math.max(step.seconds ?? polling.interval ?? 5, polling.minInterval ?? 1)
        if (polls++ >= (polling.max ?? 60)) {
          throw new RequestSubmittedError(`${issuer} has asked the owner, who has not decided yet`, { issuer })
        }
        say({ type: 'waiting', seconds })
        await sleep(Math.min(seconds * 1000, 2 ** 31 - 1), signal)
      } else if (step.kind === 'claims') {
        const { requiredClaims, redirectUser } = step
        const spent = rounds++ >= maxRounds
        claim =
          requiredClaims.length && !spent
            ? await abortable(Promise.resolve(options.claims?.(requiredClaims, context)), signal)
            : undefined
        const nobody = !redirectUser || (requiredClaims.length > 0 && !options.onRedirect)
        if (spent || (!claim && nobody)) {
          const error = new NeedInfoError(`${issuer} needs claims that were not supplied (createRequester: claims)`, {
            issuer,
          })
          throw Object.assign(error, { requiredClaims })
        }
        if (!claim) {
          if (uma.interactive === false || !options.onRedirect) {
            throw new InteractionRequiredError(`${issuer} needs to talk to a person (createRequester: onRedirect)`, {
              issuer,
            })
          }
          const others = party.interactions.get(issuer)
          if (others) {
            // One interaction at a time; what it brought (a PCT) may be enough for this flow too.
            rounds--
            await abortable(others, signal)
          } else {
            // It lasts until its outcome was asked for: only then is there a PCT for the others.
            const lasting = new Promise<void>((resolve) => {
              endInteraction = resolve
            })
            party.interactions.set(issuer, lasting)
            lasting.then(() => party.interactions.delete(issuer))
            await interact(services, subject, context, state as FlowState, redirectUser as string, flow)
          }
        }
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
    endInteraction()
  }
}
