/** Metadata: shared by all callers, kept for an hour, and ended when nobody waits for it. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDiscovery } from '../../../src/authorization-server/discovery.ts'
import { type Act, failureOf, issuer, json, metadata, outcomeOf, scriptedFetch, status } from './kit.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const suffix = '/.well-known/uma2-configuration'

function setup(...acts: Act[]) {
  const server = scriptedFetch(...acts)
  const told: string[] = []
  const discovery = createDiscovery(server.caller, (_issuer, url) => told.push(url))
  const find = (signal?: AbortSignal, at = issuer) => discovery({ issuer: at }, suffix, undefined, signal)
  return { ...server, told, discovery, find }
}

test('one request for all who ask at the same time, and for an hour; no jump of the clock changes that', async () => {
  const { find, sent } = setup(json(metadata))
  await Promise.all([find(), find(), find()])
  vi.setSystemTime(Date.now() + 24 * 3_600_000)
  await find()
  expect(sent.length).toBe(1)
  await vi.advanceTimersByTimeAsync(3_600_001)
  await find()
  expect(sent.length).toBe(2)
})

test('a failure is not remembered', async () => {
  const { find, sent } = setup(status(400), json(metadata))
  expect(await failureOf(find())).toMatchObject({ code: 'discovery_failed', retryable: false })
  expect(await find()).toMatchObject({ issuer })
  expect(sent.length).toBe(2)
})

describe('the signal of a caller', () => {
  test('only this caller leaves; the others get the document', async () => {
    let answer = (): void => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    const { fetch } = scriptedFetch(json(metadata))
    const slow: typeof fetch = async (...request) => {
      await answered
      return fetch(...request)
    }
    const discovery = createDiscovery({ fetch: () => slow, timeout: 10_000 }, () => {})
    const end = new AbortController()
    const leaving = outcomeOf(discovery({ issuer }, suffix, undefined, end.signal))
    const staying = discovery({ issuer }, suffix)
    end.abort(new Error('nobody waits'))
    expect(await leaving).toMatchObject({ error: { message: 'nobody waits' } })
    answer()
    expect(await staying).toMatchObject({ issuer })
  })

  test('when the last caller has left, the request ends, and the next caller starts anew', async () => {
    const { find, sent } = setup('hang', json(metadata))
    const ends = [new AbortController(), new AbortController()]
    const outcomes = ends.map((end) => outcomeOf(find(end.signal)))
    await vi.advanceTimersByTimeAsync(10)
    for (const end of ends) end.abort(new Error('nobody waits'))
    expect(await Promise.all(outcomes)).toMatchObject(Array(2).fill({ error: { message: 'nobody waits' } }))
    expect(await find()).toMatchObject({ issuer })
    expect([sent.length, vi.getTimerCount()]).toEqual([2, 0])
  })

  test('an abort after the answer forgets nothing', async () => {
    const { find, sent } = setup(json(metadata))
    const end = new AbortController()
    await find(end.signal)
    end.abort()
    await find()
    expect(sent.length).toBe(1)
  })
})

test.each<[string, Act, boolean]>([
  ['a reset', 'reset', true],
  ['500', status(500), true],
  ['503', status(503), true],
  ['404', status(404), false],
  ['a redirect', () => new Response(null, { status: 302 }), false],
  ['no JSON', () => new Response('<h1>hello</h1>'), false],
  ['another issuer', json({ ...metadata, issuer: 'https://other.example' }), false],
])('E4: after %s, retryable: %s', async (_, act, retryable) => {
  const { find } = setup(act)
  const outcome = outcomeOf(find())
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await outcome).toMatchObject({ error: { name: 'DiscoveryError', code: 'discovery_failed', retryable } })
})

test('an issuer with a path: the other place of RFC 8414 is tried after 404, and only then', async () => {
  const at = `${issuer}/realms/a`
  const places = [`${at}${suffix}`, `${issuer}${suffix}/realms/a`]
  const found = setup(status(404), json({ ...metadata, issuer: at }))
  expect(await found.find(undefined, at)).toMatchObject({ issuer: at })
  expect([found.sent.map(({ url }) => url), found.told]).toEqual([places, places])
  const refused = setup(status(403))
  await failureOf(refused.find(undefined, at))
  expect(refused.told).toEqual(places.slice(0, 1))
})

test('metadata from the configuration: nothing is fetched, and the rules are the same', async () => {
  const { discovery, sent } = setup('reset')
  expect(await discovery({ issuer, metadata: { ...metadata, issuer: `${issuer}/` } }, suffix)).toMatchObject({
    token_endpoint: metadata.token_endpoint,
  })
  const wrong = { ...metadata, issuer: 'https://other.example' }
  expect(await failureOf(discovery({ issuer, metadata: wrong }, suffix))).toMatchObject({
    code: 'discovery_failed',
    retryable: false,
  })
  const plain = { ...metadata, token_endpoint: 'http://as.example/token' }
  await failureOf(discovery({ issuer, metadata: plain }, suffix))
  const scheme = { allowInsecureHttp: true }
  // An https issuer has https endpoints, whatever the scheme.
  await failureOf(discovery({ issuer, metadata: plain, scheme }, suffix))
  const http = 'http://as.example'
  const insecure = { issuer: http, metadata: { ...plain, issuer: http }, scheme }
  expect(await discovery(insecure, suffix)).toMatchObject({ token_endpoint: 'http://as.example/token' })
  expect(sent.length).toBe(0)
})
