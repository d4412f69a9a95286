/** Sign-ins that end: refreshed, or obtained anew, once for all who ask, and never more often than that. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { codeFlow } from '../../src/sign-in.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { onlyPeople, onlySubjects } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import type { World } from '../helpers/world.ts'
import { bearerOf, formOf, grants, keycloak, people, tokenRequests, umaRejection, wantsIdToken } from './kit.ts'

/** Access tokens of which the client believes that they end soon. */
const soon: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init)
  if (!/authorization_code/.test(String(init?.body))) return answer
  return Response.json({ ...((await answer.json()) as object), expires_in: 60 }, { status: answer.status })
}

/** The token endpoint knows some access tokens no more, but goes on refreshing. */
function forgetful() {
  const forgotten = new Set<string | null>()
  const send: typeof fetch = async (input, init) =>
    forgotten.has(new Headers(init?.headers).get('authorization'))
      ? Response.json({ error: 'invalid_grant' }, { status: 401 })
      : fetch(input, init)
  return { send, forget: (token: string) => forgotten.add(`Bearer ${token}`) }
}

/** The authorization server forgets an access token, and with it the whole grant. */
async function revoke(world: World, token: string): Promise<void> {
  const body = new URLSearchParams({ client_id: 'spa', token })
  expect((await fetch(`${world.as.issuer}/revoke`, { method: 'POST', body })).status).toBe(200)
}

/** Alice is signed in, and has read one photo. */
async function signedIn(options: object = {}, scope = 'openid offline_access') {
  const cast = await keycloak(onlyPeople('alice'))
  const alice = people('alice')
  const signIn = codeFlow({ scope, parameters: { prompt: 'consent' } })
  const app = cast.requester({ onRedirect: alice, ...options }, { signIn })
  expect((await app.fetch(cast.url)).status).toBe(200)
  const [request] = tokenRequests(cast.world, 'uma')
  const token = bearerOf(request as never)
  cast.world.recorder.clear()
  alice.asked.length = 0
  const more = (name = '2') => app.fetch(`${cast.world.host.origin}/alice/${name}.jpg`)
  return { ...cast, app, alice, token, more }
}

describe('the access token has ended', () => {
  test('refreshed before it is used, without the person', async () => {
    const { world, alice, more, token } = await signedIn({ fetch: soon })
    later(61_000)
    expect((await more()).status).toBe(200)
    expect(grants(world)).toEqual(['refresh', 'uma'])
    expect(bearerOf(tokenRequests(world, 'uma')[0] as never)).not.toBe(token)
    expect(alice.asked).toEqual([])
    expect(world.events.filter(({ type }) => type === 'sign-in-refreshed').length).toBe(1)
  })

  test('once for all who ask at the same time', async () => {
    const { world, more } = await signedIn({ fetch: soon })
    later(61_000)
    const answers = await Promise.all(['2', '3', '4', '5'].map(more))
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(200))
    expect(grants(world).filter((grant) => grant !== 'uma')).toEqual(['refresh'])
  })

  test('once for several programs on one storage', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'uma-refresh-'))
    const storages = [0, 1, 2].map(() => sqliteStorage({ path: join(directory, 'tokens.sqlite') }))
    onTestFinished(() => {
      for (const storage of storages) void storage.close?.()
      rmSync(directory, { recursive: true })
    })
    const { world, alice, requester } = await signedIn({ fetch: soon, storage: storages[0] })
    later(61_000)
    const signIn = codeFlow({ scope: 'openid offline_access', parameters: { prompt: 'consent' } })
    const programs = storages.map((storage) => requester({ onRedirect: alice, fetch: soon, storage }, { signIn }))
    const answers = await Promise.all(
      programs.map((program, index) => program.fetch(`${world.host.origin}/alice/${index + 2}.jpg`)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(grants(world).filter((grant) => grant !== 'uma')).toEqual(['refresh'])
    expect(alice.asked).toEqual([])
  })

  test('and the refresh token is no good: Alice signs in again', async () => {
    let refused = 0
    const { world, alice, more } = await signedIn({
      fetch: (async (input, init) => {
        if (!/grant_type=refresh_token/.test(String(init?.body))) return soon(input, init)
        refused++
        return Response.json({ error: 'invalid_grant' }, { status: 400 })
      }) as typeof fetch,
    })
    later(61_000)
    expect((await more()).status).toBe(200)
    expect([refused, grants(world), alice.asked.length]).toEqual([1, ['code', 'uma'], 1])
    expect(world.events.filter(({ type }) => type === 'sign-in-dropped').length).toBe(1)
  })

  test('and the server is not reached: that error; it is tried again with the next request', async () => {
    let down = true
    const { world, alice, more } = await signedIn({
      fetch: (async (input, init) => {
        if (down && /grant_type=refresh_token/.test(String(init?.body))) throw new TypeError('fetch failed')
        return soon(input, init)
      }) as typeof fetch,
    })
    later(61_000)
    expect((await umaRejection(more())).code).toBe('token_request_failed')
    expect(tokenRequests(world)).toEqual([])
    down = false
    expect((await more()).status).toBe(200)
    expect([grants(world), alice.asked.length]).toEqual([['refresh', 'uma'], 0])
  })

  test.each([
    ['HTML', new Response('<h1>Back soon</h1>', { status: 200 }), 'invalid_token_response'],
    ['429', Response.json({ error: 'too_many_requests' }, { status: 429 }), 'too_many_requests'],
  ])('and the server is not well, %s: the same', async (_, answer, code) => {
    let down = true
    const { alice, more } = await signedIn({
      fetch: (async (input, init) =>
        down && /grant_type=refresh_token/.test(String(init?.body))
          ? answer.clone()
          : soon(input, init)) as typeof fetch,
    })
    later(61_000)
    expect((await umaRejection(more())).code).toBe(code)
    down = false
    expect((await more()).status).toBe(200)
    expect(alice.asked.length).toBe(0)
  })

  test('and there is no refresh token: Alice signs in again', async () => {
    const { world, alice, more } = await signedIn({ fetch: soon }, 'openid')
    later(61_000)
    expect((await more()).status).toBe(200)
    expect([grants(world), alice.asked.length]).toEqual([['code', 'uma'], 1])
  })

  test('at once, always: bounded', async () => {
    const { requester, url } = await keycloak()
    const alice = people('alice')
    const ended = (async (input, init) => {
      const answer = await fetch(input, init)
      if (!/authorization_code/.test(String(init?.body))) return answer
      return Response.json({ ...((await answer.json()) as object), expires_in: 1e-9 })
    }) as typeof fetch
    const app = requester({ onRedirect: alice, fetch: ended, maxRounds: 3 }, { signIn: codeFlow({ scope: 'openid' }) })
    expect((await umaRejection(app.fetch(url))).code).toBe('need_info')
    expect(alice.asked.length).toBe(3)
  })
})

describe('U1-3.5.4-b on UMA 2.0 too: the server does not know the access token any more', () => {
  test('refreshed, and the ticket kept', async () => {
    const { send, forget } = forgetful()
    const { world, alice, more, token } = await signedIn({ fetch: send })
    forget(token)
    const before = world.as.stats.ticketsIssued
    expect((await more()).status).toBe(200)
    expect([grants(world), alice.asked.length]).toEqual([['refresh', 'uma'], 0])
    expect(world.events.filter(({ type }) => type === 'token-request').length).toBe(3)
    expect([world.as.stats.ticketsIssued - before, world.as.stats.ticketsReplayed]).toEqual([1, 0])
  })

  test('or obtained anew, and the ticket kept', async () => {
    const { world, alice, more, token } = await signedIn({}, 'openid')
    await revoke(world, token)
    world.recorder.clear()
    expect((await more()).status).toBe(200)
    expect([grants(world), alice.asked.length]).toEqual([['uma', 'code', 'uma'], 1])
    expect(new Set(tokenRequests(world, 'uma').map((request) => formOf(request).ticket)).size).toBe(1)
  })

  test('several at once: one refresh', async () => {
    const { send, forget } = forgetful()
    const { world, more, token } = await signedIn({ fetch: send })
    forget(token)
    const answers = await Promise.all(['2', '3', '4'].map(more))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(grants(world).filter((grant) => grant === 'refresh').length).toBe(1)
  })

  test('and none is ever good: invalid_token, after one attempt more', async () => {
    let good = true
    let refused = 0
    const { world, more } = await signedIn({
      fetch: (async (input, init) => {
        if (good || !/uma-ticket/.test(String(init?.body))) return fetch(input, init)
        refused++
        return Response.json({ error: 'invalid_grant' }, { status: 401 })
      }) as typeof fetch,
    })
    good = false
    expect((await umaRejection(more())).code).toBe('invalid_token')
    expect([refused, grants(world)]).toEqual([2, ['refresh']])
  })
})

describe('an ID token that has ended', () => {
  const shortLived =
    (world: () => World): typeof fetch =>
    async (input, init) => {
      const answer = await fetch(input, init)
      if (!/authorization_code/.test(String(init?.body))) return answer
      const json = (await answer.json()) as { id_token: string }
      const claims = JSON.parse(Buffer.from(json.id_token.split('.')[1] ?? '', 'base64url').toString())
      const exp = Math.floor(Date.now() / 1000) + 60
      return Response.json({ ...json, id_token: world().as.issueIdToken({ ...claims, exp }) })
    }

  test.each([
    ['openid offline_access', ['refresh', 'uma'], 0],
    ['openid', ['code', 'uma'], 1],
  ])('is not pushed: %s', async (scope, then, asked) => {
    const { world, requester, url } = await wantsIdToken(onlySubjects(['alice']))
    const alice = people('alice')
    const signIn = codeFlow({ scope, parameters: { prompt: 'consent' } })
    const app = requester({ onRedirect: alice, fetch: shortLived(() => world) }, { signIn, pushClaims: 'first' })
    expect((await app.fetch(url)).status).toBe(200)
    world.recorder.clear()
    alice.asked.length = 0
    later(62_000)
    expect((await app.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
    expect([grants(world), alice.asked.length]).toEqual([then, asked])
    const [, payload = ''] = formOf(tokenRequests(world, 'uma')[0] as never).claim_token?.split('.') ?? []
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).exp * 1000).toBeGreaterThan(Date.now())
  })
})
