import type { Flow, FlowStateName } from '../../../src/flow/flow.ts'
import type { FlowDirective, FlowEffect, FlowFailure, FlowInput, FlowInputKind } from '../../../src/flow/inputs.ts'

/** One hand-written row: a flow and an input, and the whole result. */
export interface ExpectedRow {
  at: FlowStateName
  /** The branch within the row. */
  when: string
  /** The members in which the flow differs from the base before the transition. */
  given?: Partial<Flow>
  input: FlowInput
  /** The members that the transition changes. `undefined`: the member must be absent afterwards. */
  changes: Partial<Flow>
  /** The rest of the result. */
  outcome: { effect: FlowEffect } | { directive: FlowDirective }
}

/** A flow in the middle of its work. Every optional member is present, so that a lost member is noticed. */
export const base: Flow = {
  v: 2,
  at: 'look',
  id: 7,
  issuer: 'https://as.example',
  client: 'album',
  party: 'alice',
  place: { method: 'GET', url: 'https://photos.example/1.jpg', operation: 'op' },
  scheme: 'uma2',
  state: { ticket: 'old-ticket' },
  scope: 'view',
  parameters: { audience: 'photos' },
  interactive: true,
  epoch: 3,
  redirectUri: 'https://app.example/back',
  requiredClaims: [{ name: 'old-claim', raw: { name: 'old-claim' } }],
  redirectUser: 'https://as.example/old-place',
  acr: ['old-class'],
  resume: 'look',
  without: ['pct'],
  claim: 'digest-in-hand',
  claimsSent: ['old-digest'],
  pushClaims: false,
  triedNewest: false,
  issued: false,
  refreshed: false,
  rounds: 1,
  polls: 1,
  recoveries: 0,
  deadline: 1_000_000,
  limits: { rounds: 3, polls: 4, pollInterval: 5, minPollInterval: 2, redirect: true, pushClaims: false },
  rpt: { id: 'old-rpt', revision: 4 },
}

export const newRpt: { id: string; revision: number } = { id: 'new-rpt', revision: 1 }
export const newState: { ticket: string } = { ticket: 'new-ticket' }
/** The server has answered, so it has looked at the claim that went with the request. */
export const claimSeen: Partial<Flow> = { claim: undefined, claimsSent: ['old-digest', 'digest-in-hand'] }
export const atLastRound: Partial<Flow> = { rounds: 3 }
export const pushing: Partial<Flow> = { pushClaims: false, limits: { ...base.limits, pushClaims: true } }
export const withoutRedirect: Partial<Flow> = { limits: { ...base.limits, redirect: false } }

export const failure = (kind: FlowFailure): { directive: FlowDirective } => ({
  directive: { kind: 'fail', failure: kind },
})

/** One input of each kind. The type makes the list complete. */
export const sampleInputs: { [Kind in FlowInputKind]: Extract<FlowInput, { kind: Kind }> } = {
  held: { kind: 'held', rpt: newRpt },
  'worth-trying': { kind: 'worth-trying', rpt: newRpt },
  'nothing-held': { kind: 'nothing-held', epoch: 4 },
  granted: { kind: 'granted', rpt: newRpt },
  claims: { kind: 'claims', state: newState, requiredClaims: [{ name: 'age', raw: { name: 'age' } }] },
  wait: { kind: 'wait', state: newState, seconds: 9 },
  again: { kind: 'again', without: ['rpt'], canSend: true },
  issued: { kind: 'issued', rpt: newRpt, canSend: true },
  'sign-in': { kind: 'sign-in', state: newState },
  'token-refused': { kind: 'token-refused' },
  'nobody-signed-in': { kind: 'nobody-signed-in' },
  denied: { kind: 'denied' },
  'signed-out': { kind: 'signed-out' },
  challenged: { kind: 'challenged' },
  settled: { kind: 'settled' },
  lost: { kind: 'lost', next: true },
  claim: { kind: 'claim', digest: 'new-digest' },
  'no-claim': { kind: 'no-claim' },
  returned: { kind: 'returned', state: newState },
  'signed-in': { kind: 'signed-in' },
  waited: { kind: 'waited' },
  'not-interactive': { kind: 'not-interactive' },
  'redirect-loop': { kind: 'redirect-loop' },
  elapsed: { kind: 'elapsed' },
  refreshed: { kind: 'refreshed' },
  'not-refreshed': { kind: 'not-refreshed' },
  error: { kind: 'error' },
}

/** Every state once. The type makes the list complete. */
const everyState: Record<FlowStateName, true> = {
  look: true,
  ask: true,
  send: true,
  claims: true,
  person: true,
  'sign-in': true,
  refresh: true,
  wait: true,
  granted: true,
  failed: true,
}

export const states: FlowStateName[] = Object.keys(everyState) as FlowStateName[]
export const inputKinds: FlowInputKind[] = Object.keys(sampleInputs) as FlowInputKind[]

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
