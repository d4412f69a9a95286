/** Refresh of an expired RPT (Grant §3.6). */

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { clientSecretBasic, createRequester } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { products } from '../helpers/authorization-server.ts'
import { startHost } from '../helpers/host.ts'
import { later } from '../helpers/later.ts'
import { startWorld } from '../helpers/world.ts'
import { FOREVER, formsOf, fromClient, second } from '../requester/kit.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { path, rejection, tick, until } from './kit.ts'
import { flows, ranOut, refreshes, requests } from './refresh-kit.ts'

describe.each(waysIn)('$name', ({ attach }) => {
  test('G-3.6-a: an expired RPT is refreshed before it is presented', async () => {
    const { world, send, url, token } = await ranOut({}, {}, {}, attach)
    expect((await send(url)).status).toBe(200)
    expect(world.lines()).toEqual(['POST as /token 200', `GET host ${path} 200`])
    expect(Object.fromEntries(refreshes(world)[0] as URLSearchParams)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: 'spa',
    })
    expect(world.events).toEqual([{ type: 'rpt-refreshed', issuer: world.as.issuer, host: world.host.origin }])
    // And then it is simply there.
    world.recorder.clear()
    expect((await send(url)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('single flight: 20 requests at once, one refresh', async () => {
    const { world, send, url } = await ranOut({ rotateRefresh: true, delayMs: { token: 30 } }, {}, {}, attach)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(i % 2 ? url : `${url}?${i}`)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect([refreshes(world).length, flows(world), world.as.stats.refreshTokensReplayed]).toEqual([1, 0, 0])
  })
})

test('G-3.6-c: a new refresh token replaces the old one, over many turns', async () => {
  const { world, send, url, token } = await ranOut({ rotateRefresh: true })
  const used = [token]
  const start = Date.now()
  for (let turn = 1; turn < 5; turn++) {
    vi.useFakeTimers({ toFake: ['Date'], now: start + turn * 3_700_000 })
    try {
      // The server's clock is this one too: its RPTs have run out as well.
      expect((await send(url)).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  }
  for (const form of refreshes(world)) used.push(form.get('refresh_token') as string)
  expect(used.slice(0, 2)).toEqual([token, token])
  expect(new Set(used).size).toBe(4)
  expect(world.as.stats.refreshTokensReplayed).toBe(0)
  expect(world.as.stats.tokenRequests).toBe(1)
})

test('RFC 6749 §6: no new refresh token in the answer: the old one stays good', async () => {
  const { world, send, url, token } = await ranOut()
  expect(world.as.quirks.rotateRefresh).toBe(false)
  expect((await send(url)).status).toBe(200)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_700_000 })
  try {
    expect((await send(url)).status).toBe(200)
  } finally {
    vi.useRealTimers()
  }
  expect(refreshes(world).map((form) => form.get('refresh_token'))).toEqual([token, token])
})

test('the new expiry counts', async () => {
  const { world, send, url } = await ranOut({ rptLifetimeMs: 3_600_000 })
  expect((await send(url)).status).toBe(200)
  const now = Date.now()
  for (const [later, expected] of [
    [3_500_000, 0],
    [3_700_000, 1],
  ] as const) {
    world.recorder.clear()
    vi.useFakeTimers({ toFake: ['Date'], now: now + later })
    try {
      expect((await send(url)).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
    expect(refreshes(world).length).toBe(expected)
  }
})

test('the client authenticates for it', async () => {
  const { world, send, url } = await ranOut({}, {}, { client: { id: 'web', auth: clientSecretBasic('web-secret') } })
  expect((await send(url)).status).toBe(200)
  expect(Buffer.from(requests(world)[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe(
    'web:web%2Dsecret',
  )
  expect(refreshes(world)[0]?.has('client_id')).toBe(false)
})

test('there is none: no refresh is asked for, the flow starts anew', async () => {
  const { world, send, url } = await ranOut({ refreshTokens: false })
  expect((await send(url)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 401`, 'POST as /token 200', `GET host ${path} 200`])
  expect([refreshes(world).length, world.as.stats.refreshRequests]).toEqual([0, 0])
  expect(world.events).toContainEqual({
    type: 'rpt-dropped',
    issuer: world.as.issuer,
    host: world.host.origin,
    reason: 'expired',
  })
})

test('an RPT that has not run out is not refreshed', async () => {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const send = byFetch.attach(world.requester())
  for (let i = 0; i < 3; i++) await send(world.host.origin + path)
  expect(refreshes(world)).toEqual([])
})

test('G-3.6-b: a new permission needs a new ticket: a refresh is no way to it', async () => {
  const { world, send, url } = await ranOut()
  expect((await send(url, { method: 'PUT', body: 'x' })).status).toBe(200)
  expect(flows(world)).toBe(1)
})

describe('G-3.6-d: whatever goes wrong, both are dropped and a flow does', () => {
  const answers: [string, (json: Response) => Response | Promise<Response>][] = [
    ['400 invalid_grant', () => Response.json({ error: 'invalid_grant' }, { status: 400 })],
    ['403 (SolidLab)', () => Response.json({ status: 403, message: 'expired' }, { status: 403 })],
    ['500', () => new Response('<h1>Oops</h1>', { status: 500 })],
    ['200 that is no token', () => Response.json({ result: true })],
    ['an unusable token type', () => Response.json({ access_token: 'x', token_type: 'mac' })],
    [
      'need_info',
      () =>
        Response.json({ error: 'need_info', ticket: 'x', redirect_user: 'https://as.example.com' }, { status: 403 }),
    ],
    ['a network fault', () => Promise.reject(new TypeError('fetch failed'))],
  ]
  test.each(answers)('%s', async (_what, answer) => {
    const faulty: typeof fetch = async (input, init) => {
      const refresh = String(init?.body).includes('refresh_token=')
      const response = await fetch(input, init)
      return refresh ? answer(response) : response
    }
    const { world, send, url, token } = await ranOut({}, { fetch: faulty })
    expect((await send(url)).status).toBe(200)
    expect([refreshes(world).length, flows(world)]).toEqual([1, 1])
    expect(formsOf(requests(world)).at(-1)?.has('rpt')).toBe(false)
    expect(world.events.find(({ type }) => type === 'rpt-dropped')).toMatchObject({ reason: 'expired' })
    world.recorder.clear()
    expect((await send(url)).status).toBe(200)
    expect([world.lines(), world.recorder.containing(token as string)]).toEqual([[`GET host ${path} 200`], []])
  })

  test('a refresh token that the AS has revoked', async () => {
    const { world, send, url, token } = await ranOut()
    world.as.revoke(token as string)
    expect((await send(url)).status).toBe(200)
    expect(flows(world)).toBe(1)
  })

  test('it takes too long: timeouts.request, then a flow', async () => {
    const { world, send, url } = await ranOut({}, { timeouts: { request: 2_000 } })
    world.as.quirks.delayMs = { token: FOREVER }
    const sent = send(url)
    await until(() => refreshes(world).length === 1)
    await tick(40)
    world.as.quirks.delayMs = {}
    expect((await sent).status).toBe(200)
    expect(flows(world)).toBe(1)
  })
})

test('after the refresh the host still refuses: a flow, not another refresh', async () => {
  const { world, send, url } = await ranOut()
  world.host.quirks.stale = { status: 401, challenge: false }
  const sent = send(url)
  await until(() => refreshes(world).length === 1)
  for (const r of world.recorder.requests) if (r.path === path) world.as.revoke(r.headers.authorization?.slice(7) ?? '')
  expect((await sent).status).toBe(200)
  expect(refreshes(world).length).toBe(1)
})

test('G-3.6-c: bound to its client and AS: never sent to another', async () => {
  const { world, token } = await ranOut()
  const as2 = await second({ quirks: { refreshTokens: true } })
  const host2 = await startHost({ authorizationServer: as2, label: 'host2', recorder: as2.recorder })
  onTestFinished(host2.close)
  const requester = createRequester({
    authorizationServers: [{ issuer: as2.issuer, hosts: [host2.origin], client: { id: 'spa' } }],
  })
  expect((await requester.fetch(host2.origin + path)).status).toBe(200)
  expect(formsOf(fromClient(as2)).some((form) => form.has('refresh_token'))).toBe(false)
  expect(as2.recorder.containing(token as string)).toEqual([])
  expect(world.as.stats.refreshTokensReplayed).toBe(0)
})

test('an abort of one who waits for a refresh is his alone; the token is kept', async () => {
  const { world, send, url } = await ranOut({ rotateRefresh: true, delayMs: { token: 1_500 } })
  const controller = new AbortController()
  const one = rejection(send(url, { signal: controller.signal }))
  const other = send(url)
  await until(() => refreshes(world).length === 1)
  controller.abort()
  expect(((await one) as Error).name).toBe('AbortError')
  expect((await other).status).toBe(200)
  expect([refreshes(world).length, world.as.stats.refreshTokensReplayed]).toEqual([1, 0])
})

test('SolidLab: rotated refresh tokens, expiry from the JWT', async () => {
  const world = await startWorld({
    as: { quirks: { ...products.solidlab, permissionForm: 'both', rptLifetimeMs: 60_000 } },
  })
  const send = byFetch.attach(world.requester())
  expect((await send(world.host.origin + path)).status).toBe(200)
  later(62_000)
  expect((await send(world.host.origin + path)).status).toBe(200)
  expect([refreshes(world).length, world.as.stats.refreshTokensReplayed]).toEqual([1, 0])
})

test('from storage: the next process refreshes what this one has left', async () => {
  const storage = new Map<string, string>()
  const options = { storage: keyValueStorage(storage), requestingParty: 'alice' }
  const { world, url } = await ranOut({ rotateRefresh: true }, options)
  for (let process = 0; process < 2; process++)
    expect((await byFetch.attach(world.requester(options))(url)).status).toBe(200)
  expect([refreshes(world).length, flows(world), world.as.stats.refreshTokensReplayed]).toEqual([1, 0, 0])
})
