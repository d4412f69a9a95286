/** R7: a flow that has ended leaves no timer behind. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { path, person, REDIRECT_URI, umaRejection } from '../flows/kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

/** Whether code of the requester is on the stack, and no code of the simulated servers. */
function isOurs(): boolean {
  const { stack = '' } = new Error('stack')
  return /\/src\//.test(stack) && !/\/src\/(testing|host)\//.test(stack)
}

/** Watches the timers that the requester starts. */
function watchTimers(): { started(): number; pending(): number } {
  const pending = new Set<unknown>()
  let started = 0
  const { setTimeout: start, clearTimeout: clear } = globalThis
  const timeouts = vi.spyOn(AbortSignal, 'timeout')
  const starts = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    task: (...args: unknown[]) => unknown,
    ms?: number,
    ...args: unknown[]
  ) => {
    if (!isOurs()) return start(task, ms, ...args)
    started += 1
    const timer = start(() => {
      pending.delete(timer)
      task(...args)
    }, ms)
    pending.add(timer)
    return timer
  }) as typeof setTimeout)
  const clears = vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    pending.delete(timer)
    clear(timer as Parameters<typeof clearTimeout>[0])
  })
  onTestFinished(() => {
    for (const spy of [timeouts, starts, clears]) spy.mockRestore()
  })
  return {
    started: () => started,
    pending: () => pending.size + timeouts.mock.calls.filter(([ms]) => ms > 1_000).length,
  }
}

test('R7: 200 flows that were granted', async () => {
  const world = await startWorld({ host: { direct: true } })
  const requester = world.requester()
  const timers = watchTimers()
  for (let n = 0; n < 200; n++) {
    expect((await requester.fetch(`${world.host.origin}/alice/${n}.jpg`)).status).toBe(200)
  }
  expect(world.events.filter(({ type }) => type === 'flow-ended').length).toBe(200)
  expect(timers.started()).toBeGreaterThanOrEqual(200)
  expect(timers.pending()).toBe(0)
})

test('R7: flows that failed, were aborted, or waited for a person or an owner', async () => {
  const world = await startWorld({ as: { policy: onlyPeople('alice') } })
  const timers = watchTimers()
  const plain = world.requester()
  for (let n = 0; n < 5; n++) await umaRejection(plain.fetch(`${world.host.origin}/alice/${n}.jpg`))
  const withPeople = world.requester({ redirectUri: REDIRECT_URI, onRedirect: person() })
  expect((await withPeople.fetch(world.host.origin + path)).status).toBe(200)

  const controller = new AbortController()
  const waits = world.requester({ redirectUri: REDIRECT_URI, onRedirect: async () => abortWhenAsked(controller) })
  await expect(waits.fetch(world.host.origin + path, { signal: controller.signal })).rejects.toThrow('aborted')

  world.as.policy = () => ({ submitted: {} })
  const polls = world.requester({ polling: { interval: 0, minInterval: 0, max: 2 } })
  expect((await umaRejection(polls.fetch(world.host.origin + path))).code).toBe('request_submitted')
  expect(timers.started()).toBeGreaterThan(7)
  expect(timers.pending()).toBe(0)
})

/** The person never comes back, and the caller gives up. */
function abortWhenAsked(controller: AbortController): Promise<never> {
  controller.abort()
  return new Promise(() => {})
}
