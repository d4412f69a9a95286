/** How a request is repeated: how often, after which answers, and how long it waits. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { callAgain, retryAfter } from '../../../src/authorization-server/retry.ts'
import { type Act, issuer, outcomeOf, scriptedFetch, status } from './kit.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

async function run(acts: Act[], options: Parameters<typeof callAgain>[4] = {}) {
  const server = scriptedFetch(...acts)
  const outcome = outcomeOf(callAgain(server.caller, issuer, `${issuer}/x`, {}, options))
  await vi.advanceTimersByTimeAsync(300_000)
  return { ...server, outcome: await outcome }
}

const statusOf = (outcome: unknown): unknown => (outcome as { value: { status: number } }).value.status

describe('Retry-After', () => {
  test.each<[string, number | undefined]>([
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['Tue, 01 Jan 2030 00:00:30 GMT', 30_000],
    ['Mon, 31 Dec 2029 23:00:00 GMT', 0],
    ['Tuesday, 01-Jan-30 00:00:30 GMT', 30_000],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('%j', (value, expected) => {
    expect(retryAfter(new Headers({ 'retry-after': value }))).toBe(expected)
  })

  test('absent', () => {
    expect(retryAfter(new Headers())).toBeUndefined()
  })

  test.each([
    ['seconds', '7', 7_000],
    ['a date', 'Tue, 01 Jan 2030 00:00:30 GMT', 30_000],
    ['more than 60 s: 60 s', '86400', 60_000],
    ['an endless number: 60 s', '9'.repeat(400), 60_000],
  ])('%s is waited for', async (_, value, wait) => {
    const { pauses, outcome } = await run([status(429, { 'retry-after': value }), status(200)])
    expect(statusOf(outcome)).toBe(200)
    expect(pauses()).toEqual([wait + 200])
  })
})

describe('which answers', () => {
  test('after the last attempt nothing is waited for', async () => {
    const { caller } = scriptedFetch(status(503, { 'retry-after': '50' }))
    let settled = false
    void outcomeOf(callAgain(caller, issuer, `${issuer}/x`, {})).then(() => {
      settled = true
    })
    await vi.advanceTimersByTimeAsync(2 * 50_000 + 600)
    expect([settled, vi.getTimerCount()]).toEqual([true, 0])
  })

  test.each([429, 503])('%i with Retry-After: three attempts, then the answer', async (code) => {
    const { sent, pauses, outcome } = await run([status(code, { 'retry-after': '1' })])
    expect([sent.length, statusOf(outcome)]).toEqual([3, code])
    expect(pauses()).toEqual([1_200, 1_400])
  })

  test.each([
    [429, {}],
    [503, {}],
    [500, {}],
    [500, { 'retry-after': '1' }],
    [404, { 'retry-after': '1' }],
    [200, { 'retry-after': '1' }],
  ])('%i with %j: one attempt', async (code, headers) => {
    const { sent, outcome } = await run([status(code, headers as Record<string, string>)])
    expect([sent.length, statusOf(outcome)]).toEqual([1, code])
  })

  test.each([500, 502, 503])('%i, if server errors are repeated: three attempts, 200 ms doubling', async (code) => {
    const { pauses, outcome } = await run([status(code)], { serverErrors: true })
    expect([pauses(), statusOf(outcome)]).toEqual([[200, 400], code])
  })

  test('429 without Retry-After is no server error', async () => {
    const { sent } = await run([status(429)], { serverErrors: true })
    expect(sent.length).toBe(1)
  })
})

describe('network faults', () => {
  test('three attempts, then the error of fetch', async () => {
    const { pauses, outcome } = await run(['reset'])
    expect(pauses()).toEqual([200, 400])
    expect(outcome).toMatchObject({ error: { name: 'TypeError', message: 'fetch failed' } })
  })

  test('any error of fetch counts, also one that is no TypeError or has another text', async () => {
    const odd: Act = () => {
      throw new TypeError('the wire is cut')
    }
    const { sent, outcome } = await run([odd, status(200)])
    expect([sent.length, statusOf(outcome)]).toEqual([2, 200])
  })

  test('a call that timed out is not repeated', async () => {
    const { sent, outcome } = await run(['hang'])
    expect(sent.length).toBe(1)
    expect(outcome).toMatchObject({ error: { code: 'timeout', retryable: true, issuer } })
  })

  test('a call that was not sent is not repeated', async () => {
    const { caller, sent } = scriptedFetch('reset')
    const outcome = outcomeOf(callAgain({ ...caller, notSent: () => true }, issuer, `${issuer}/x`, {}))
    await vi.advanceTimersByTimeAsync(300_000)
    expect([sent.length, await outcome]).toMatchObject([1, { error: { message: 'fetch failed' } }])
  })
})

describe('the signal', () => {
  test.each<[string, Act]>([
    ['while Retry-After is waited for', status(503, { 'retry-after': '30' })],
    ['while the call is under way', 'hang'],
  ])('ends the request %s, at once', async (_, act) => {
    const { caller, sent } = scriptedFetch(act)
    const end = new AbortController()
    const outcome = outcomeOf(callAgain(caller, issuer, `${issuer}/x`, {}, { signal: end.signal }))
    await vi.advanceTimersByTimeAsync(5_000)
    end.abort(new Error('nobody waits'))
    expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0])
  })

  test('ends the pause between two attempts', async () => {
    const { caller, sent } = scriptedFetch('reset')
    const end = new AbortController()
    const outcome = outcomeOf(callAgain(caller, issuer, `${issuer}/x`, {}, { signal: end.signal }))
    await vi.advanceTimersByTimeAsync(100)
    end.abort(new Error('nobody waits'))
    expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0])
  })

  test('aborted before: nothing is sent', async () => {
    const { caller, sent } = scriptedFetch(status(200))
    const signal = AbortSignal.abort(new Error('too late'))
    const outcome = await outcomeOf(callAgain(caller, issuer, `${issuer}/x`, {}, { signal }))
    expect([sent.length, outcome]).toMatchObject([0, { error: { message: 'too late' } }])
  })
})

test('no timer is left after an answer', async () => {
  const { caller } = scriptedFetch(status(200))
  await callAgain(caller, issuer, `${issuer}/x`, {})
  expect(vi.getTimerCount()).toBe(0)
})
