/** `requester.fetch` behaves as `fetch` does. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { startWorld } from '../helpers/world.ts'
import { FOREVER } from '../requester/kit.ts'
import { rejection } from './kit.ts'

const path = '/alice/1.jpg'
afterEach(() => vi.unstubAllGlobals())

test('a URL, a string, a Request: the same', async () => {
  const world = await startWorld()
  const { fetch } = world.requester()
  const url = world.host.origin + path
  for (const input of [url, new URL(url), new Request(url)]) expect((await fetch(input)).status).toBe(200)
  expect(world.sent().length).toBe(4 + 1 + 1)
})

test('it is bound: it can be handed around', async () => {
  const world = await startWorld()
  const bag = { fetch: world.requester().fetch }
  const { fetch } = bag
  expect((await Reflect.apply(fetch, undefined, [world.host.origin + path])).status).toBe(200)
  expect((await bag.fetch(world.host.origin + path)).status).toBe(200)
})

test('the fragment is no part of the place', async () => {
  const world = await startWorld()
  const { fetch } = world.requester()
  for (const end of ['#a', '#b', '']) await fetch(world.host.origin + path + end)
  expect(world.sent().length).toBe(4 + 1 + 1)
})

test('the query is', async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const { fetch } = world.requester()
  await fetch(`${world.host.origin}${path}?size=1`)
  world.recorder.clear()
  // Nearest first: the RPT that opened the same path under another query.
  expect((await fetch(`${world.host.origin}${path}?size=2`)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path}?size=2 200`])
})

describe('URLs that are none', () => {
  test.each(['/alice/1.jpg', 'alice', 'http://', 'nonsense://x'])('%s: rejects as fetch does', async (url) => {
    const world = await startWorld()
    const [ours, bare] = (await Promise.all([rejection(world.requester().fetch(url)), rejection(fetch(url))])) as [
      Error,
      Error,
    ]
    expect([ours.name, ours.message]).toEqual([bare.name, bare.message])
  })

  test('data: and blob: URLs are fetched', async () => {
    const world = await startWorld()
    expect(await (await world.requester().fetch('data:,hello')).text()).toBe('hello')
    expect(await (await world.requester().fetch(URL.createObjectURL(new Blob(['hi'])))).text()).toBe('hi')
  })

  test('in a page they are resolved against its base', async () => {
    const world = await startWorld()
    vi.stubGlobal('location', { href: `${world.host.origin}/alice/page.html`, origin: world.host.origin })
    const bare = globalThis.fetch
    vi.stubGlobal('fetch', (input: string, init: RequestInit) =>
      bare(typeof input === 'string' ? new URL(input, `${world.host.origin}/alice/page.html`) : input, init),
    )
    const { fetch } = world.requester()
    expect((await fetch('1.jpg')).status).toBe(200)
    expect((await fetch(path)).status).toBe(200)
    expect(world.sent().length).toBe(4 + 1)
  })
})

describe('headers', () => {
  test('defaults: on every send, unless the request sets them itself', async () => {
    const world = await startWorld()
    const { fetch } = world.requester({ headers: { accept: 'application/json', 'x-app': 'photos' } })
    await fetch(world.host.origin + path, { headers: { Accept: 'image/jpeg' } })
    await fetch(new Request(world.host.origin + path, { headers: { 'X-App': 'other' } }))
    expect(
      world
        .sent()
        .filter((r) => r.server === 'host')
        .map((r) => [r.headers.accept, r.headers['x-app']]),
    ).toEqual([
      ['image/jpeg', 'photos'],
      ['image/jpeg', 'photos'],
      // A Request's own `accept` is set by nobody, so the default counts.
      ['application/json', 'other'],
    ])
  })

  test('those of the request go with each send, in whatever form they are given', async () => {
    const world = await startWorld()
    const { fetch } = world.requester()
    for (const [i, headers] of [
      new Headers({ 'x-mine': 'yes' }),
      [['x-mine', 'yes']] as [string, string][],
      { 'X-Mine': 'yes' },
    ].entries()) {
      world.recorder.clear()
      expect((await fetch(`${world.host.origin}/alice/${i}.jpg`, { headers })).status).toBe(200)
      expect(
        world
          .sent()
          .filter((r) => r.server === 'host')
          .every((r) => r.headers['x-mine'] === 'yes'),
      ).toBe(true)
    }
  })

  test('what the caller handed in is left as it was', async () => {
    const world = await startWorld()
    const headers = new Headers({ 'x-mine': 'yes' })
    const init = Object.freeze({ method: 'PUT', headers, body: 'x', uma: Object.freeze({}) })
    expect((await world.requester({ headers: { 'x-app': '1' } }).fetch(world.host.origin + path, init)).status).toBe(
      200,
    )
    expect([...headers]).toEqual([['x-mine', 'yes']])
  })
})

describe('a Request', () => {
  test('with a body: sent twice, whole', async () => {
    const world = await startWorld()
    const request = new Request(world.host.origin + path, {
      method: 'PUT',
      body: 'grüße',
      headers: { 'x-mine': 'yes' },
    })
    expect((await world.requester().fetch(request)).status).toBe(200)
    expect(
      world
        .sent()
        .filter((r) => r.path === path)
        .map((r) => [r.method, r.body.toString(), r.headers['x-mine']]),
    ).toEqual([
      ['PUT', 'grüße', 'yes'],
      ['PUT', 'grüße', 'yes'],
    ])
  })

  test('and an init: the init wins, as with fetch', async () => {
    const world = await startWorld()
    const request = new Request(world.host.origin + path, { method: 'PUT', body: 'one', headers: { 'x-mine': 'one' } })
    expect((await world.requester().fetch(request, { body: 'two', headers: { 'x-mine': 'two' } })).status).toBe(200)
    expect(
      world
        .sent()
        .filter((r) => r.path === path)
        .map((r) => [r.method, r.body.toString(), r.headers['x-mine']]),
    ).toEqual([
      ['PUT', 'two', 'two'],
      ['PUT', 'two', 'two'],
    ])
  })

  test('one that was used already: rejects as fetch does, nothing sent', async () => {
    const world = await startWorld()
    const request = new Request(world.host.origin + path, { method: 'PUT', body: 'x' })
    await request.text()
    const failure = await rejection(world.requester().fetch(request))
    expect(failure).toBeInstanceOf(TypeError)
    expect(world.sent()).toEqual([])
  })

  test('its signal counts', async () => {
    const world = await startWorld({ as: { quirks: { delayMs: { token: FOREVER } } } })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    const failure = await rejection(
      world.requester().fetch(new Request(world.host.origin + path, { signal: controller.signal })),
    )
    expect((failure as Error).name).toBe('AbortError')
  })
})

test('redirect: manual and error are passed on', async () => {
  const world = await startWorld({
    host: { quirks: { redirect: ({ path: at }) => (at === '/old' ? path : undefined) } },
  })
  const { fetch } = world.requester()
  expect((await fetch(`${world.host.origin}/old`, { redirect: 'manual' })).status).toBe(302)
  await expect(fetch(`${world.host.origin}/old`, { redirect: 'error' })).rejects.toThrow(TypeError)
})

test('a network fault is what fetch rejects with', async () => {
  const world = await startWorld({ host: { quirks: { closeEarly: 'silent' } } })
  await expect(world.requester().fetch(world.host.origin + path)).rejects.toThrow(TypeError)
})

test('the global fetch is looked up for each request (A13); `fetch` of the options serves the authorization servers alone', async () => {
  const world = await startWorld()
  const bare = globalThis.fetch
  const [hosts, servers] = [[] as string[], [] as string[]]
  const requester = world.requester({
    fetch: (input, init) => {
      servers.push(new URL(String(input)).origin)
      return bare(input, init)
    },
  })
  vi.stubGlobal('fetch', (input: string, init: RequestInit) => {
    if (String(input).startsWith(world.host.origin)) hosts.push(input)
    return bare(input, init)
  })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect([hosts.length, servers]).toEqual([2, [world.as.issuer, world.as.issuer]])
})

test('wrapFetch: the same around another fetch', async () => {
  const world = await startWorld()
  const seen: string[] = []
  const wrapped = world.requester().wrapFetch((input, init) => {
    seen.push(String(input))
    return fetch(input, init)
  })
  expect((await wrapped(world.host.origin + path)).status).toBe(200)
  expect(seen).toEqual([world.host.origin + path, world.host.origin + path])
})

test('a HEAD, a 404 and a 500 are answers like any other', async () => {
  const world = await startWorld()
  const { fetch } = world.requester()
  expect((await fetch(world.host.origin + path, { method: 'HEAD' })).status).toBe(200)
  world.host.quirks.answer = () => ({ status: 404, body: 'gone' })
  expect(await (await fetch(world.host.origin + path)).text()).toBe('gone')
})

test('a listener that throws disturbs nobody', async () => {
  const world = await startWorld()
  const onEvent = (): never => {
    throw new Error('listener')
  }
  expect((await world.requester({ onEvent }).fetch(world.host.origin + path)).status).toBe(200)
})
