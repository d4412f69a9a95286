/** Authorization servers that are out of order: a typed error, no hang, the host's answer still readable. */

import { describe, expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, rejection, responseOf, umaErrorOf, umaRejection } from '../ways-in/kit.ts'
import { FOREVER } from './kit.ts'

const path = '/alice/1.jpg'

type Quirks = NonNullable<NonNullable<Parameters<typeof startWorld>[0]>['as']>['quirks']

async function fails(quirks: Quirks, more: Partial<RequesterOptions> = {}, server = {}) {
  const world = await startWorld({ as: { quirks: quirks ?? {} } })
  const failure = await rejection(byFetch.attach(world.requester(more, server))(world.host.origin + path))
  expect(await responseOf(failure)).toEqual({ status: 401, text: '{"error":"protected"}' })
  return { world, error: umaErrorOf(failure) }
}
const discoveries = (world: World): number => world.sent().filter((r) => r.path.includes('.well-known')).length

describe('metadata', () => {
  const answer = (body: unknown, status = 200, headers = {}) => ({ metadata: () => ({ status, headers, body }) })
  test.each([
    ['HTML', answer('<!doctype html><p>Hello', 200, { 'content-type': 'text/html' })],
    ['empty', answer('')],
    ['an array', answer('[]')],
    ['null', answer('null')],
    ['a string', answer('"https://as.example.com"')],
    ['cut off', answer('{"issuer":"http')],
    ['huge', answer(`{"x":"${'x'.repeat(1 << 21)}"}`)],
    ['another issuer', { metadata: (json) => ({ ...json, issuer: 'https://evil.example' }) }],
    ['an issuer with another path', { metadata: (json) => ({ ...json, issuer: `${json.issuer}/x` }) }],
    ['an issuer with a final slash', { metadata: (json) => ({ ...json, issuer: `${json.issuer}/` }) }],
    ['no issuer', { metadata: ({ issuer: _, ...json }) => json }],
    ['no token endpoint', { metadata: ({ token_endpoint: _, ...json }) => json }],
    [
      'a token endpoint over http',
      { metadata: (json) => ({ ...json, token_endpoint: 'http://as.example.com/token' }) },
    ],
    [
      'a token endpoint with a fragment',
      { metadata: (json) => ({ ...json, token_endpoint: `${json.token_endpoint}#x` }) },
    ],
    [
      'a token endpoint with credentials',
      { metadata: (json) => ({ ...json, token_endpoint: 'https://u:p@as.example.com/token' }) },
    ],
    ['403', answer('no', 403)],
    ['a redirect', answer('', 302, { location: 'https://evil.example/' })],
    ['a status of 204', answer('', 204)],
  ] satisfies [string, Quirks][])('%s: discovery_failed, no ticket spent', async (_what, quirks) => {
    const { world, error } = await fails(quirks)
    expect([error.name, error.code, error.issuer]).toEqual(['DiscoveryError', 'discovery_failed', world.as.issuer])
    expect([discoveries(world), world.as.stats.tokenRequests]).toEqual([1, 0])
  })

  test('a final slash is tolerated where that is configured', async () => {
    const world = await startWorld({
      as: { quirks: { metadata: (json) => ({ ...json, issuer: `${json.issuer}/` }) } },
    })
    expect(
      (await byFetch.attach(world.requester({}, { tolerateTrailingSlash: true }))(world.host.origin + path)).status,
    ).toBe(200)
  })

  test('404 twice: appended, then inserted (RFC 8414)', async () => {
    const world = await startWorld({
      as: { path: '/realms/photos', quirks: { metadata: () => ({ status: 404, headers: {} }) } },
    })
    expect((await umaRejection(byFetch.attach(world.requester())(world.host.origin + path))).code).toBe(
      'discovery_failed',
    )
    expect(world.lines().slice(1)).toEqual([
      'GET as /realms/photos/.well-known/uma2-configuration 404',
      'GET as /.well-known/uma2-configuration/realms/photos 404',
    ])
  })

  test('only the inserted form answers', async () => {
    const world = await startWorld({ as: { path: '/realms/photos', quirks: { insertedMetadata: true } } })
    expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(200)
  })

  test('500 is tried again, and again; then discovery_failed', async () => {
    let left = 2
    const world = await startWorld({
      as: { quirks: { metadata: (json) => (left-- > 0 ? { status: 503, headers: {} } : json) } },
    })
    expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(200)
    expect(discoveries(world)).toBe(3)
    const { error } = await fails({ metadata: () => ({ status: 500, headers: {} }) })
    expect(error.code).toBe('discovery_failed')
  })

  test('slow: the time-out', async () => {
    const { world, error } = await fails({ delayMs: { discovery: FOREVER } }, { timeouts: { request: 100 } })
    expect([error.name, error.code]).toEqual(['UmaTimeoutError', 'timeout'])
    expect(world.as.stats.tokenRequests).toBe(0)
  })

  test('a failure is not remembered', async () => {
    const world = await startWorld({ as: { quirks: { metadata: () => ({ status: 403, headers: {} }) } } })
    const send = byFetch.attach(world.requester())
    await rejection(send(world.host.origin + path))
    world.as.quirks.metadata = undefined
    expect((await send(world.host.origin + path)).status).toBe(200)
  })

  test('given in the configuration: no discovery', async () => {
    const world = await startWorld()
    const send = byFetch.attach(world.requester({}, { metadata: world.as.metadata() }))
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 401`, 'POST as /token 200', `GET host ${path} 200`])
  })

  test('nobody there: discovery_failed, with the fault as cause', async () => {
    const gone = await startPlainServer(() => {})
    await gone.close()
    const world = await startWorld({
      host: { quirks: { challenge: ({ ticket }) => `UMA as_uri="${gone.origin}", ticket="${ticket}"` } },
    })
    const error = await umaRejection(
      byFetch.attach(world.requester({}, { issuer: gone.origin }))(world.host.origin + path),
    )
    expect([error.code, error.cause instanceof Error]).toEqual(['discovery_failed', true])
  })
})

describe('token answers', () => {
  const odd = (more: object) => ({ tokenAnswer: (json: Record<string, unknown>) => ({ ...json, ...more }) })
  const raw = (body: unknown, status = 200, headers = {}) => ({ tokenAnswer: () => ({ status, headers, body }) })
  test.each([
    ['without access_token', odd({ access_token: undefined })],
    ['access_token empty', odd({ access_token: '' })],
    ['access_token a number', odd({ access_token: 7 })],
    ['access_token with CR/LF (G-3.4-b)', odd({ access_token: 'a\r\nx-evil: 1' })],
    ['access_token with a space', odd({ access_token: 'a b' })],
    ['access_token with NUL', odd({ access_token: 'a\0b' })],
    ['access_token not ASCII', odd({ access_token: 'tökén' })],
    ['without token_type (G-3.3.5-a)', odd({ token_type: undefined })],
    ['an unknown token_type (G-3.3.5-b)', odd({ token_type: 'mac' })],
    ['token_type DPoP without proof', odd({ token_type: 'DPoP' })],
    ['token_type an array', odd({ token_type: ['Bearer'] })],
    ['HTML', raw('<html>', 200, { 'content-type': 'text/html' })],
    ['empty', raw('')],
    ['an array', raw('[]')],
    ['null', raw('null')],
    ['huge', raw(`{"access_token":"a","token_type":"Bearer","x":"${'x'.repeat(1 << 21)}"}`)],
    ['500', raw('oops', 500)],
    ['a redirect (not followed)', raw('', 307, { location: 'https://evil.example/token' })],
  ])('%s: invalid_token_response, never used', async (_what, quirks) => {
    const { world, error } = await fails(quirks)
    expect([error.name, error.code]).toEqual(['InvalidTokenResponseError', 'invalid_token_response'])
    expect(world.sent().filter((r) => r.headers.authorization?.startsWith('Bearer'))).toEqual([])
    expect(world.as.stats.tokenRequests).toBe(1)
  })

  test.each(['bearer', 'BEARER', 'Bearer'])('token_type %s', async (tokenType) => {
    const world = await startWorld({ as: { quirks: { tokenType } } })
    expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(200)
  })

  test.each(['before', 'after'] as const)(
    'the connection breaks %s it was worked on: the ticket counts as spent, never sent twice (G-5.5-c)',
    async (crashOnToken) => {
      const { world, error } = await fails({ crashOnToken })
      expect([error.name, error.code]).toEqual(['TokenRequestError', 'token_request_failed'])
      expect(world.sent().filter((r) => r.path === '/token').length).toBe(1)
      expect(world.as.stats.ticketsReplayed).toBe(0)
    },
  )

  test('slow: the time-out; the ticket is not sent again', async () => {
    const { world, error } = await fails({ delayMs: { token: FOREVER } }, { timeouts: { request: 2_000 } })
    expect(error.code).toBe('timeout')
    expect(world.sent().filter((r) => r.path === '/token').length).toBe(1)
  })
})
