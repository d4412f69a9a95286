import type { Flow, FlowStateName } from './flow.ts'
import type { FlowDirective, FlowEffect, FlowFailure, FlowInput, FlowInputKind } from './inputs.ts'

/** The result of a transition: the next value of the flow, and either an effect or a directive. */
export type FlowTurn = { flow: Flow; effect: FlowEffect } | { flow: Flow; directive: FlowDirective }

type ReportedResend = Extract<FlowDirective, { report: true }>
type InputOf<Kind extends FlowInputKind> = Extract<FlowInput, { kind: Kind }>
type Transition<Kind extends FlowInputKind> = (flow: Flow, input: InputOf<Kind>) => FlowTurn
type Row = { [Kind in FlowInputKind]?: Transition<Kind> }

/**
 * All legal transitions of a flow: for each state, the inputs that it accepts. Every transition is a pure function. Any
 * other pair of state and input is a bug, and throws.
 */
export const transitions: Record<FlowStateName, Row> = {
  look: {
    held: (flow, { rpt }) => grant({ ...flow, rpt }),
    'worth-trying': tryNewest,
    'nothing-held': (flow, { epoch, upgrade }) => ask({ ...flow, epoch, rpt: upgrade }),
    error: thrown,
  },
  ask: {
    granted: (flow, { rpt }) => grant({ ...flow, rpt }),
    claims: claimsRequired,
    wait: waitForOwner,
    again: askForFreshTicket,
    issued: useIssuedRpt,
    'sign-in': (flow, { state, acr }) => signIn({ ...claimSeen(flow), state, acr }),
    'token-refused': refreshOnce,
    'nobody-signed-in': (flow) => signIn(flow),
    denied: thrown,
    'signed-out': (flow) => fail(flow, 'signed-out'),
    error: thrown,
  },
  send: {
    challenged: (flow) => startAgain(flow),
    settled: (flow) => ({ flow: { ...flow, at: 'granted' }, directive: { kind: 'done' } }),
    lost: (flow, { next }) => (next ? startAgain(flow) : thrown(flow)),
    error: thrown,
  },
  claims: {
    claim: useClaim,
    'no-claim': goOnWithoutClaim,
    'nobody-signed-in': (flow) => signIn({ ...flow, resume: 'claims' }),
    error: thrown,
  },
  person: {
    returned: (flow, { state }) => look({ ...flow, state }),
    waited: (flow) => look({ ...flow, rounds: flow.rounds - 1 }),
    'not-interactive': (flow) => fail(flow, 'not-interactive'),
    'redirect-loop': (flow) => fail(flow, 'redirect-loop'),
    error: thrown,
  },
  'sign-in': {
    'signed-in': (flow) => resume(flow),
    waited: (flow) => afterOtherSignIn({ ...flow, rounds: flow.rounds - 1 }),
    'not-interactive': (flow) => fail(flow, 'not-interactive'),
    'redirect-loop': (flow) => fail(flow, 'redirect-loop'),
    error: thrown,
  },
  refresh: {
    refreshed: (flow) => resume(flow),
    'not-refreshed': (flow) => signIn(flow),
    error: thrown,
  },
  wait: {
    elapsed: (flow) => look(flow),
    error: thrown,
  },
  granted: {},
  failed: {},
}

/**
 * The next value of a flow.
 *
 * @throws Error if the flow does not expect this input; that is a bug of the interpreter
 */
export function transition(flow: Flow, input: FlowInput): FlowTurn {
  const next = transitions[flow.at][input.kind] as ((flow: Flow, input: FlowInput) => FlowTurn) | undefined
  if (!next) throw new Error(`A flow in the state ${flow.at} does not expect the input ${input.kind}`)
  return next(flow, input)
}

/** The first effect of a flow that was just created, or taken out of storage. */
export function firstEffect(flow: Flow): FlowEffect {
  if (flow.at === 'refresh') return { kind: 'refresh' }
  return flow.at === 'claims' ? { kind: 'supply-claim' } : { kind: 'look' }
}

const look = (flow: Flow): FlowTurn => ({ flow: { ...flow, at: 'look' }, effect: { kind: 'look' } })
const ask = (flow: Flow): FlowTurn => ({ flow: { ...flow, at: 'ask' }, effect: { kind: 'ask' } })
const supplyClaim = (flow: Flow): FlowTurn => ({ flow: { ...flow, at: 'claims' }, effect: { kind: 'supply-claim' } })

const fail = (flow: Flow, failure: FlowFailure): FlowTurn => ({
  flow: { ...flow, at: 'failed' },
  directive: { kind: 'fail', failure },
})

function thrown(flow: Flow): FlowTurn {
  return fail(flow, 'thrown')
}

function grant(flow: Flow): FlowTurn {
  const { rpt } = flow
  if (!rpt) throw new Error('A flow is granted an RPT')
  return { flow: { ...flow, at: 'granted' }, directive: { kind: 'resend', rpt, reason: 'granted', report: false } }
}

function sendWith(flow: Flow, how: Pick<ReportedResend, 'rpt' | 'reason'>): FlowTurn {
  return { flow: { ...flow, at: 'send' }, directive: { kind: 'resend', ...how, report: true } }
}

/** The newest RPT of the host is tried once in a flow. */
function tryNewest(flow: Flow, { rpt }: InputOf<'worth-trying'>): FlowTurn {
  if (flow.triedNewest) throw new Error('A flow tries the newest RPT once')
  return sendWith({ ...flow, triedNewest: true }, { rpt, reason: 'held' })
}

/** The server has answered, so it has looked at the claim. */
function claimSeen({ claim, ...flow }: Flow): Flow {
  return claim === undefined ? flow : { ...flow, claimsSent: [...flow.claimsSent, claim] }
}

/** Starts from the challenge of the current leader. The counters go on, because they bound the whole flow. */
function startAgain(flow: Flow): FlowTurn {
  const { state: _used, redirectUser: _old, acr: _acr, claim: _claim, ...rest } = flow
  const fresh: Flow = {
    ...rest,
    requiredClaims: [],
    claimsSent: [],
    pushClaims: flow.limits.pushClaims,
    resume: 'look',
  }
  return fresh.pushClaims ? supplyClaim(fresh) : look(fresh)
}

/** The sign-in of another flow may have been enough. */
function afterOtherSignIn(flow: Flow): FlowTurn {
  if (flow.goal !== 'sign-in') return resume(flow)
  return { flow: { ...flow, at: 'refresh' }, effect: { kind: 'refresh' } }
}

function resume(flow: Flow): FlowTurn {
  if (flow.goal === 'sign-in') return { flow: { ...flow, at: 'granted' }, directive: { kind: 'done' } }
  const { acr: _met, ...rest } = flow
  const next: Flow = { ...rest, resume: 'look' }
  return flow.resume === 'claims' ? supplyClaim(next) : look(next)
}

/** UMA Grant §3.3.6, `need_info`. */
function claimsRequired(flow: Flow, { state, requiredClaims, redirectUser }: InputOf<'claims'>): FlowTurn {
  const next: Flow = { ...claimSeen(flow), state, requiredClaims, redirectUser, rounds: flow.rounds + 1 }
  if (next.rounds > next.limits.rounds) return fail(next, 'rounds-used-up')
  return requiredClaims.length > 0 ? supplyClaim(next) : redirectPerson(next, 'claims-missing')
}

function useClaim(flow: Flow, { digest }: InputOf<'claim'>): FlowTurn {
  // The server has seen this claim and wants more.
  if (flow.claimsSent.includes(digest)) return redirectPerson(flow, 'claims-insufficient')
  return look({ ...flow, claim: digest, pushClaims: false })
}

function goOnWithoutClaim(flow: Flow): FlowTurn {
  if (flow.pushClaims) return look({ ...flow, pushClaims: false })
  return redirectPerson(flow, flow.claimsSent.length > 0 ? 'claims-insufficient' : 'claims-missing')
}

/** Sends the person to the authorization server, if it named a place to go; otherwise the flow fails. */
function redirectPerson(flow: Flow, failure: FlowFailure): FlowTurn {
  const couldBeSupplied = flow.requiredClaims.length > 0
  if (!flow.redirectUser || (couldBeSupplied && !flow.limits.redirect)) return fail(flow, failure)
  return { flow: { ...flow, at: 'person' }, effect: { kind: 'redirect-person' } }
}

/** UMA Grant §3.3.6, `request_submitted`. */
function waitForOwner(flow: Flow, { state, seconds }: InputOf<'wait'>): FlowTurn {
  const { polls: max, pollInterval, minPollInterval } = flow.limits
  if (flow.polls >= max) return fail({ ...flow, state }, 'polls-used-up')
  return {
    flow: { ...claimSeen(flow), at: 'wait', state, polls: flow.polls + 1 },
    effect: { kind: 'wait', seconds: Math.max(seconds ?? pollInterval, minPollInterval) },
  }
}

/** At most one recovery with a fresh ticket within a flow. A leader that cannot send does not use it up. */
function askForFreshTicket(flow: Flow, { without, rpt, canSend }: InputOf<'again'>): FlowTurn {
  if (flow.recoveries > 0) return thrown(flow)
  const next: Flow = { ...flow, recoveries: canSend ? 1 : 0, without: [...new Set([...flow.without, ...without])] }
  return sendWith(next, { rpt, reason: 'fresh-ticket' })
}

/** The host has a ticket for requests that show this RPT. A second RPT without a ticket ends the flow. */
function useIssuedRpt(flow: Flow, { rpt, canSend }: InputOf<'issued'>): FlowTurn {
  if (flow.issued || !canSend) return grant({ ...flow, rpt })
  return sendWith({ ...flow, issued: true, rpt }, { rpt, reason: 'granted' })
}

/** Another process may have refreshed the party's tokens meanwhile, so they are refreshed once before a sign-in. */
function refreshOnce(flow: Flow): FlowTurn {
  if (flow.refreshed) return fail(flow, 'token-refused')
  return { flow: { ...flow, at: 'refresh', refreshed: true }, effect: { kind: 'refresh' } }
}

function signIn(flow: Flow): FlowTurn {
  const next: Flow = { ...flow, rounds: flow.rounds + 1 }
  if (next.rounds > next.limits.rounds) return fail(next, 'sign-in-insufficient')
  return { flow: { ...next, at: 'sign-in' }, effect: { kind: 'sign-in' } }
}
