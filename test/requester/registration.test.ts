/** Clients that register themselves (RFC 7591): once for each issuer, for all requesting parties of a storage. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { authOf, type RegisteredClientRecord } from '../../src/authorization-server/registration.ts'

import { type DynamicClient, dynamicClient } from '../../src/client/dynamic.ts'
import { bearer, clientSecretBasic, clientSecretPost, none, privateKeyJwt } from '../../src/index.ts'

import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { makeKeys } from '../helpers/as/keys.ts'
import { onlyPeople, REDIRECT_URI, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { people } from '../sign-in/kit.ts'
import { umaRejection } from '../ways-in/kit.ts'

const register = {
  client_name: 'The album',
  redirect_uris: [REDIRECT_URI],
  claims_redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  response_types: ['code'],
}
const path = '/alice/1.jpg'
const registrations = (world: World) => world.sent().filter((request) => request.path === '/register')
const clientsOf = (world: World): Set<string> =>
  new Set(
    world
      .sent()
      .filter((request) => request.path === '/token')
      .map(({ headers, body }) => {
        const [, basic = ''] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? []
        const [user = ''] = Buffer.from(basic, 'base64').toString().split(':')
        return decodeURIComponent(user) || (new URLSearchParams(body.toString()).get('client_id') ?? '')
      }),
  )
const app = (world: World, options: object = {}, { metadata = register, auth }: Partial<DynamicClient> = {}) =>
  world.requester(options, { client: dynamicClient(metadata, auth && { auth }) })

test('once for 50 parties at once', async () => {
  const world = await startWorld()
  const requester = app(world, { requestingParty: 'the service' })
  const parties = Array.from({ length: 50 }, (_, index) => requester.as(`party ${index}`))
  const answers = await Promise.all(parties.map((party) => party.fetch(world.host.origin + path)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(registrations(world).length).toBe(1)
  expect(clientsOf(world).size).toBe(1)
  expect(world.events.filter(({ type }) => type === 'client-registered')).toEqual([
    { type: 'client-registered', issuer: world.as.issuer },
  ])
})

test('sent exactly as it was given, and to the endpoint that the metadata names', async () => {
  const world = await startWorld()
  await app(world).fetch(world.host.origin + path)
  const [request] = registrations(world)
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json', accept: 'application/json' })
  expect(JSON.parse(request?.body.toString() ?? '')).toEqual(register)
})

test('not before it has to: nothing is sent for a host that needs no token', async () => {
  const world = await startWorld()
  expect((await app(world).fetch(`${world.host.origin}/public/1.jpg`)).status).toBe(200)
  expect(registrations(world)).toEqual([])
})

describe('stored', () => {
  test('without a party: for whoever comes next, and with the tokens that are kept', async () => {
    const world = await startWorld()
    const storage = new Map<string, string>()
    expect(
      (
        await app(world, { storage: keyValueStorage(storage), requestingParty: 'alice' }).fetch(
          world.host.origin + path,
        )
      ).status,
    ).toBe(200)
    const [key = ''] = [...storage.keys()].filter((name) => name.startsWith('uma:client:'))
    expect(key).not.toContain('alice')
    world.recorder.clear()
    const next = app(world, { storage: keyValueStorage(storage), requestingParty: 'alice' })
    expect((await next.fetch(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
    expect((await next.as('bob').fetch(world.host.origin + path)).status).toBe(200)
    expect(registrations(world)).toEqual([])
  })

  test('by one of several programs that start at the same time', async () => {
    const world = await startWorld()
    const directory = mkdtempSync(join(tmpdir(), 'uma-registration-'))
    const storages = Array.from({ length: 4 }, () => sqliteStorage({ path: join(directory, 'tokens.sqlite') }))
    onTestFinished(() => {
      for (const storage of storages) void storage.close?.()
      rmSync(directory, { recursive: true })
    })
    const answers = await Promise.all(
      storages.map((storage, index) =>
        app(world, { storage, requestingParty: `party ${index}` }).fetch(world.host.origin + path),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(registrations(world).length).toBe(1)
  })

  test.each(['', 'garbage', '{"id":""}', '{"id":7}', '[]'])('%j is no registration', async (record) => {
    const world = await startWorld()
    const storage = new Map<string, string>()
    const requester = () => app(world, { storage: keyValueStorage(storage), requestingParty: 'alice' })
    await requester().fetch(world.host.origin + path)
    for (const key of storage.keys()) if (key.startsWith('uma:client:')) storage.set(key, record)
    expect((await requester().fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
    expect(registrations(world).length).toBe(2)
  })

  test('what else is registered is another client', async () => {
    const world = await startWorld()
    const storage = new Map<string, string>()
    const more = { ...register, client_name: 'The album, second edition' }
    await app(world, { storage: keyValueStorage(storage), requestingParty: 'alice' }).fetch(world.host.origin + path)
    const newer = app(world, { storage: keyValueStorage(storage), requestingParty: 'alice' }, { metadata: more })
    expect((await newer.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
    expect([registrations(world).length, clientsOf(world).size]).toEqual([2, 2])
  })
})

test('a secret that has ended: registered anew, and the tokens that are held stay good', async () => {
  const world = await startWorld()
  const storage = new Map<string, string>()
  const short = (async (input, init) => {
    const answer = await fetch(input, init)
    if (!String(input).endsWith('/register')) return answer
    const ends = Math.floor(Date.now() / 1000) + 60
    return Response.json({ ...((await answer.json()) as object), client_secret_expires_at: ends }, { status: 201 })
  }) as typeof fetch
  const requester = app(world, { storage: keyValueStorage(storage), requestingParty: 'alice', fetch: short })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  expect(registrations(world).length).toBe(1)
  later(61_000)
  world.recorder.clear()
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
  const both = await Promise.all(['3', '4'].map((name) => requester.fetch(`${world.host.origin}/alice/${name}.jpg`)))
  expect(both.map(({ status }) => status)).toEqual([200, 200])
  expect(registrations(world).length).toBe(1)
})

describe('how the client authenticates', () => {
  const keys = makeKeys()
  test.each([
    ['as the answer says: basic', {}, {}, /^Basic /],
    ['post', { token_endpoint_auth_method: 'client_secret_post' }, {}, undefined],
    ['none', { token_endpoint_auth_method: 'none' }, {}, undefined],
    [
      'private_key_jwt, with the key of the application',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [keys.publicJwk] },
      },
      { key: keys.privateJwk },
      undefined,
    ],
  ])('%s', async (_what, more, { key }: { key?: object }, authorization) => {
    const world = await startWorld()
    const imported =
      key && (await crypto.subtle.importKey('jwk', key, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']))
    const client = {
      metadata: { ...register, ...more },
      ...(imported && { auth: privateKeyJwt({ key: imported, kid: keys.publicJwk.kid as string }) }),
    }
    expect((await app(world, {}, client).fetch(world.host.origin + path)).status).toBe(200)
    const [token] = world.sent().filter((request) => request.path === '/token')
    if (authorization) expect(token?.headers.authorization).toMatch(authorization)
    else expect(token?.headers.authorization).toBeUndefined()
  })

  test('private_key_jwt without the key: said at once', async () => {
    const world = await startWorld()
    const metadata = { ...register, token_endpoint_auth_method: 'private_key_jwt' }
    expect(() => app(world, {}, { metadata })).toThrow(/client\.auth is missing, for private_key_jwt/)
    // The key may be that of the sign-in.
    world.requester({}, { client: dynamicClient(metadata, { auth: bearer() }), signIn: codeFlow({ scope: '' }) })
  })

  test('and where it is the server who wants one: a typed error, and nothing is sent as if it were a public client', async () => {
    const world = await startWorld()
    const demanding: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (!String(input).endsWith('/register')) return answer
      return Response.json({ ...((await answer.json()) as object), token_endpoint_auth_method: 'private_key_jwt' })
    }
    const requester = app(world, { fetch: demanding })
    for (let i = 0; i < 2; i++) {
      const error = await umaRejection(requester.fetch(world.host.origin + path))
      expect(error).toMatchObject({ name: 'TokenRequestError', code: 'registration_failed', response: { status: 401 } })
      expect(error.message).toMatch(/private_key_jwt: client\.auth is missing/)
    }
    expect([registrations(world).length, world.as.stats.tokenRequests]).toEqual([1, 0])
  })

  test('means the same as what oauth4webapi sends, whatever is in id and secret', async () => {
    const record: RegisteredClientRecord = { id: 'a b:ü/%+', secret: 'p&w=ñ:~*-_.\'"', method: 'client_secret_basic' }
    const sent = async (auth: ReturnType<typeof authOf>) => {
      const [body, headers] = [new URLSearchParams(), new Headers()]
      await auth({ issuer: 'https://as.example' } as never, { client_id: record.id }, body, headers, {} as never)
      // It encodes more than it has to (RFC 6749, appendix B).
      const [, basic = ''] = /^Basic (.*)$/.exec(headers.get('authorization') ?? '') ?? []
      const pair = Buffer.from(basic, 'base64').toString().split(':')
      return [String(body), pair.map((part) => [...new URLSearchParams(`value=${part}`)])]
    }
    const { secret = '' } = record
    expect(await sent(authOf(record))).toEqual(await sent(clientSecretBasic(secret)))
    expect(await sent(authOf({ ...record, method: 'client_secret_post' }))).toEqual(
      await sent(clientSecretPost(secret)),
    )
    expect(await sent(authOf({ id: record.id, method: 'none' }))).toEqual(await sent(none()))
  })

  test('bearer(): the person signs in by the registered client, whose secret goes to the code flow', async () => {
    const world = await startWorld({ as: { policy: onlyPeople('alice'), quirks: { clientAuth: 'bearer-only' } } })
    const requester = world.requester(
      { requestingParty: 'alice', redirectUri: REDIRECT_URI, onRedirect: people('alice') },
      { client: dynamicClient(register, { auth: bearer() }), signIn: codeFlow({ scope: 'openid' }) },
    )
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    const [code, uma] = world.sent().filter((request) => request.path === '/token')
    expect([code?.headers.authorization, uma?.headers.authorization]).toEqual([
      expect.stringMatching(/^Basic /),
      expect.stringMatching(/^Bearer /),
    ])
  })
})

describe('that fails', () => {
  test('refused: the code of the server, with the answer of the host; the next request tries again', async () => {
    const world = await startWorld()
    const bad = app(world, {}, { metadata: { ...register, redirect_uris: 'none' as never } })
    const error = await umaRejection(bad.fetch(world.host.origin + path))
    expect(error.code).toMatch(/^invalid_(redirect_uri|client_metadata)$/)
    expect((error.response as Response).status).toBe(401)
    await umaRejection(bad.fetch(world.host.origin + path))
    expect(registrations(world).length).toBe(2)
    expect(world.sent().filter((request) => request.path === '/token')).toEqual([])
  })

  test.each([
    ['no endpoint', ({ registration_endpoint: _, ...rest }: Record<string, unknown>) => rest],
    ['one over plain http', (all: object) => ({ ...all, registration_endpoint: 'http://as.example/register' })],
    ['one that is not there', (all: object) => ({ ...all, registration_endpoint: 'http://127.0.0.1:1/register' })],
  ])('%s: registration_failed', async (_what, metadata) => {
    const world = await startWorld({ as: { quirks: { metadata } } })
    expect((await umaRejection(app(world).fetch(world.host.origin + path))).code).toBe('registration_failed')
  })

  test.each([
    ['no JSON', () => new Response('<html>', { status: 201 })],
    ['no client_id', () => Response.json({ client_secret: 'x' }, { status: 201 })],
    ['an error without a code', () => Response.json({ error: 'Oh no!' }, { status: 400 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } })],
  ])('%s: registration_failed', async (_what, answer) => {
    const world = await startWorld()
    const odd = (async (input, init) =>
      String(input).endsWith('/register') ? answer() : fetch(input, init)) as typeof fetch
    expect((await umaRejection(app(world, { fetch: odd }).fetch(world.host.origin + path))).code).toBe(
      'registration_failed',
    )
  })

  test('an abort while it registers ends the wait, and the others get their client', async () => {
    const world = await startWorld()
    const controller = new AbortController()
    const slow = (async (input, init) => {
      if (String(input).endsWith('/register')) controller.abort()
      return fetch(input, init)
    }) as typeof fetch
    const requester = app(world, { fetch: slow })
    const [one, two] = await Promise.allSettled([
      requester.fetch(world.host.origin + path, { signal: controller.signal }),
      requester.fetch(world.host.origin + path),
    ])
    expect([one.status, two.status]).toEqual(['rejected', 'fulfilled'])
    expect(registrations(world).length).toBe(1)
  })

  test('nothing is registered with whom nobody trusts', async () => {
    const world = await startWorld()
    const requester = world.requester({}, { hosts: ['https://other.example'], client: dynamicClient(register) })
    expect((await umaRejection(requester.fetch(world.host.origin + path))).code).toBe('untrusted_authorization_server')
    expect(registrations(world)).toEqual([])
  })
})

test('a client without an id is a mistake', async () => {
  const world = await startWorld()
  expect(() => world.requester({}, { client: {} } as object)).toThrow(/client must be \{ id \}, or dynamicClient/)
})
