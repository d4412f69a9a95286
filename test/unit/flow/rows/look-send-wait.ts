import type { Flow } from '../../../../src/flow/flow.ts'
import { type ExpectedRow, failure, newRpt, pushing } from '../kit.ts'

/** The members that change when a flow starts from the challenge of the current leader. */
const startedAgain: Partial<Flow> = {
  at: 'look',
  state: undefined,
  redirectUser: undefined,
  acr: undefined,
  requiredClaims: [],
  claim: undefined,
  claimsSent: [],
  pushClaims: false,
  resume: 'look',
}

export const lookRows: ExpectedRow[] = [
  {
    at: 'look',
    when: 'another flow obtained an RPT',
    input: { kind: 'held', rpt: newRpt },
    changes: { at: 'granted', rpt: newRpt },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'granted', report: false } },
  },
  {
    at: 'look',
    when: 'the newest RPT may open the place',
    input: { kind: 'worth-trying', rpt: newRpt },
    changes: { at: 'send', triedNewest: true },
    outcome: { directive: { kind: 'resend', rpt: newRpt, reason: 'held', report: true } },
  },
  {
    at: 'look',
    when: 'there is an RPT to upgrade',
    input: { kind: 'nothing-held', epoch: 4, upgrade: newRpt },
    changes: { at: 'ask', epoch: 4, rpt: newRpt },
    outcome: { effect: { kind: 'ask' } },
  },
  {
    at: 'look',
    when: 'there is no RPT to upgrade',
    input: { kind: 'nothing-held', epoch: 3 },
    changes: { at: 'ask', rpt: undefined },
    outcome: { effect: { kind: 'ask' } },
  },
  { at: 'look', when: 'always', input: { kind: 'error' }, changes: { at: 'failed' }, outcome: failure('thrown') },
]

export const sendRows: ExpectedRow[] = [
  {
    at: 'send',
    when: 'claims do not go first; every counter goes on',
    given: {
      resume: 'claims',
      triedNewest: true,
      issued: true,
      refreshed: true,
      rounds: 2,
      polls: 3,
      recoveries: 1,
    },
    input: { kind: 'challenged' },
    changes: startedAgain,
    outcome: { effect: { kind: 'look' } },
  },
  {
    at: 'send',
    when: 'claims go first again',
    given: pushing,
    input: { kind: 'challenged' },
    changes: { ...startedAgain, at: 'claims', pushClaims: true },
    outcome: { effect: { kind: 'supply-claim' } },
  },
  {
    at: 'send',
    when: 'always',
    input: { kind: 'settled' },
    changes: { at: 'granted' },
    outcome: { directive: { kind: 'done' } },
  },
  {
    at: 'send',
    when: 'another participant leads',
    given: { recoveries: 1, rounds: 3 },
    input: { kind: 'lost', next: true },
    changes: startedAgain,
    outcome: { effect: { kind: 'look' } },
  },
  {
    at: 'send',
    when: 'another participant leads, and claims go first',
    given: pushing,
    input: { kind: 'lost', next: true },
    changes: { ...startedAgain, at: 'claims', pushClaims: true },
    outcome: { effect: { kind: 'supply-claim' } },
  },
  {
    at: 'send',
    when: 'nobody else waits',
    input: { kind: 'lost', next: false },
    changes: { at: 'failed' },
    outcome: failure('thrown'),
  },
  { at: 'send', when: 'always', input: { kind: 'error' }, changes: { at: 'failed' }, outcome: failure('thrown') },
]

export const waitRows: ExpectedRow[] = [
  {
    at: 'wait',
    when: 'always',
    input: { kind: 'elapsed' },
    changes: { at: 'look' },
    outcome: { effect: { kind: 'look' } },
  },
  { at: 'wait', when: 'always', input: { kind: 'error' }, changes: { at: 'failed' }, outcome: failure('thrown') },
]
