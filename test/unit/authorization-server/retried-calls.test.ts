/** Each call that is repeated: 429 with Retry-After, 503, a reset and an abort. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Caller } from '../../../src/authorization-server/call.ts'
import { clientCredentials } from '../../../src/authorization-server/client-credentials.ts'
import { createDiscovery } from '../../../src/authorization-server/discovery.ts'
import { jwtValidation } from '../../../src/host/jwt.ts'
import { createProtectionApi, type ProtectionApi } from '../../../src/host/protection-api.ts'
import { type Act, connect, issuer, json, metadata, outcomeOf, scriptedFetch, status } from './kit.ts'

let jwk: JWK
let rpt: string
beforeAll(async () => {
  const keys = await generateKeyPair('ES256')
  jwk = { ...(await exportJWK(keys.publicKey)), alg: 'ES256' }
  const permissions = [{ resource_id: 'r', resource_scopes: ['read'] }]
  const claims = { iss: issuer, aud: 'photos', exp: 4_000_000_000, permissions }
  rpt = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(keys.privateKey)
})
beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

function protectionApi(caller: Caller, signal: AbortSignal): ProtectionApi {
  const pats = { get: async () => 'pat', rejected: () => {} } as unknown as Parameters<
    typeof createProtectionApi
  >[0]['pats']
  const connection = async () => connect(caller, signal)
  const facts = { issuer, caller, pats, connect: connection, dialect: {}, signal }
  return createProtectionApi({ ...facts, metadata: async () => metadata })
}

/** Validates the RPT with keys that must be fetched first. */
async function validateRpt(caller: Caller): Promise<unknown> {
  const validate = jwtValidation({ audience: 'photos' })({
    issuer,
    metadata: async () => metadata,
    introspect: async () => undefined,
    fetch: caller.fetch,
    options: { issuer, client: { id: 'photos' } },
  })
  return validate(rpt, resource)
}

const resource = {
  id: 'r',
  pattern: '/r',
  owner: 'alice',
  scopes: ['read'],
  description: { resource_scopes: ['read'] },
}

interface Call {
  name: string
  good: () => Act
  send: (caller: Caller, signal: AbortSignal) => Promise<unknown>
  /** What it ends with if the last answer is a 503. */
  failure: Record<string, unknown>
  /** Whether a server error is repeated without `Retry-After`. */
  serverErrors: boolean
}

const token = { access_token: 't', token_type: 'bearer', expires_in: 60 }
const { resource_scopes } = resource.description as { resource_scopes: string[] }

const calls: Call[] = [
  {
    name: 'metadata',
    good: () => json(metadata),
    send: (caller, signal) =>
      createDiscovery(caller, () => {})({ issuer }, '/.well-known/uma2-configuration', undefined, signal),
    failure: { code: 'discovery_failed', retryable: true },
    serverErrors: true,
  },
  {
    name: 'JWKS',
    good: () => json({ keys: [jwk] }),
    // jose gives its own signal to `fetch`.
    send: (caller) => validateRpt(caller),
    failure: { name: 'JOSEError' },
    serverErrors: true,
  },
  ...(
    [
      ['GET', (api) => api.list('alice'), () => json(['r'])],
      ['PUT', (api) => api.update('alice', 'r', { resource_scopes }), () => json({ _id: 'r' })],
      ['DELETE', (api) => api.delete('alice', 'r'), () => () => new Response(null, { status: 204 })],
    ] satisfies [string, (api: ProtectionApi) => Promise<unknown>, () => Act][]
  ).map(
    ([method, send, good]): Call => ({
      name: `protection API, ${method}`,
      good,
      send: (caller, signal) => send(protectionApi(caller, signal)),
      failure: { name: 'ProtectionApiError', status: 503 },
      serverErrors: false,
    }),
  ),
  {
    name: 'client credentials',
    good: () => json(token),
    send: (caller, signal) => clientCredentials(connect(caller, signal), 'uma_protection'),
    failure: { code: 'invalid_token_response' },
    serverErrors: false,
  },
]

describe.each(calls)('$name', ({ good, send, failure, serverErrors }) => {
  async function run(...acts: Act[]) {
    const server = scriptedFetch(...acts)
    const outcome = outcomeOf(send(server.caller, new AbortController().signal))
    await vi.advanceTimersByTimeAsync(200_000)
    return { ...server, outcome: await outcome }
  }

  test.each([429, 503])('%i with Retry-After is waited for, and then it works', async (code) => {
    const { pauses, outcome } = await run(status(code, { 'retry-after': '9' }), good())
    expect(outcome).toHaveProperty('value')
    expect(pauses()).toEqual([9_200])
  })

  test('503 again and again: three requests', async () => {
    const { sent, outcome } = await run(status(503, { 'retry-after': '1' }))
    expect([sent.length, outcome]).toMatchObject([3, { error: failure }])
  })

  test('503 without Retry-After', async () => {
    const { sent } = await run(status(503))
    expect(sent.length).toBe(serverErrors ? 3 : 1)
  })

  test('a reset, and then it works', async () => {
    const { pauses, outcome } = await run('reset', good())
    expect(outcome).toHaveProperty('value')
    expect(pauses()).toEqual([200])
  })

  test('resets again and again: three requests', async () => {
    const { sent, outcome } = await run('reset')
    expect([sent.length, 'error' in outcome]).toEqual([3, true])
  })

  test('a refusal is not repeated', async () => {
    const { sent, outcome } = await run(status(403))
    expect([sent.length, 'error' in outcome]).toEqual([1, true])
  })
})

test.each(calls.filter(({ name }) => name !== 'JWKS'))(
  '$name: aborted while Retry-After is waited for: it ends at once',
  async ({ send }) => {
    const { caller, sent } = scriptedFetch(status(429, { 'retry-after': '30' }))
    const end = new AbortController()
    const outcome = outcomeOf(send(caller, end.signal))
    await vi.advanceTimersByTimeAsync(1_000)
    end.abort(new Error('nobody waits'))
    expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
    await vi.advanceTimersByTimeAsync(100_000)
    expect([sent.length, vi.getTimerCount()]).toEqual([1, 0])
  },
)

test('client credentials: aborted while the call is under way: it ends at once', async () => {
  const { caller, sent } = scriptedFetch('hang')
  const end = new AbortController()
  const outcome = outcomeOf(clientCredentials(connect(caller, end.signal), undefined))
  await vi.advanceTimersByTimeAsync(10)
  end.abort(new Error('nobody waits'))
  expect(await outcome).toMatchObject({ error: { message: 'nobody waits' } })
  expect([sent.length, vi.getTimerCount()]).toEqual([1, 0])
})

test('client credentials: a call that a limit of this program refused is not repeated', async () => {
  const { caller, sent } = scriptedFetch('reset')
  const busy = { ...caller, notSent: () => true }
  const outcome = outcomeOf(clientCredentials(connect(busy), undefined))
  await vi.advanceTimersByTimeAsync(10_000)
  expect([sent.length, await outcome]).toMatchObject([1, { error: { code: 'token_request_failed' } }])
})

test('client credentials: each attempt authenticates anew, because an assertion is accepted once', async () => {
  const { caller, sent } = scriptedFetch('reset', json(token))
  let number = 0
  const auth = (_as: unknown, _client: unknown, body: URLSearchParams) => body.set('client_assertion', `${++number}`)
  const connection = { ...connect(caller), client: { id: 'app', auth } }
  const outcome = outcomeOf(clientCredentials(connection, undefined))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await outcome).toMatchObject({ value: { accessToken: 't', expiresAt: Date.UTC(2030, 0, 1) + 60_200 } })
  expect(sent.map(({ body }) => new URLSearchParams(body).get('client_assertion'))).toEqual(['1', '2'])
})

test('JWKS: the time-out of jose ends the waiting', async () => {
  const { caller, sent } = scriptedFetch(status(429, { 'retry-after': '30' }))
  const end = new AbortController()
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(end.signal)
  const outcome = outcomeOf(validateRpt(caller))
  await vi.advanceTimersByTimeAsync(1_000)
  end.abort(new DOMException('too long', 'TimeoutError'))
  expect(await outcome).toMatchObject({ error: { code: 'ERR_JWKS_TIMEOUT' } })
  await vi.advanceTimersByTimeAsync(100_000)
  expect(sent.length).toBe(1)
  timeout.mockRestore()
})
