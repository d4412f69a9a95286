/** What the client does with each error of the token endpoint (Grant §3.3.6). */
import { describe, expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import {
  type AuthorizationServerQuirks,
  denyAll,
  grantAll,
  ownerAgreesAfter,
  type Policy,
  products,
} from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, type Send, waysIn } from '../ways-in/kit.ts'
import {
  asksFor,
  claim,
  hostSends,
  newClaims,
  noEndpoint,
  path,
  person,
  REDIRECT_URI,
  shown,
  tokenRequests,
  umaRejection,
  withPerson,
} from './kit.ts'

type Quirks = Partial<AuthorizationServerQuirks>

interface Cast {
  world: World
  send: Send
  url: string
}

async function cast(
  policy: Policy,
  quirks: Quirks = {},
  more: Partial<RequesterOptions> = {},
  server = {},
  attach = byFetch.attach,
): Promise<Cast> {
  const world = await startWorld({ as: { policy, quirks } })
  return { world, send: attach(world.requester(more, server)), url: world.host.origin + path }
}
const answers = (status: number, body: unknown, headers: Record<string, string> = {}): Quirks => ({
  ...noEndpoint,
  errorAnswer: () => ({ status, headers, body }),
})
const ask = [{ name: 'sub' }]

describe.each(waysIn)('$name', ({ attach }) => {
  test.each([
    ['G-3.3.6-a', 400, { error: 'invalid_grant' }, 'invalid_grant', 2],
    ['G-3.3.6-b', 400, { error: 'invalid_scope' }, 'invalid_scope', 1],
    ['G-3.3.6-d', 403, { error: 'request_denied' }, 'request_denied', 1],
    ['G-3.3.6-g', 403, { error: 'need_info', required_claims: ask }, 'invalid_token_response', 1],
    [
      'G-3.3.6-j',
      401,
      { error: 'invalid_client', error_description: 'x', error_uri: 'https://x' },
      'invalid_client',
      1,
    ],
    ['G-3.3.6-k', 500, '<h1>Oops</h1>', 'invalid_token_response', 1],
  ])('%s: %i %j: %s after %i token request(s)', async (_id, status, body, code, requests) => {
    const { world, send, url } = await cast(
      denyAll,
      answers(status, body, { 'www-authenticate': 'Basic realm="as"' }),
      {},
      {},
      attach,
    )
    expect((await umaRejection(send(url))).code).toBe(code)
    expect(world.as.stats).toMatchObject({ tokenRequests: requests, ticketsReplayed: 0 })
    // The dead ticket is gone: the next request starts from its own challenge.
    world.as.quirks.errorAnswer = undefined
    world.as.policy = grantAll
    expect((await send(url)).status).toBe(200)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

test('G-3.3.6-c: both hints: claims first, and a person where there are none', async () => {
  const policy: Policy = ({ round }) =>
    round === 1 ? { needInfo: { requiredClaims: ask, redirectUser: true } } : 'grant'
  const alice = person()
  const pushed = await cast(policy, {}, { ...withPerson(alice), claims: () => claim() })
  expect((await pushed.send(pushed.url)).status).toBe(200)
  expect([tokenRequests(pushed.world)[1]?.has('claim_token'), alice.asked.length]).toEqual([true, 0])
  const redirected = await cast(policy, {}, { ...withPerson(alice), claims: () => undefined })
  expect((await redirected.send(redirected.url)).status).toBe(200)
  expect([tokenRequests(redirected.world)[1]?.has('claim_token'), alice.asked.length]).toEqual([false, 1])
})

test('G-3.3.6-e: request_submitted goes on with its ticket', async () => {
  const { world, send, url } = await cast(ownerAgreesAfter(2, 0.01), {}, { polling: { minInterval: 0.01 } })
  expect((await send(url)).status).toBe(200)
  expect(new Set(tokenRequests(world).map((form) => form.get('ticket'))).size).toBe(3)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

describe('G-3.3.6-f: a ticket that was not rotated', () => {
  const same: Quirks = { sameTicket: true }
  const more = { claims: () => claim(), polling: { minInterval: 0.01 } }
  test.each([
    ['need_info', asksFor(ask)],
    ['request_submitted', asksFor({ submitted: 0.01 })],
  ])('%s: refused, and not sent a second time', async (_what, policy) => {
    const { world, send, url } = await cast(policy, same, more)
    expect((await umaRejection(send(url))).code).toBe('invalid_token_response')
    expect(tokenRequests(world).length).toBe(1)
  })
  test.each([
    ['need_info', asksFor(ask)],
    ['request_submitted', asksFor({ submitted: 0.01 })],
  ])('%s: accepted from a server that is configured so', async (_what, policy) => {
    const { world, send, url } = await cast(policy, same, more, { unchangedTicket: true })
    expect((await send(url)).status).toBe(200)
    expect(new Set(tokenRequests(world).map((form) => form.get('ticket'))).size).toBe(1)
  })
  test('Gravitee as a whole', async () => {
    const { send, url } = await cast(
      asksFor(ask, ask),
      products.gravitee,
      { ...more, claims: newClaims() },
      { unchangedTicket: true },
    )
    expect((await send(url)).status).toBe(200)
  })
})

describe('G-3.3.6-g: violations of the AS end in a typed error, at once', () => {
  test.each([
    [
      'need_info without ticket',
      { error: 'need_info', required_claims: ask, redirect_user: 'https://as.example.com/' },
    ],
    ['need_info with an empty ticket', { error: 'need_info', ticket: '', required_claims: ask }],
    ['need_info with a ticket that is no string', { error: 'need_info', ticket: { a: 1 }, required_claims: ask }],
    ['need_info without a hint', { error: 'need_info', ticket: 'next' }],
    ['need_info with empty hints', { error: 'need_info', ticket: 'next', required_claims: [], redirect_user: '' }],
  ])('%s', async (_what, body) => {
    const { world, send, url } = await cast(denyAll, answers(403, body), { claims: () => claim(), ...withPerson() })
    expect((await umaRejection(send(url))).code).toBe('invalid_token_response')
    expect(world.as.stats.tokenRequests).toBe(1)
  })
  test('request_submitted without ticket (Keycloak, OpenAM): RequestSubmittedError', async () => {
    const { send, url } = await cast(denyAll, answers(403, { error: 'request_submitted', interval: 1 }))
    expect(await umaRejection(send(url))).toMatchObject({ name: 'RequestSubmittedError', code: 'request_submitted' })
  })
})

describe('G-3.3.6-i: where the person is sent', () => {
  const elsewhere = (url: URL): string => `${url.origin}/rqp_claims?id=2346576421`
  test('redirect_user overrides the endpoint in the metadata', async () => {
    const alice = person()
    const { world, send, url } = await cast(
      ({ round }) => (round === 1 ? { needInfo: { redirectUser: elsewhere(new URL(world.as.origin)) } } : 'grant'),
      {
        metadata: (json) => ({ ...json, claims_interaction_endpoint: 'https://elsewhere.example/claims' }),
      },
      withPerson(alice),
    )
    expect((await send(url)).status).toBe(200)
    expect(alice.asked[0]?.url.startsWith(`${world.as.origin}/rqp_claims?id=2346576421&`)).toBe(true)
  })
  test('the endpoint in the metadata serves where redirect_user is absent', async () => {
    const alice = person()
    const { world, send, url } = await cast(asksFor(ask), {}, withPerson(alice))
    expect((await send(url)).status).toBe(200)
    expect(alice.asked[0]?.url.startsWith(`${world.as.issuer}/rqp_claims?`)).toBe(true)
    expect(shown(alice.asked[0] as { url: string }).get('claims_redirect_uri')).toBe(REDIRECT_URI)
  })
  test('nobody there (no handler): InteractionRequiredError', async () => {
    const { send, url } = await cast(asksFor('person'))
    expect(await umaRejection(send(url))).toMatchObject({
      name: 'InteractionRequiredError',
      code: 'interaction_required',
    })
  })
})

describe('G-3.3.6-j: WWW-Authenticate on an answer of the AS is not a challenge to us', () => {
  test.each([true, 'Basic realm="as"', 'UMA realm="x", as_uri="https://evil.example", ticket="evil"'])(
    '%s',
    async (wwwAuthenticateOnErrors) => {
      const { world, send, url } = await cast(
        asksFor(ask, { submitted: 0.01 }),
        { wwwAuthenticateOnErrors },
        { claims: () => claim(), polling: { minInterval: 0.01 } },
      )
      expect((await send(url)).status).toBe(200)
      expect(world.recorder.containing('evil').filter((r) => r.server === 'as')).toEqual([])
    },
  )
})

describe('G-3.3.6-k: what is no answer', () => {
  test.each(['before', 'after'] as const)(
    'the connection breaks %s the work: the ticket counts as spent',
    async (crashOnToken) => {
      const { world, send, url } = await cast(grantAll, { crashOnToken })
      expect((await umaRejection(send(url))).code).toBe('token_request_failed')
      expect([world.as.stats.tokenRequests, hostSends(world).length]).toEqual([1, 1])
    },
  )
  test.each([
    'text/html',
    'application/problem+json; charset=utf-8',
    'text/plain',
    'application/json;charset=UTF-8;foo',
    'garbage',
  ])('content type %s: what counts is what it says', async (contentType) => {
    const { send, url } = await cast(
      asksFor(ask),
      { contentType, needInfoWithoutError: true },
      { claims: () => claim() },
    )
    expect((await send(url)).status).toBe(200)
  })
})

test('SolidLab: need_info without `error`, ticket and hint tell', async () => {
  const { world, send, url } = await cast(
    asksFor(ask, ask),
    { ...products.solidlab, ...noEndpoint, permissionForm: 'both' },
    { claims: newClaims() },
  )
  expect((await send(url)).status).toBe(200)
  expect(world.as.stats).toMatchObject({ tokenRequests: 3, ticketsReplayed: 0 })
})
