import { atLastRound, claimSeen, type ExpectedRow, failure, newRpt, newState, withoutRedirect } from '../kit.ts'

const requiredClaims = [{ name: 'age', raw: { name: 'age' } }]
const redirectUser = 'https://as.example/new-place'

const claimsRows: ExpectedRow[] = [
  {
    at: 'ask',
    when: 'claims are required, and a person may be sent',
    input: { kind: 'claims', state: newState, requiredClaims, redirectUser },
    changes: { ...claimSeen, at: 'claims', state: newState, requiredClaims, redirectUser, rounds: 2 },
    outcome: { effect: { kind: 'supply-claim' } },
  },
  {
    at: 'ask',
    when: 'claims are required in the last round, and no place for a person is named',
    given: { rounds: 2 },
    input: { kind: 'claims', state: newState, requiredClaims },
    changes: { ...claimSeen, at: 'claims', state: newState, requiredClaims, redirectUser: undefined, rounds: 3 },
    outcome: { effect: { kind: 'supply-claim' } },
  },
  {
    at: 'ask',
    when: 'claims are required, and the rounds are used up',
    given: atLastRound,
    input: { kind: 'claims', state: newState, requiredClaims, redirectUser },
    changes: { ...claimSeen, at: 'failed', state: newState, requiredClaims, redirectUser, rounds: 4 },
    outcome: failure('rounds-used-up'),
  },
  {
    at: 'ask',
    when: 'only a person can help',
    input: { kind: 'claims', state: newState, requiredClaims: [], redirectUser },
    changes: { ...claimSeen, at: 'person', state: newState, requiredClaims: [], redirectUser, rounds: 2 },
    outcome: { effect: { kind: 'redirect-person' } },
  },
  {
    at: 'ask',
    when: 'only a person can help, and there is no redirect handler: the effect reports the lack',
    given: withoutRedirect,
    input: { kind: 'claims', state: newState, requiredClaims: [], redirectUser },
    changes: { ...claimSeen, at: 'person', state: newState, requiredClaims: [], redirectUser, rounds: 2 },
    outcome: { effect: { kind: 'redirect-person' } },
  },
  {
    at: 'ask',
    when: 'only a person can help, and the rounds are used up',
    given: atLastRound,
    input: { kind: 'claims', state: newState, requiredClaims: [], redirectUser },
    changes: { ...claimSeen, at: 'failed', state: newState, requiredClaims: [], redirectUser, rounds: 4 },
    outcome: failure('rounds-used-up'),
  },
  {
    at: 'ask',
    when: 'neither claims nor a place for a person are named',
    input: { kind: 'claims', state: newState, requiredClaims: [] },
    changes: { ...claimSeen, at: 'failed', state: newState, requiredClaims: [], redirectUser: undefined, rounds: 2 },
    outcome: failure('claims-missing'),
  },
]

const pollRows: ExpectedRow[] = [
  {
    at: 'ask',
    when: 'the server names an interval',
    input: { kind: 'wait', state: newState, seconds: 9 },
    changes: { ...claimSeen, at: 'wait', state: newState, polls: 2 },
    outcome: { effect: { kind: 'wait', seconds: 9 } },
  },
  {
    at: 'ask',
    when: 'the server names no interval, before the last poll',
    given: { polls: 3 },
    input: { kind: 'wait', state: newState, seconds: undefined },
    changes: { ...claimSeen, at: 'wait', state: newState, polls: 4 },
    outcome: { effect: { kind: 'wait', seconds: 5 } },
  },
  {
    at: 'ask',
    when: 'the server names no time at all',
    input: { kind: 'wait', state: newState, seconds: 0 },
    changes: { ...claimSeen, at: 'wait', state: newState, polls: 2 },
    outcome: { effect: { kind: 'wait', seconds: 2 } },
  },
  {
    at: 'ask',
    when: 'the polls are used up',
    given: { polls: 4 },
    input: { kind: 'wait', state: newState, seconds: 9 },
    changes: { at: 'failed', state: newState },
    outcome: failure('polls-used-up'),
  },
]

const sendAgainRows: ExpectedRow[] = [
  {
    at: 'ask',
    when: 'for the first time',
    input: { kind: 'again', without: ['rpt'], canSend: true },
    changes: { at: 'send', without: ['pct', 'rpt'], recoveries: 1 },
    outcome: { directive: { kind: 'resend', reason: 'fresh-ticket', report: true } },
  },
  {
    at: 'ask',
    when: 'for the first time, with the RPT that brings a ticket, and without the same thing as before',
    input: { kind: 'again', without: ['pct'], rpt: newRpt, canSend: true },
    changes: { at: 'send', without: ['pct'], recoveries: 1 },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'fresh-ticket', report: true } },
  },
  {
    at: 'ask',
    when: 'for the first time, and the leader cannot send: the recovery is left for the next leader',
    input: { kind: 'again', without: ['rpt'], canSend: false },
    changes: { at: 'send', without: ['pct', 'rpt'] },
    outcome: { directive: { kind: 'resend', reason: 'fresh-ticket', report: true } },
  },
  {
    at: 'ask',
    when: 'for the second time',
    given: { recoveries: 1 },
    input: { kind: 'again', without: ['rpt'], canSend: true },
    changes: { at: 'failed' },
    outcome: failure('thrown'),
  },
  {
    at: 'ask',
    when: 'for the first time, and the leader can send again',
    input: { kind: 'issued', rpt: newRpt, canSend: true },
    changes: { at: 'send', issued: true, rpt: newRpt },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'granted', report: true } },
  },
  {
    at: 'ask',
    when: 'for the second time',
    given: { issued: true },
    input: { kind: 'issued', rpt: newRpt, canSend: true },
    changes: { at: 'granted', rpt: newRpt },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'granted', report: false } },
  },
  {
    at: 'ask',
    when: 'nobody can send',
    input: { kind: 'issued', rpt: newRpt, canSend: false },
    changes: { at: 'granted', rpt: newRpt },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'granted', report: false } },
  },
]

const signInRows: ExpectedRow[] = [
  {
    at: 'ask',
    when: 'the server names authentication context classes',
    input: { kind: 'sign-in', state: newState, acr: ['gold'] },
    changes: { ...claimSeen, at: 'sign-in', state: newState, acr: ['gold'], rounds: 2 },
    outcome: { effect: { kind: 'sign-in' } },
  },
  {
    at: 'ask',
    when: 'the server names no class, before the last round',
    given: { rounds: 2 },
    input: { kind: 'sign-in', state: newState },
    changes: { ...claimSeen, at: 'sign-in', state: newState, acr: undefined, rounds: 3 },
    outcome: { effect: { kind: 'sign-in' } },
  },
  {
    at: 'ask',
    when: 'the rounds are used up',
    given: atLastRound,
    input: { kind: 'sign-in', state: newState, acr: ['gold'] },
    changes: { ...claimSeen, at: 'failed', state: newState, acr: ['gold'], rounds: 4 },
    outcome: failure('sign-in-insufficient'),
  },
  {
    at: 'ask',
    when: 'for the first time',
    input: { kind: 'token-refused' },
    changes: { at: 'refresh', refreshed: true },
    outcome: { effect: { kind: 'refresh' } },
  },
  {
    at: 'ask',
    when: 'after a refresh',
    given: { refreshed: true },
    input: { kind: 'token-refused' },
    changes: { at: 'failed' },
    outcome: failure('token-refused'),
  },
  {
    at: 'ask',
    when: 'a round is left',
    input: { kind: 'nobody-signed-in' },
    changes: { at: 'sign-in', rounds: 2 },
    outcome: { effect: { kind: 'sign-in' } },
  },
  {
    at: 'ask',
    when: 'the rounds are used up',
    given: atLastRound,
    input: { kind: 'nobody-signed-in' },
    changes: { at: 'failed', rounds: 4 },
    outcome: failure('sign-in-insufficient'),
  },
]

const endRows: ExpectedRow[] = [
  {
    at: 'ask',
    when: 'always',
    input: { kind: 'granted', rpt: newRpt },
    changes: { at: 'granted', rpt: newRpt },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'granted', report: false } },
  },
  { at: 'ask', when: 'always', input: { kind: 'denied' }, changes: { at: 'failed' }, outcome: failure('thrown') },
  {
    at: 'ask',
    when: 'always',
    input: { kind: 'signed-out' },
    changes: { at: 'failed' },
    outcome: failure('signed-out'),
  },
  { at: 'ask', when: 'always', input: { kind: 'error' }, changes: { at: 'failed' }, outcome: failure('thrown') },
]

export const askRows: ExpectedRow[] = [...claimsRows, ...pollRows, ...sendAgainRows, ...signInRows, ...endRows]
