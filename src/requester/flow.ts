import type { FlowContext } from '../authorization-server/client-authentication.ts'
import type { Discovery } from '../authorization-server/discovery.ts'
import { requestToken } from '../authorization-server/token-request.ts'
import type { Caller } from '../authorization-server/call.ts'
import { NeedInfoError, UmaError, UmaTimeoutError } from '../errors.ts'
import type { Claim, FlowState, Step } from '../schemes/scheme.ts'
import { bare, type Tell } from './events.ts'
import { type Flight, leave, type Participant } from './flight.ts'
import { sleep } from './lock.ts'
import type { RequesterOptions, UmaRequestOptions } from './options.ts'
import type { Party } from './party.ts'
import type { Authority } from './trust.ts'
import type { Rpt } from './wallet.ts'

/** What every flow of a requester has in common. */
export interface FlowServices {
  options: RequesterOptions
  caller: Caller
  discovery: Discovery
  tell: Tell
  /** Milliseconds for a whole flow. */
  flowTimeout: number
  nextFlow(): number
}

/** What one flow is about. */
export interface FlowSubject {
  party: Party
  authority: Authority
  method: string
  /** The URL asked for, without fragment. */
  url: string
  /** Its origin: the only one that will see the RPT. */
  host: string
  uma: UmaRequestOptions
}

/** Most token requests in one flow, apart from polls. */
const maxRounds = 5

/** What a round ends with, when it did not have to ask: an RPT that was granted meanwhile, or one worth trying first. */
type Round = Step | { kind: 'held' | 'try'; rpt: Rpt } | { kind: 'unlocked' }

/**
 * The flow interpreter: goes from a challenge to an RPT in the wallet, round by round, as the scheme says what comes next. It
 * resolves with the RPT; with undefined when the leader's request was answered otherwise in between.
 *
 * The lock covers exactly: re-read the newest RPT, ask, store. It is let go before anything that takes people or time.
 */
export async function fly(services: FlowServices, subject: FlowSubject, flight: Flight): Promise<Rpt | undefined> {
  const { options, caller, discovery, tell } = services
  const { party, authority, method, url, host, uma } = subject
  const { server, scheme, client } = authority
  const { issuer } = server
  const { wallet, pcts, neverUpgrades } = party
  const { controller, participants } = flight
  const { signal } = controller
  const context: FlowContext = { requestingParty: party.name, issuer, resource: url, signal }
  const lockKey = `${authority.key} ${host}`
  const flow = services.nextFlow()

  const timer = setTimeout(
    () => controller.abort(new UmaTimeoutError(`The flow took longer than ${services.flowTimeout} ms`, { issuer })),
    services.flowTimeout,
  )
  tell({ type: 'flow-started', flow, resource: bare(url), method, issuer })
  try {
    const metadata = await discovery(server, scheme.wellKnown)
    const without = new Set<'rpt' | 'pct'>()
    let claim: Claim | undefined = server.pushClaims === 'first' ? await options.claims?.([], context) : undefined
    let state: FlowState | undefined
    let recovered = false
    let triedNewest = false
    let sent: Rpt | undefined

    const round = async (number: number): Promise<Round> => {
      if (!state) {
        const leader = participants[0] as Participant
        const held = wallet.at(method, url)
        if (held && !leader.tried.has(held.grant.token)) return { kind: 'held', rpt: held }
        const newest = wallet.newest(host, authority.key)
        if (newest && !triedNewest && leader.again && !leader.tried.has(newest.grant.token) && !neverUpgrades.has(lockKey)) {
          return { kind: 'try', rpt: newest }
        }
        state = scheme.start(leader.challenge)
        leader.spent = true
        sent = leader.rpt?.held && leader.rpt.authority === authority.key ? leader.rpt : newest
      }
      if (without.has('rpt') || neverUpgrades.has(lockKey)) sent = undefined
      else if (!sent?.held) sent = wallet.newest(host, authority.key)
      const rpt = sent?.grant.token
      const pct = without.has('pct') ? undefined : pcts.get(authority.key)
      tell({ type: 'token-request', flow, issuer, round: number, rpt: !!rpt, pct: !!pct, claim: !!claim })
      const step = await scheme.next(
        state,
        { rpt, pct, claim, scope: uma.scope, parameters: { ...server.parameters, ...uma.parameters } },
        {
          ...context,
          metadata,
          clientId: client.id,
          unchangedTicket: server.unchangedTicket === true,
          requestToken: (grantType, parameters) => requestToken(caller, metadata, client, grantType, parameters, context),
        },
      )
      tell({ type: 'token-answer', flow, issuer, round: number, step: step.kind })
      if (step.kind === 'granted') {
        if (rpt && !step.upgraded) neverUpgrades.add(lockKey)
        if (step.pct) pcts.set(authority.key, step.pct)
        const { grant, upgraded } = step
        const stored = wallet.store(grant, scheme.present(grant), authority.key, host, upgraded && rpt ? sent : undefined)
        wallet.opened(stored, method, url)
        const { expiresAt } = grant
        tell({ type: 'rpt-stored', flow, issuer, host, upgraded, ...(expiresAt && { expiresAt }) })
        return { kind: 'held', rpt: stored }
      }
      return step
    }

    for (let number = 1; ; ) {
      signal.throwIfAborted()
      // Where `rpt` is known to be ignored, there is nothing to lose and nobody waits for anybody.
      let step: Round = { kind: 'unlocked' }
      if (!neverUpgrades.has(lockKey)) {
        step = await party.lock(lockKey, async () =>
          signal.aborted || neverUpgrades.has(lockKey) ? { kind: 'unlocked' } : round(number),
        )
        signal.throwIfAborted()
      }
      if (step.kind === 'unlocked') step = await round(number)

      switch (step.kind) {
        case 'held':
          tell({ type: 'flow-ended', flow, issuer, outcome: 'granted' })
          return step.rpt
        case 'try': {
          triedNewest = true
          if (await askAgain(step.rpt, 'held')) break
          return wallet.at(method, url)
        }
        case 'again': {
          for (const bad of step.without) {
            without.add(bad)
            if (step.drop && bad === 'pct') pcts.delete(authority.key)
            if (step.drop && bad === 'rpt' && sent) wallet.drop(sent)
          }
          if (recovered || !participants[0]?.again) throw step.error
          recovered = true
          if (await askAgain(undefined, 'fresh-ticket')) break
          return wallet.at(method, url)
        }
        case 'claims': {
          if (number++ >= maxRounds) throw new NeedInfoError(`${issuer} still wants claims after ${maxRounds} rounds`, { issuer })
          tell({ type: 'claims-needed', flow, issuer })
          claim = step.requiredClaims.length > 0 ? await options.claims?.(step.requiredClaims, context) : undefined
          if (!claim) {
            throw new NeedInfoError(`${issuer} wants claims that were not supplied: give createRequester({ claims })`, { issuer })
          }
          break
        }
        case 'wait': {
          const seconds = Math.max(step.seconds ?? 5, 1)
          tell({ type: 'waiting', flow, issuer, seconds })
          await sleep(seconds * 1000, signal)
          break
        }
        case 'denied':
          throw step.error
      }
    }

    /** Lets the leader send again; true: with a fresh challenge in hand. A leader that fails or aborts hands over to the next. */
    async function askAgain(rpt: Rpt | undefined, reason: 'held' | 'fresh-ticket'): Promise<boolean> {
      const leader = participants[0] as Participant
      state = undefined
      try {
        const challenge = await leader.again?.(rpt, reason)
        if (challenge) leader.challenge = challenge
        return challenge !== undefined
      } catch (error) {
        leader.fail?.(error)
        leave(flight, leader)
        if (participants.length === 0) throw error
        return true
      }
    }
  } catch (error) {
    const code = error instanceof UmaError ? { code: error.code } : {}
    tell({ type: 'flow-ended', flow, issuer, outcome: 'failed', ...code })
    throw error
  } finally {
    clearTimeout(timer)
  }
}
