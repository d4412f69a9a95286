/** The contents of the token request (Grant §3.3.1). */
import * as oauth from 'oauth4webapi'
import { describe, expect, test } from 'vitest'
import { bearer, type ClientAuth, clientSecretBasic, clientSecretPost, none, privateKeyJwt } from '../../src/index.ts'
import { ID_TOKEN_FORMAT, onlySubjects, products } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, rejection, type SendOptions, umaRejection, waysIn } from '../ways-in/kit.ts'
import { rptAt, tokenRequests } from './kit.ts'

const path = '/alice/1.jpg'
const get = (world: World, more = {}, server = {}, options: SendOptions = {}) =>
  byFetch.attach(world.requester(more, server))(world.host.origin + path, options)
const onlyRequest = (world: World) =>
  world.sent().filter((r) => r.path === '/token')[0] as NonNullable<ReturnType<World['sent']>[number]>

test('G-3.3.1-a, G-3.3.1-b, G-3.3.1-k, G-3.3.1-l: the body of the request, and no header of the caller', async () => {
  const world = await startWorld()
  await get(world, { headers: { 'x-default': '1' } }, {}, { headers: { 'x-mine': 'yes', cookie: 'a=b' } })
  const ticket = /ticket="([^"]+)"/.exec(world.sent()[0]?.answerHeaders?.['www-authenticate'] ?? '')?.[1] as string
  expect(Object.fromEntries(tokenRequests(world)[0] as URLSearchParams)).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
    ticket,
    client_id: 'spa',
  })
  const request = onlyRequest(world)
  expect([request.method, request.headers['content-type']?.split(';')[0]]).toEqual([
    'POST',
    'application/x-www-form-urlencoded',
  ])
  for (const name of ['x-mine', 'x-default', 'cookie', 'authorization']) expect(request.headers[name]).toBeUndefined()
  expect(request.headers.accept).toMatch(/^application\/json/)
})

describe('client authentication (G-3.3.1-j)', () => {
  const web = { id: 'web', secret: 'web-secret' }
  test('none', async () => {
    const world = await startWorld()
    await get(world, {}, { client: { id: 'spa', auth: none() } })
    expect(tokenRequests(world)[0]?.get('client_id')).toBe('spa')
  })
  test('none is the default', async () => {
    const world = await startWorld()
    expect((await get(world, {}, { client: { id: 'spa' } })).status).toBe(200)
  })
  test('client_secret_basic', async () => {
    const world = await startWorld()
    await get(world, {}, { client: { id: web.id, auth: clientSecretBasic(web.secret) } })
    // Id and secret are form-encoded before base64 (RFC 6749 §2.3.1).
    expect(Buffer.from(onlyRequest(world).headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe(
      'web:web%2Dsecret',
    )
    expect(tokenRequests(world)[0]?.has('client_secret')).toBe(false)
  })
  test('client_secret_post', async () => {
    const world = await startWorld()
    await get(world, {}, { client: { id: 'web-post', auth: clientSecretPost('web-post-secret') } })
    expect(tokenRequests(world)[0]?.get('client_secret')).toBe('web-post-secret')
    expect(onlyRequest(world).headers.authorization).toBeUndefined()
  })
  test('private_key_jwt, for the issuer', async () => {
    const world = await startWorld()
    const key = await crypto.subtle.importKey(
      'jwk',
      world.as.clientKey as JsonWebKey,
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    expect((await get(world, {}, { client: { id: 'web-jwt', auth: privateKeyJwt(key) } })).status).toBe(200)
    const assertion = tokenRequests(world)[0]?.get('client_assertion') as string
    const { iss, sub, aud } = JSON.parse(Buffer.from(assertion.split('.')[1] as string, 'base64url').toString())
    expect([iss, sub, [aud].flat()[0]]).toEqual(['web-jwt', 'web-jwt', world.as.issuer])
  })
  test("oauth4webapi's own functions, as they are", async () => {
    for (const [id, auth] of [
      ['spa', oauth.None()],
      ['web', oauth.ClientSecretBasic('web-secret')],
      ['web-post', oauth.ClientSecretPost('web-post-secret')],
    ] as const) {
      const world = await startWorld()
      expect((await get(world, {}, { client: { id, auth } })).status).toBe(200)
    }
  })
  test('a function of the caller gets the context', async () => {
    const world = await startWorld()
    const seen: unknown[] = []
    const auth: ClientAuth = (as, client, body, _headers, { signal, ...context }) => {
      seen.push(as.issuer, client.client_id, context, signal instanceof AbortSignal)
      body.set('client_id', client.client_id)
    }
    await get(world, { requestingParty: 'alice' }, { client: { id: 'spa', auth } })
    expect(seen).toEqual([
      world.as.issuer,
      'spa',
      { requestingParty: 'alice', issuer: world.as.issuer, resource: world.host.origin + path },
      true,
    ])
  })
  test('bearer: asked for at each token request, for the party', async () => {
    const world = await startWorld({ as: { quirks: { ...products.keycloak, clientAuth: 'bearer-only' } } })
    const asked: unknown[] = []
    const auth = bearer(async ({ requestingParty }) => {
      asked.push(requestingParty)
      return world.as.issueAccessToken({ account: requestingParty as string, clientId: 'spa' })
    })
    const requester = world.requester({ requestingParty: 'alice' }, { client: { id: 'spa', auth } })
    for (const who of [requester, requester.as('bob')])
      expect((await who.fetch(world.host.origin + path)).status).toBe(200)
    expect(asked).toEqual(['alice', 'bob'])
  })
  test('bearer that throws: what it throws', async () => {
    const world = await startWorld()
    const fault = new Error('signed out')
    const auth = bearer(() => Promise.reject(fault))
    expect(await rejection(get(world, {}, { client: { id: 'spa', auth } }))).toBe(fault)
  })
})

describe('parameters and scope', () => {
  test('configured, laid over by those of the request; lists are sent one after the other', async () => {
    const world = await startWorld()
    await get(
      world,
      {},
      { parameters: { audience: 'x', permission: ['a', 'b'], left_out: undefined } },
      { uma: { parameters: { audience: 'y' } } },
    )
    const form = tokenRequests(world)[0] as URLSearchParams
    expect([form.getAll('audience'), form.getAll('permission'), form.has('left_out')]).toEqual([
      ['y'],
      ['a', 'b'],
      false,
    ])
  })
  test('they cannot take the place of the grant', async () => {
    const world = await startWorld()
    expect((await get(world, {}, { parameters: { grant_type: 'password', ticket: 'other' } })).status).toBe(200)
    const form = tokenRequests(world)[0] as URLSearchParams
    expect([form.getAll('grant_type').length, form.getAll('ticket').length]).toEqual([1, 1])
  })
  test.each(waysIn)('scope of one request, $name (G-3.3.1-i)', async ({ attach }) => {
    const world = await startWorld()
    const send = attach(world.requester())
    await send(world.host.origin + path, { uma: { scope: 'write' } })
    expect(tokenRequests(world)[0]?.get('scope')).toBe('write')
    expect(world.as.grants(rptAt(world, path) as string)[0]?.resource_scopes.toSorted()).toEqual(['read', 'write'])
  })
  test('an unknown scope: invalid_scope (G-3.3.6-b)', async () => {
    const world = await startWorld()
    expect((await umaRejection(get(world, {}, {}, { uma: { scope: 'fly' } }))).code).toBe('invalid_scope')
  })
})

describe('claims (G-3.3.1-c, G-3.3.1-d, G-3.3.1-e)', () => {
  const token = (world: World): string => world.as.issueIdToken({ sub: 'alice' })
  test('asked for: pushed exactly as given, with the ticket that came with the question', async () => {
    const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
    const asked: unknown[] = []
    const given = token(world)
    const { status } = await get(world, {
      claims: (needed: unknown, { issuer }: { issuer: string }) => {
        asked.push(needed, issuer)
        return { token: given, format: ID_TOKEN_FORMAT }
      },
    })
    expect(status).toBe(200)
    const [first, second] = tokenRequests(world) as [URLSearchParams, URLSearchParams]
    expect([first.has('claim_token'), second.get('claim_token'), second.get('claim_token_format')]).toEqual([
      false,
      given,
      ID_TOKEN_FORMAT,
    ])
    expect(second.get('ticket')).not.toBe(first.get('ticket'))
    expect(asked).toEqual([
      [{ claim_token_format: [ID_TOKEN_FORMAT], friendly_name: 'who you are', name: 'sub', raw: expect.anything() }],
      world.as.issuer,
    ])
  })
  test("pushClaims: 'first'", async () => {
    const world = await startWorld({ as: { quirks: { requireClaimsUpFront: true }, policy: onlySubjects(['alice']) } })
    const claims = () => ({ token: token(world), format: ID_TOKEN_FORMAT })
    expect((await get(world, { claims }, { pushClaims: 'first' })).status).toBe(200)
    expect(tokenRequests(world).length).toBe(1)
  })
  test('the PCT goes with the next ticket, to that AS alone, for that party alone (G-3.3.5-c, G-3.3.1-f)', async () => {
    const world = await startWorld({ as: { quirks: { upgrade: 'never' }, policy: onlySubjects(['alice']) } })
    let asked = 0
    const claims = () => {
      asked++
      return { token: token(world), format: ID_TOKEN_FORMAT }
    }
    const requester = world.requester({ claims, requestingParty: 'alice' })
    await requester.fetch(world.host.origin + path)
    await requester.fetch(`${world.host.origin}/alice/2.jpg`)
    expect(tokenRequests(world).map((form) => form.has('pct'))).toEqual([false, false, true])
    world.recorder.clear()
    await requester.as('bob').fetch(world.host.origin + path)
    expect(tokenRequests(world).some((form) => form.has('pct'))).toBe(false)
    expect(asked).toBe(2)
  })
})
