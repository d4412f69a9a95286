import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as errors from '../../../src/errors/index.ts'
import { failureError } from '../../../src/flow/failure.ts'
import type { FlowStateName } from '../../../src/flow/flow.ts'
import type { FlowFailure } from '../../../src/flow/inputs.ts'
import { issuer } from '../authorization-server/kit.ts'
import { world } from './run-kit.ts'

const requiredClaims = [{ name: 'age', raw: { name: 'age' } }]

describe('the error of a failed flow', () => {
  const rows: [FlowFailure, new (...args: never[]) => Error, object][] = [
    [
      'claims-missing',
      errors.NeedInfoError,
      { requiredClaims, message: `${issuer} needs claims that were not supplied (createRequester: claims)` },
    ],
    ['claims-insufficient', errors.NeedInfoError, { requiredClaims, reason: 'insufficient' }],
    [
      'rounds-used-up',
      errors.NeedInfoError,
      {
        requiredClaims,
        reason: 'max_rounds',
        message: `${issuer} still needs claims that were not supplied, after 5 rounds (maxRounds)`,
      },
    ],
    ['sign-in-insufficient', errors.NeedInfoError, { message: `${issuer} is not content with the sign-in` }],
    [
      'polls-used-up',
      errors.RequestSubmittedError,
      { message: `${issuer} has asked the owner, who has not decided yet` },
    ],
    ['token-refused', errors.TokenRequestError, { code: 'invalid_token' }],
    [
      'not-interactive',
      errors.InteractionRequiredError,
      { message: `${issuer} needs to talk to a person (createRequester: onRedirect)` },
    ],
    ['redirect-loop', errors.InteractionRequiredError, { reason: 'redirect_loop' }],
    ['signed-out', errors.InvalidStateError, { message: 'Signed out meanwhile' }],
  ]
  it.each(rows)('%s', (failure, ErrorClass, members) => {
    const { run } = world({ flow: { requiredClaims } })
    const error = failureError(run, failure)
    expect(error).toBeInstanceOf(ErrorClass)
    expect(error).toMatchObject({ issuer, ...members })
    run.stop()
  })

  it('is the error that was thrown', () => {
    const { run } = world()
    run.error = new Error('thrown')
    expect(failureError(run, 'thrown')).toBe(run.error)
    run.stop()
  })

  it('says that the request forbids an interaction', () => {
    const { run } = world({ options: { onRedirect: async () => '' } })
    const message = `${issuer} needs to talk to a person, and this request has interactive: false`
    expect(failureError(run, 'not-interactive')).toMatchObject({ message })
    run.stop()
  })
})

describe('the deadline of a flow', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const callback = '(does the callback page call handleCallback() or completePopup()?)'
  const waits: [FlowStateName, string][] = [
    ['ask', 'the authorization server'],
    ['send', 'the host'],
    ['claims', 'the claims of the application'],
    ['person', `a person at the authorization server ${callback}`],
    ['sign-in', `a person who signs in ${callback}`],
    ['refresh', "a refresh of the party's tokens"],
    ['wait', 'the decision of the owner'],
    ['look', 'another flow'],
  ]
  it.each(waits)('in the state %s', (at, what) => {
    const { run, shared } = world({ flow: { deadline: Date.now() + 1000 } })
    run.flow = { ...run.flow, at }
    vi.advanceTimersByTime(999)
    expect(shared.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    const message = `The flow took longer than 300000 ms; it waited for ${what}`
    expect(shared.signal.reason).toBeInstanceOf(errors.UmaTimeoutError)
    expect(shared.signal.reason).toMatchObject({ message, issuer })
  })

  it('names the configured time, and counts a past deadline as now', () => {
    const { shared } = world({ options: { timeouts: { flow: 50 } }, flow: { deadline: 0 } })
    vi.advanceTimersByTime(0)
    expect(shared.signal.reason.message).toContain('longer than 50 ms')
  })

  it('does not overflow a timer', () => {
    const { run, shared } = world({ flow: { deadline: Date.now() + 1e12 } })
    vi.advanceTimersByTime(60_000)
    expect(shared.signal.aborted).toBe(false)
    run.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('tells the number of the flow and the issuer with each event', () => {
    const { run, events } = world()
    run.say({ type: 'redirect' })
    expect(events).toEqual([{ type: 'redirect', flow: 7, issuer }])
    run.endInteraction()
    run.stop()
  })
})
