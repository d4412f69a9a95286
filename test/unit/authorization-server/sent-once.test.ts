/** Tickets, codes and refresh tokens are sent once, whatever happens. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Caller } from '../../../src/authorization-server/call.ts'
import { registerClient } from '../../../src/authorization-server/registration.ts'
import { sendAsk } from '../../../src/authorization-server/send-ask.ts'
import { finishCodeFlow, refreshTokens } from '../../../src/authorization-server/sign-in/code-flow.ts'
import { post, revokeToken } from '../../../src/authorization-server/token-request.ts'
import { type Act, connect, issuer, metadata, outcomeOf, scriptedFetch, status } from './kit.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

async function redeem(caller: Caller): Promise<unknown> {
  const redirectUri = 'https://app.example/back'
  const memo = { state: 'the-state', verifier: 'v'.repeat(43), redirectUri }
  return finishCodeFlow(connect(caller), memo, `${redirectUri}?code=the-code&state=the-state`)
}

const ask = { endpoint: metadata.token_endpoint, by: 'client', form: { ticket: 'the-ticket' } } as const

const requests: [string, (caller: Caller) => Promise<unknown>][] = [
  ['a ticket', (caller) => post(connect(caller), metadata.token_endpoint, { ticket: 'the-ticket' })],
  ['a ticket that a scheme sends', (caller) => sendAsk(connect(caller), ask)],
  ['a code', redeem],
  ['a refresh token', (caller) => refreshTokens(connect(caller), 'the-refresh-token')],
  ['a registration', (caller) => registerClient(caller, metadata, { client_name: 'App' })],
  ['a revocation', (caller) => revokeToken(connect(caller), 'the-token', 'access_token')],
]

const faults: [string, Act][] = [
  ['429 with Retry-After', status(429, { 'retry-after': '1' })],
  ['503 with Retry-After', status(503, { 'retry-after': '1' })],
  ['503', status(503)],
  ['a reset', 'reset'],
  ['no answer', 'hang'],
]

describe.each(requests)('%s', (_, send) => {
  test.each(faults)('%s: one request', async (_fault, act) => {
    const { caller, sent } = scriptedFetch(act)
    const outcome = outcomeOf(send(caller))
    await vi.advanceTimersByTimeAsync(200_000)
    await outcome
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0])
  })
})

describe.each(requests.slice(0, 4))('%s: whether the same request may succeed later', (_, send) => {
  test.each<[string, Act, string]>([
    ['a reset', 'reset', 'token_request_failed'],
    ['no answer', 'hang', 'timeout'],
  ])('%s: retryable', async (_fault, act, code) => {
    const { caller } = scriptedFetch(act)
    const outcome = outcomeOf(send(caller))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toMatchObject({ error: { code, retryable: true, issuer } })
  })
})

test('a token request does not end when its flow is aborted: the token that comes back is not lost', async () => {
  const end = new AbortController()
  const { caller } = scriptedFetch(() => {
    end.abort()
    return Response.json({ access_token: 'the-rpt' })
  })
  const { text } = await post(connect(caller, end.signal), metadata.token_endpoint, { ticket: 'the-ticket' })
  expect(JSON.parse(text)).toEqual({ access_token: 'the-rpt' })
})

test('client authentication of the application throws: the request rejects with that error', async () => {
  const { caller, sent } = scriptedFetch(status(200))
  const error = new RangeError('no key')
  const auth = () => {
    throw error
  }
  const connection = { ...connect(caller), client: { id: 'app', auth } }
  expect(await outcomeOf(refreshTokens(connection, 'the-refresh-token'))).toEqual({ error })
  expect(await outcomeOf(post(connection, metadata.token_endpoint, {}))).toEqual({ error })
  expect(sent.length).toBe(0)
})

test('only a request that uses nothing up may be given a signal: it then rejects with its reason', async () => {
  const { caller } = scriptedFetch('hang')
  const end = new AbortController()
  const outcome = outcomeOf(post(connect(caller), metadata.token_endpoint, {}, { signal: end.signal }))
  await vi.advanceTimersByTimeAsync(1)
  end.abort(new Error('nobody waits'))
  expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
})

test('a limit of this program refused the call: the error says that nothing was sent', async () => {
  const { caller } = scriptedFetch('reset')
  const busy = { ...caller, notSent: () => true }
  expect(await outcomeOf(refreshTokens(connect(busy), 'the-refresh-token'))).toMatchObject({
    error: { code: 'token_request_failed', reason: 'not_sent' },
  })
})
