/** Servers that forget a client which has registered (`invalid_client`), and secrets that end: it registers anew, once. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { dynamicClient } from '../../src/client/dynamic.ts'
import { bearer, type Requester } from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { onlyPeople, REDIRECT_URI, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { name, startAmWorld } from '../schemes/kit.ts'
import { people, person } from '../sign-in/kit.ts'
import { umaRejection } from '../ways-in/kit.ts'

const register = {
  client_name: 'The album',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  response_types: ['code'],
}
const path = '/alice/1.jpg'
const other = '/alice/2.jpg'
const registrations = (world: World) => world.sent().filter((request) => request.path === '/register')
const forgotten = { error: 'invalid_client', error_description: 'who is that?' }

interface Server {
  fetch: typeof fetch
  /** Those who registered until now are not known any more. */
  forget(): void
  /** Client ids and secrets that it gave. */
  given: { client_id: string; client_secret?: string }[]
}

/** Between the client and the server: what was registered can be forgotten, and the answer to a registration changed. */
function forgetful(more: object = {}): Server {
  const given: Server['given'] = []
  const gone = new Set<string>()
  const wire = (async (input, init) => {
    const url = String(input)
    const [, basic = ''] = /^Basic (.*)$/.exec(new Headers(init?.headers).get('authorization') ?? '') ?? []
    const sent = `${init?.body ?? ''} ${decodeURIComponent(Buffer.from(basic, 'base64').toString())}`
    if (url.endsWith('/token') && [...gone].some((id) => sent.includes(id)))
      return Response.json(forgotten, { status: 401 })
    const answer = await fetch(input, init)
    if (!url.endsWith('/register')) return answer
    const client = { ...((await answer.json()) as Server['given'][number]), ...more }
    given.push(client)
    return Response.json(client, { status: 201 })
  }) as typeof fetch
  return {
    fetch: wire,
    given,
    forget: () => {
      for (const { client_id } of given) gone.add(client_id)
    },
  }
}

const app = (world: World, options: object): Requester =>
  world.requester({ requestingParty: 'alice', ...options }, { client: dynamicClient(register) })

describe('invalid_client', () => {
  test.each([
    ['in memory', undefined],
    ['in storage', keyValueStorage(new Map())],
  ])('%s: registered anew, and the request gets a ticket for that client', async (_what, storage) => {
    const world = await startWorld()
    const server = forgetful()
    const requester = app(world, { fetch: server.fetch, ...(storage && { storage }) })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    server.forget()
    expect((await requester.fetch(world.host.origin + other)).status).toBe(200)
    expect(server.given.length).toBe(2)
    expect(world.as.stats.ticketsReplayed).toBe(0)
    world.recorder.clear()
    const next = storage ? app(world, { fetch: server.fetch, storage }) : requester
    expect((await next.fetch(`${world.host.origin}/alice/3.jpg`)).status).toBe(200)
    expect(registrations(world)).toEqual([])
    const { authorizationServers } = await inspect(requester)
    // What the old one was granted is still there, and still used.
    expect(authorizationServers.map(({ clientId }) => clientId)).toEqual(server.given.map(({ client_id }) => client_id))
  })

  test('once for 20 parties at once, and what they hold stays good', async () => {
    const world = await startWorld()
    const server = forgetful()
    const requester = app(world, { fetch: server.fetch })
    const parties = Array.from({ length: 20 }, (_, index) => requester.as(`party ${index}`))
    const all = async (at: string) =>
      new Set((await Promise.all(parties.map((party) => party.fetch(world.host.origin + at)))).map((one) => one.status))
    expect(await all(path)).toEqual(new Set([200]))
    server.forget()
    expect(await all(other)).toEqual(new Set([200]))
    expect(server.given.length).toBe(2)
    world.recorder.clear()
    expect(await all(path)).toEqual(new Set([200]))
    expect(world.sent().filter(({ server }) => server === 'as')).toEqual([])
  })

  test('another program has registered anew already: that one is used', async () => {
    const world = await startWorld()
    const server = forgetful()
    const storage = new Map<string, string>()
    const [one, two] = [0, 1].map(() => app(world, { fetch: server.fetch, storage: keyValueStorage(storage) })) as [
      Requester,
      Requester,
    ]
    for (const requester of [one, two]) await requester.fetch(world.host.origin + path)
    server.forget()
    expect((await one.fetch(world.host.origin + other)).status).toBe(200)
    expect((await two.fetch(`${world.host.origin}/alice/3.jpg`)).status).toBe(200)
    expect(server.given.length).toBe(2)
  })

  test('a server that knows nobody: its code, after one more registration, and no flood of them', async () => {
    const world = await startWorld()
    const nobody = (async (input, init) =>
      String(input).endsWith('/token') ? Response.json(forgotten, { status: 401 }) : fetch(input, init)) as typeof fetch
    const requester = app(world, { fetch: nobody })
    for (let turn = 0; turn < 4; turn++) {
      const error = await umaRejection(requester.fetch(world.host.origin + path))
      expect(error.code).toBe('invalid_client')
      expect((error.response as Response).status).toBe(401)
    }
    expect(registrations(world).length).toBe(2)
  })

  test('of a client that did not register: its code, and nothing is registered', async () => {
    const world = await startWorld()
    const nobody = (async (input, init) =>
      String(input).endsWith('/token') ? Response.json(forgotten, { status: 401 }) : fetch(input, init)) as typeof fetch
    const requester = world.requester({ fetch: nobody })
    expect((await umaRejection(requester.fetch(world.host.origin + path))).code).toBe('invalid_client')
    expect(registrations(world)).toEqual([])
  })

  test('a body that could be read only once: its code, and the next request is the new client’s', async () => {
    const world = await startWorld()
    const server = forgetful()
    const requester = app(world, { fetch: server.fetch })
    await requester.fetch(world.host.origin + path)
    server.forget()
    const body = new Blob(['new']).stream()
    const put = requester.fetch(world.host.origin + path, { method: 'PUT', body, duplex: 'half' } as RequestInit)
    expect((await umaRejection(put)).code).toBe('invalid_client')
    world.recorder.clear()
    const again = await requester.fetch(world.host.origin + path, { method: 'PUT', body: 'new' })
    expect([again.status, registrations(world).length]).toEqual([200, 0])
  })

  test('registering anew fails: that error, and the next request tries again', async () => {
    const world = await startWorld()
    const server = forgetful()
    let down = false
    const wire = (async (input, init) =>
      down && String(input).endsWith('/register')
        ? Response.json({ error: 'temporarily_unavailable' }, { status: 503 })
        : server.fetch(input, init)) as typeof fetch
    const requester = app(world, { fetch: wire })
    await requester.fetch(world.host.origin + path)
    server.forget()
    down = true
    expect((await umaRejection(requester.fetch(world.host.origin + other))).code).toBe('temporarily_unavailable')
    down = false
    expect((await requester.fetch(world.host.origin + other)).status).toBe(200)
    expect(server.given.length).toBe(2)
  })
})

describe('signing in', () => {
  const keycloak = () =>
    startWorld({ as: { policy: onlyPeople('alice'), quirks: { clientAuth: 'bearer-only', rotateRefresh: true } } })
  const parameters = { prompt: 'consent' }
  const signIn = codeFlow({ scope: 'openid offline_access', parameters })

  test('refreshing the sign-in of a forgotten client: a new client, and the person signs in for that one', async () => {
    const world = await keycloak()
    const server = forgetful()
    const alice = people('alice')
    const short = (async (input, init) => {
      const answer = await server.fetch(input, init)
      if (!String(init?.body).includes('authorization_code') || !answer.ok) return answer
      return Response.json({ ...((await answer.json()) as object), expires_in: 60 })
    }) as typeof fetch
    const requester = world.requester(
      { requestingParty: 'alice', redirectUri: REDIRECT_URI, onRedirect: alice, fetch: short },
      { client: dynamicClient(register, { auth: bearer() }), signIn },
    )
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    server.forget()
    later(61_000)
    expect((await requester.fetch(world.host.origin + other)).status).toBe(200)
    expect(alice.asked.map(({ url }) => new URL(url).searchParams.get('client_id'))).toEqual(
      server.given.map(({ client_id }) => client_id),
    )
    expect(server.given.length).toBe(2)
  })

  test('coming back for a forgotten client: its code, and what is sent again goes out for a new one', async () => {
    const world = await keycloak()
    const server = forgetful()
    const storage = new Map<string, string>()
    let left = (_url: string): void => {}
    const went = () =>
      new Promise<string>((resolve) => {
        left = resolve
      })
    const load = () =>
      world.requester(
        {
          requestingParty: 'alice',
          redirectUri: REDIRECT_URI,
          onRedirect: pageRedirect({ navigate: (url) => left(url) }),
          fetch: server.fetch,
          storage: keyValueStorage(storage),
        },
        { client: dynamicClient(register, { auth: bearer() }), signIn },
      )
    const away = went()
    load()
      .fetch(world.host.origin + path)
      .catch(() => {})
    const back = await person('alice')(await away)
    server.forget()
    const error = await umaRejection(handleCallback(load(), back))
    expect(error).toMatchObject({ code: 'invalid_client', request: { url: world.host.origin + path } })
    const again = went()
    load()
      .fetch(world.host.origin + path)
      .catch(() => {})
    const { kind } = await handleCallback(load(), await person('alice')(await again))
    expect([kind, server.given.length]).toEqual(['code', 2])
    expect((await load().fetch(world.host.origin + path)).status).toBe(200)
  })

  test('UMA 1.0.1: the same at its token endpoint', async () => {
    const world = await startAmWorld('1.0.1')
    const requester = world.requester(uma1(), {}, { client: dynamicClient(register) })
    let turn = 0
    world.am.quirks.answer = (usual, { path }) =>
      path.endsWith('token') && turn++ === 0 ? { status: 401, body: forgotten } : usual
    expect((await requester.fetch(world.host.origin + name)).status).toBe(200)
    expect(world.to('register').length).toBe(2)
  })
})

test('a secret that is over before it begins: the clocks differ, and it is used until the server says no', async () => {
  const world = await startWorld()
  const server = forgetful({ client_secret_expires_at: Math.floor(Date.now() / 1000) - 3600 })
  const storage = new Map<string, string>()
  const requester = app(world, { fetch: server.fetch, storage: keyValueStorage(storage) })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect((await requester.fetch(world.host.origin + other)).status).toBe(200)
  expect(
    (await app(world, { fetch: server.fetch, storage: keyValueStorage(storage) }).fetch(world.host.origin + path))
      .status,
  ).toBe(200)
  expect(server.given.length).toBe(1)
})

test('the secret is in no error and no event', async () => {
  const world = await startWorld()
  const server = forgetful()
  const requester = app(world, { fetch: server.fetch })
  await requester.fetch(world.host.origin + path)
  server.forget()
  await requester.fetch(world.host.origin + other)
  world.as.policy = () => 'deny'
  const denied = await umaRejection(requester.fetch(`${world.host.origin}/alice/3.jpg`))
  const told = JSON.stringify([world.events, denied, denied.message, denied.stack, await inspect(requester)])
  expect(server.given.map(({ client_secret = '' }) => client_secret.length > 20)).toEqual([true, true])
  for (const { client_secret = '' } of server.given) expect(told).not.toContain(client_secret)
})
