/** A sign-in that leaves the page: it goes on in another requester on the same storage, once, and only for whom it belongs to. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { bearer, findUmaError, type Requester } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { onlyPeople, onlySubjects, type Policy } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld } from '../helpers/world.ts'
import { formOf, grants, path, person, REDIRECT_URI, rejection, tokenRequests } from './kit.ts'

/** Pages of one browser: each has a requester of its own, and all the same storage. */
async function browser(policy: Policy = onlyPeople('alice', 'bob'), storeRequest = false) {
  const world = await startWorld({ as: { policy, quirks: { clientAuth: 'bearer-only' } } })
  const storage = new Map<string, string>()
  let left = (_url: string): void => {}
  const load = (more: object = {}, server: object = {}): Requester =>
    world.requester(
      {
        storage: keyValueStorage(storage),
        requestingParty: 'alice',
        redirectUri: REDIRECT_URI,
        onRedirect: pageRedirect({ storeRequest, navigate: (url) => left(url) }),
        ...more,
      },
      { client: { id: 'spa', auth: bearer() }, signIn: codeFlow({ scope: 'openid' }), ...server },
    )
  /** To the task's end, or until the page is left. */
  async function on<T>(task: () => Promise<T>): Promise<{ end: T; went?: undefined } | { went: string }> {
    const went = new Promise<{ went: string }>((resolve) => {
      left = (url) => resolve({ went: url })
    })
    return Promise.race([went, task().then((end) => ({ end }))])
  }
  /** Leaves the page with a request; the URL that the person comes back on. */
  async function leave(login = 'alice', requester = load(), init: object = {}): Promise<string> {
    const at = await on(() => requester.fetch(world.host.origin + path, init))
    return person(login)(at.went ?? expect.fail('did not leave'))
  }
  return { world, storage, load, on, leave }
}

const codeOf = async (callback: Promise<unknown>): Promise<string> => {
  const error = await rejection(callback)
  const known = findUmaError(error)
  if (!known) throw error
  return known.code
}

const changed = (url: string, change: (parameters: URLSearchParams) => void): string => {
  const copy = new URL(url)
  change(copy.searchParams)
  return copy.href
}

const pendings = (storage: Map<string, string>) => [...storage.keys()].filter((key) => key.startsWith('uma:pending:'))

test('code: the flow goes on with its ticket, and the app where it was', async () => {
  const { world, storage, load, leave } = await browser()
  const back = await leave()
  expect(tokenRequests(world)).toEqual([])
  const { kind, request, replay } = await handleCallback(load(), back)
  expect([kind, request]).toEqual(['code', { method: 'GET', url: world.host.origin + path }])
  expect(grants(world)).toEqual(['code', 'uma'])
  expect([world.as.stats.ticketsIssued, pendings(storage)]).toEqual([1, []])
  expect((await replay?.())?.status).toBe(200)
  expect(grants(world).length).toBe(2)
})

test('code, away again, ticket', async () => {
  const { world, load, on, leave } = await browser(({ account }) =>
    account === 'alice' ? 'grant' : { needInfo: { redirectUser: true } },
  )
  const back = await leave()
  const again = await on(() => handleCallback(load(), back))
  const { kind, replay } = await handleCallback(load(), await person('alice')(again.went ?? ''))
  expect([kind, (await replay?.())?.status]).toEqual(['ticket', 200])
  expect(grants(world)).toEqual(['code', 'uma', 'uma'])
})

test('what was being updated is updated, once', async () => {
  const { world, load, leave } = await browser(onlyPeople('alice'), true)
  const back = await leave('alice', load(), { method: 'PUT', body: 'new' })
  const { replay } = await handleCallback(load(), back)
  expect((await replay?.())?.status).toBe(200)
  const puts = world.sent().filter(({ method, server }) => server === 'host' && method === 'PUT')
  expect(puts.map(({ body, status }) => [body.toString(), status])).toEqual([
    ['new', 401],
    ['new', 200],
  ])
})

test('claims that go first (pushClaims) still do when the person is back', async () => {
  const { world, load, leave } = await browser(onlySubjects(['alice']))
  world.as.quirks.clientAuth = 'any'
  const claims = async (_needed: unknown, context: { idToken(): Promise<string | undefined> }) => ({
    token: (await context.idToken()) ?? '',
    format: 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken',
  })
  const page = () => load({ claims }, { client: { id: 'spa' }, pushClaims: 'first' })
  await handleCallback(page(), await leave('alice', page()))
  expect(grants(world)).toEqual(['code', 'uma'])
  expect(formOf(tokenRequests(world, 'uma')[0] as never).claim_token).toBeDefined()
})

test('the sign-in is there on every page from then on, and for nobody else', async () => {
  const { world, load, on, leave } = await browser()
  await handleCallback(load(), await leave())
  expect((await load().fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  const bobs = await on(() => load({ requestingParty: 'bob' }).fetch(`${world.host.origin}/alice/2.jpg`))
  expect(new URL(bobs.went ?? '').pathname).toBe('/authorize')
})

describe('nobody waits for it: invalid_state, nothing is redeemed, and the right one can still finish', () => {
  test.each([
    ['a foreign state', (back: string) => changed(back, (p) => p.set('state', 'c3RhdGUtb2Ytc29tZWJvZHktZWxzZQ'))],
    ['no state', (back: string) => changed(back, (p) => p.delete('state'))],
    ['an empty state', (back: string) => changed(back, (p) => p.set('state', ''))],
    ['a state before the right one', (back: string) => back.replace('?', '?state=evil&')],
  ])('CSRF: %s', async (_what, make) => {
    const { world, storage, load, leave } = await browser()
    const back = await leave()
    expect(await codeOf(handleCallback(load(), make(back)))).toBe('invalid_state')
    expect([tokenRequests(world), pendings(storage).length]).toEqual([[], 1])
    expect((await handleCallback(load(), back)).kind).toBe('code')
  })

  test('another requesting party', async () => {
    const { world, load, leave } = await browser()
    const back = await leave()
    for (const who of [load({ requestingParty: 'bob' }), load().as('bob')])
      expect(await codeOf(handleCallback(who, back))).toBe('invalid_state')
    expect(tokenRequests(world)).toEqual([])
    expect((await handleCallback(load(), back)).kind).toBe('code')
  })

  test('another browser', async () => {
    const { world, load, leave } = await browser()
    const back = await leave('bob')
    expect(await codeOf(handleCallback(load({ storage: keyValueStorage(new Map()) }), back))).toBe('invalid_state')
    expect(tokenRequests(world)).toEqual([])
  })
})

describe('a code is good once', () => {
  test('replayed', async () => {
    const { world, load, leave } = await browser()
    const back = await leave()
    await handleCallback(load(), back)
    world.recorder.clear()
    for (const requester of [load(), load()]) expect(await handleCallback(requester, back)).toEqual({ finished: true })
    expect(tokenRequests(world)).toEqual([])
  })

  test('twice at once (a page that renders twice)', async () => {
    const { world, load, leave } = await browser()
    const back = await leave()
    const page = load()
    const [one, two] = await Promise.allSettled([handleCallback(page, back), handleCallback(page, back)])
    expect([one.status, two.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(grants(world)).toEqual(['code', 'uma'])
  })
})

describe('a way back that is no use: redirect_failed, with what was being asked for', () => {
  test.each([
    ['mix-up: iss of another server (RFC 9207)', 'iss', (p: URLSearchParams) => p.set('iss', 'https://evil.example')],
    ['no iss where the server sends it', 'iss', (p: URLSearchParams) => p.delete('iss')],
    ['no code', 'code', (p: URLSearchParams) => p.delete('code')],
    ['two codes', 'code', (p: URLSearchParams) => p.append('code', 'another')],
    ['a token in the URL', 'parameters', (p: URLSearchParams) => p.set('id_token', 'x')],
    ['an error', 'server_error', (p: URLSearchParams) => p.set('error', 'server_error')],
    ['an error that is no code', 'error', (p: URLSearchParams) => p.set('error', 'Oh No!')],
  ])('%s', async (_what, reason, change) => {
    const { world, load, leave } = await browser()
    const back = changed(await leave(), change)
    const error = await rejection(handleCallback(load(), back))
    expect(error).toMatchObject({
      code: 'redirect_failed',
      reason,
      kind: 'code',
      request: { method: 'GET', url: world.host.origin + path },
    })
    expect(JSON.stringify(error)).not.toContain(path)
    expect(tokenRequests(world)).toEqual([])
    // The same return again fails with the same code.
    expect(await codeOf(handleCallback(load(), back))).toBe('redirect_failed')
    expect(tokenRequests(world)).toEqual([])
  })

  test('Alice cancels', async () => {
    const { load, on, world } = await browser()
    const at = await on(() => load().fetch(world.host.origin + path))
    const back = await person('alice', 'abort')(at.went ?? '')
    expect(await rejection(handleCallback(load(), back))).toMatchObject({
      code: 'redirect_failed',
      reason: 'access_denied',
    })
  })

  test('a code of somebody else’s sign-in, put in the place of the right one (PKCE)', async () => {
    const { load, leave } = await browser()
    const mine = await leave()
    const theirs =
      new URL(await leave('bob', load({ storage: keyValueStorage(new Map()) }))).searchParams.get('code') ?? ''
    expect(
      await codeOf(
        handleCallback(
          load(),
          changed(mine, (p) => p.set('code', theirs)),
        ),
      ),
    ).toBe('invalid_grant')
  })

  test('too late', async () => {
    const { world, load, leave } = await browser()
    const back = await leave('alice', load({ timeouts: { flow: 60_000 } }))
    later(60_010)
    expect(await codeOf(handleCallback(load(), back))).toBe('invalid_state')
    expect(tokenRequests(world)).toEqual([])
  })

  test('the server is trusted no more, or another client is configured', async () => {
    const { world, load, leave } = await browser()
    for (const server of [{ hosts: ['https://other.example'] }, { client: { id: 'web', auth: bearer() } }]) {
      const back = await leave()
      expect(await codeOf(handleCallback(load({}, server), back))).toBe('untrusted_authorization_server')
    }
    expect(tokenRequests(world)).toEqual([])
  })

  test('what waits says nothing of use to who reads it later: it is gone', async () => {
    const { storage, load, leave } = await browser()
    const back = await leave()
    const [key = ''] = pendings(storage)
    const { verifier, nonce } = JSON.parse(storage.get(key) ?? '').signIn.memo
    await handleCallback(load(), back)
    for (const secret of [verifier, nonce, new URL(back).searchParams.get('code')])
      expect([...storage.values()].join(' ')).not.toContain(secret)
  })
})

describe('signing out', () => {
  test('while the person is away: what comes back is nobody’s', async () => {
    const { world, load, leave } = await browser()
    const back = await leave()
    await load().signOut()
    expect(await codeOf(handleCallback(load(), back))).toBe('invalid_state')
    expect(tokenRequests(world)).toEqual([])
  })

  test('while the code is redeemed: nothing is kept', async () => {
    const { world, storage, load, leave } = await browser()
    const back = await leave()
    const page = load({
      fetch: (async (input, init) => {
        const answer = await fetch(input, init)
        if (/authorization_code/.test(String(init?.body))) await load().signOut()
        return answer
      }) as typeof fetch,
    })
    expect(await codeOf(handleCallback(page, back))).toBe('invalid_state')
    expect(grants(world)).toEqual(['code'])
    expect([...storage.keys()].filter((key) => key.includes('identities'))).toEqual([])
  })

  test('forgets the sign-in and revokes it, on every page', async () => {
    const { world, storage, load, on, leave } = await browser()
    const page = load()
    await handleCallback(page, await leave())
    const [token] = tokenRequests(world, 'uma').map(({ headers }) => headers.authorization?.replace('Bearer ', ''))
    await load().signOut()
    const revoked = world.sent().filter((request) => request.path === '/revoke')
    expect(revoked.map((request) => formOf(request).token)).toContain(token)
    expect(revoked.every(({ status }) => status === 200)).toBe(true)
    expect([...storage.values()].join(' ')).not.toContain(token)
    const again = await on(() => page.fetch(world.host.origin + path))
    expect(new URL(again.went ?? '').pathname).toBe('/authorize')
  })
})
