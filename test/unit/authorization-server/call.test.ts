/** One call: its time-out, its signal, and what it leaves behind. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call } from '../../../src/authorization-server/call.ts'
import { issuer, json, outcomeOf, scriptedFetch } from './kit.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const url = `${issuer}/x`

test('the answer with its headers', async () => {
  const { caller } = scriptedFetch(json({ a: 1 }, 201, { 'x-more': 'yes' }))
  const answer = await call(caller, issuer, url, {})
  expect([answer.status, answer.text, answer.headers.get('x-more')]).toEqual([201, '{"a":1}', 'yes'])
})

test('no timer and no listener is left when the call has ended', async () => {
  const signal = new AbortController().signal
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  for (const act of [json({}), 'reset'] as const) {
    await outcomeOf(call(scriptedFetch(act).caller, issuer, url, {}, signal))
    expect(vi.getTimerCount()).toBe(0)
  }
  expect(added.mock.calls.length).toBe(2)
  expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(added.mock.calls.map(([, listener]) => listener))
})

test('R7: no signal of its own stays alive', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  await call(scriptedFetch(json({})).caller, issuer, url, {})
  expect(timeout).not.toHaveBeenCalled()
  timeout.mockRestore()
})

test('the time-out ends the request, and a fetch that does not obey its signal is left', async () => {
  let given: AbortSignal | null | undefined
  const deaf = (async (_url, init) => {
    given = init?.signal
    return new Promise(() => {})
  }) as typeof fetch
  const outcome = outcomeOf(call({ fetch: () => deaf, timeout: 500 }, issuer, url, {}))
  await vi.advanceTimersByTimeAsync(499)
  expect(given?.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(2)
  expect(await outcome).toMatchObject({ error: { code: 'timeout', retryable: true } })
  expect([given?.aborted, vi.getTimerCount()]).toEqual([true, 0])
})

test('the time-out counts for the body, too', async () => {
  const slow = (async (_url, init) => {
    const body = new ReadableStream({
      start(controller) {
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      },
    })
    return new Response(body)
  }) as typeof fetch
  const outcome = outcomeOf(call({ fetch: () => slow, timeout: 500 }, issuer, url, {}))
  await vi.advanceTimersByTimeAsync(500)
  expect(await outcome).toMatchObject({ error: { code: 'timeout' } })
})

test('a time-out that is longer than a timer can be does not end the call at once', async () => {
  const { caller } = scriptedFetch('hang')
  let ended = false
  void outcomeOf(call({ ...caller, timeout: Number.POSITIVE_INFINITY }, issuer, url, {})).then(() => {
    ended = true
  })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(ended).toBe(false)
})

test('the signal, too, leaves a fetch that does not obey', async () => {
  const deaf = (async () => new Promise(() => {})) as typeof fetch
  const end = new AbortController()
  const outcome = outcomeOf(call({ fetch: () => deaf, timeout: 500 }, issuer, url, {}, end.signal))
  end.abort(new Error('nobody waits'))
  expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
})

test('an error that a fetch makes of an abort is replaced by the reason', async () => {
  const wrapping = ((_url, init) =>
    new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('request failed')))
    })) as typeof fetch
  const end = new AbortController()
  const outcome = outcomeOf(call({ fetch: () => wrapping, timeout: 500 }, issuer, url, {}, end.signal))
  end.abort(new Error('nobody waits'))
  expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
  const late = outcomeOf(call({ fetch: () => wrapping, timeout: 500 }, issuer, url, {}))
  await vi.advanceTimersByTimeAsync(501)
  expect(await late).toMatchObject({ error: { code: 'timeout' } })
})
