import { afterEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../../../src/async/deferred.ts'
import { RequestDeniedError } from '../../../src/errors/index.ts'
import { createFlows } from '../../../src/flow/flows.ts'
import { runFlow } from '../../../src/flow/run-flow.ts'
import { flowLockKey } from '../../../src/parties/party.ts'
import type { Step } from '../../../src/schemes/scheme.ts'
import { issuer } from '../authorization-server/kit.ts'
import { hold, host, key, participant, place, scriptedScheme, type WorldOptions, world } from './run-kit.ts'

const lock = flowLockKey(key, host)
const granted: Step = { kind: 'granted', grant: { token: 'rpt-1', type: 'bearer' }, upgraded: false }
const wait: Step = { kind: 'wait', seconds: 2 }
const denied = new RequestDeniedError('denied', { issuer })
const end = { kind: 'resend', reason: 'granted', report: false }

function led(steps: Step[], options: WorldOptions = {}, leader = participant()) {
  const made = world({ scheme: scriptedScheme(steps), ...options })
  const directive = made.shared.join(leader)
  directive.catch(() => {})
  return { ...made, leader, directive, types: () => made.events.map(({ type }) => type) }
}
afterEach(() => void vi.useRealTimers())

describe('runFlow', () => {
  it('ends with an RPT for all participants, and tells about the flow', async () => {
    const { run, directive, events, types, locks } = led([granted])
    const stop = vi.spyOn(run, 'stop')
    const endInteraction = vi.spyOn(run, 'endInteraction')
    await runFlow(run)
    expect(await directive).toMatchObject(end)
    expect(types()).toEqual(['flow-started', 'token-answer', 'rpt-stored', 'flow-ended'])
    expect(events[0]).toMatchObject({ resource: place.url, method: 'GET' })
    expect(events.at(-1)).toMatchObject({ outcome: 'granted' })
    expect([locks, stop.mock.calls.length, endInteraction.mock.calls.length]).toEqual([[lock], 1, 2])
  })

  it('fails for all participants with the error', async () => {
    const { run, directive, events } = led([{ kind: 'denied', error: denied }])
    const stop = vi.spyOn(run, 'stop')
    await expect(runFlow(run)).rejects.toBe(denied)
    await expect(directive).rejects.toBe(denied)
    expect(events.at(-1)).toMatchObject({ type: 'flow-ended', outcome: 'failed', code: denied.code })
    expect(stop).toHaveBeenCalledTimes(1)
  })

  it('hands an error of an effect to the flow', async () => {
    const error = new Error('no wallet')
    const { run, party, directive, events } = led([granted])
    Object.defineProperty(party, 'stored', { value: { sync: () => Promise.reject(error) } })
    await expect(runFlow(run)).rejects.toBe(error)
    await expect(directive).rejects.toBe(error)
    expect(events.at(-1)).toMatchObject({ code: undefined })
  })

  it('lets go of the lock while it waits, and looks again', async () => {
    vi.useFakeTimers()
    const { run, locks, events } = led([wait, granted])
    const running = runFlow(run)
    await vi.advanceTimersByTimeAsync(1999)
    expect([locks, events.at(-1)]).toEqual([[lock], { type: 'waiting', seconds: 2, flow: 7, issuer }])
    await vi.advanceTimersByTimeAsync(1)
    await running
    expect(locks).toEqual([lock, lock])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends if its work is given up', async () => {
    vi.useFakeTimers()
    const { run, shared } = led([wait])
    const running = runFlow(run)
    const outcome = running.catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(10)
    const reason = new Error('given up')
    shared.giveUp(reason)
    expect(await outcome).toBe(reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes no lock where the server ignores rpt', async () => {
    const { run, party, locks } = led([granted])
    party.neverUpgrades.add(lock)
    await runFlow(run)
    expect(locks).toEqual([])
  })

  it('does not hold the lock if the server was found to ignore rpt while the flow waited for the lock', async () => {
    const { run, party, shared } = led([granted])
    const before = deferred<void>()
    const blocked = party.lock(lock, () => before.promise)
    const running = runFlow(run)
    await new Promise((resolve) => setTimeout(resolve, 5))
    party.neverUpgrades.add(lock)
    let isFree = false
    const look = vi.spyOn(party.wallet, 'newest').mockImplementation(() => {
      void party.lock(lock, async () => {
        isFree = true
      })
      return undefined
    })
    before.resolve()
    await blocked
    await running
    expect([look.mock.calls.length, isFree, shared.leader]).toEqual([1, true, undefined])
  })

  it('does not begin if it was given up while it waited for the lock', async () => {
    const { run, party, shared } = led([granted])
    const before = deferred<void>()
    void party.lock(lock, () => before.promise)
    const outcome = runFlow(run).catch((error: unknown) => error)
    const newest = vi.spyOn(party.wallet, 'newest')
    await new Promise((resolve) => setTimeout(resolve, 5))
    const reason = new Error('given up')
    shared.giveUp(reason)
    before.resolve()
    expect(await outcome).toBe(reason)
    expect(newest).not.toHaveBeenCalled()
  })

  it('lets the leader try the newest RPT, and ends when the leader has an answer', async () => {
    const made = led([granted])
    hold(made, 'newest')
    const running = runFlow(made.run)
    expect(await made.directive).toMatchObject({ kind: 'resend', reason: 'held', report: true })
    const next = made.shared.report(made.leader, { kind: 'settled' })
    await running
    expect(await next).toEqual({ kind: 'done' })
  })

  it('dismisses a leader that cannot bring a fresh ticket', async () => {
    const again: Step = { kind: 'again', without: ['pct'], drop: false, error: denied }
    const made = led([again, granted], {}, participant({ replayable: false }))
    const second = made.shared.join(participant({ challenge: { ticket: 'ticket-2' } }))
    await runFlow(made.run)
    await expect(made.directive).rejects.toBe(denied)
    expect(await second).toMatchObject(end)
  })

  it('signs the person in if the party has no token, after the lock was released', async () => {
    const party: Step = { kind: 'ask', endpoint: `${issuer}/token`, by: 'party' }
    const { run, locks } = led([party], { options: {} })
    await expect(runFlow(run)).rejects.toMatchObject({ code: 'interaction_required' })
    expect(locks.filter((name) => name === lock)).toEqual([lock])
  })
})

describe('the flows of a requester', () => {
  function flowsOf(steps: Step[]) {
    const made = world({ scheme: scriptedScheme(steps) })
    made.run.stop()
    return { ...made, flows: createFlows(made.access) }
  }

  it('are shared by requests for one place', async () => {
    const { flows, target, events } = flowsOf([granted])
    const first = flows.join(target, participant())
    const second = flows.join(target, participant())
    const other = flows.join({ ...target, uma: { scope: 'other' } }, participant())
    expect([second.shared === first.shared, other.shared === first.shared]).toEqual([true, false])
    expect(await Promise.all([first.directive, second.directive, other.directive])).toMatchObject([end, end, end])
    expect(events.filter(({ type }) => type === 'flow-started')).toMatchObject([{ flow: 1 }, { flow: 2 }])
    await new Promise((resolve) => setTimeout(resolve, 0))
    const later = flows.join(target, participant())
    expect(later.shared).not.toBe(first.shared)
    await later.directive
  })

  it('end together', async () => {
    const { flows, target, party } = flowsOf([{ kind: 'wait', seconds: 60 }])
    const { directive, shared } = flows.join(target, participant())
    const reason = new Error('signed out')
    flows.endAll(party, reason)
    expect(shared.signal.reason).toBe(reason)
    await expect(directive).rejects.toBe(reason)
  })

  it('go on after storage under a number of their own', async () => {
    const { flows, target, run, events, party } = flowsOf([granted])
    await flows.resume(target, { ...run.flow, state: { ticket: 'stored' } })
    expect(events[0]).toMatchObject({ type: 'flow-started', flow: 1 })
    expect(party.wallet.newest(host, key)?.grant.token).toBe('rpt-1')
    const failing = flowsOf([{ kind: 'denied', error: denied }])
    const stored = { ...failing.run.flow, state: { ticket: 'stored' } }
    await expect(failing.flows.resume(failing.target, stored)).rejects.toBe(denied)
  })
})
