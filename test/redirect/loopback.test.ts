/** The redirect to a server on this machine, with a real person at the authorization server (Grant §3.3.2, §3.3.3). */
import { describe, expect, test } from 'vitest'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { type LoopbackRedirectOptions, loopbackRedirect } from '../../src/redirect/loopback.ts'
import { path, rejection, tokenRequests, types, umaErrorOf, umaRejection, until, visit } from '../flows/kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { freePort, listening, waysInto } from './loopback-kit.ts'

interface Machine {
  world: World
  port: number
  callback: string
  urls: string[]
  requester: Requester
}

/** A program that the AS knows by an exact URI, and the URLs that its person was shown. */
async function machine(
  options: Partial<LoopbackRedirectOptions> = {},
  more: Partial<RequesterOptions> = {},
): Promise<Machine> {
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/callback`
  const world = await startWorld({ as: { policy: onlyPeople('alice'), claimsRedirectUris: [callback] } })
  const urls: string[] = []
  const onRedirect = loopbackRedirect({ port, show: (url) => urls.push(url), ...options })
  return { world, port, callback, urls, requester: world.requester({ onRedirect, ...more }) }
}

/** The person follows what was shown, to the end: the page that the program answers with. */
async function personGoes(url: string, action = 'share'): Promise<Response> {
  return fetch(await visit(url, 'alice', action))
}

describe.each(waysInto)('$name', ({ attach }) => {
  test('the whole way: shown, agreed, back, and the photo is there; no server is left', async () => {
    const { world, port, callback, urls, requester } = await machine()
    const sent = attach(requester)(world.host.origin + path)
    await until(() => urls.length === 1)
    expect(new URL(urls[0] as string).searchParams.get('claims_redirect_uri')).toBe(callback)
    expect(await listening(port)).toBe(true)
    const page = await personGoes(urls[0] as string)
    expect(page.status).toBe(200)
    expect((await sent).status).toBe(200)
    expect(await listening(port)).toBe(false)
    expect(world.as.stats).toMatchObject({ ticketsReplayed: 0, tokenRequests: 2 })
    expect(types(world.events).filter((type) => type.startsWith('redirect'))).toEqual(['redirect', 'redirect-returned'])
  })
})

test('the page: says that it can be closed, tells nothing, is kept nowhere, sends no referrer', async () => {
  const { world, urls, requester } = await machine()
  const sent = requester.fetch(world.host.origin + path)
  await until(() => urls.length === 1)
  const back = await visit(urls[0] as string)
  const page = await fetch(back)
  const text = await page.text()
  expect(text).toMatch(/close this/i)
  expect(text).toMatch(/^<!doctype html>/)
  expect(text).toMatch(/no-referrer/)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cache-control')).toBe('no-store')
  for (const secret of new URL(back).searchParams.values())
    expect(text + JSON.stringify([...page.headers])).not.toContain(secret)
  expect((await sent).status).toBe(200)
})

test('its own URI goes before that of the AS and the requester', async () => {
  const { world, callback, urls, requester } = await machine({}, { redirectUri: 'https://app.example.com/callback' })
  const sent = requester.fetch(world.host.origin + path)
  await until(() => urls.length === 1)
  expect(new URL(urls[0] as string).searchParams.getAll('claims_redirect_uri')).toEqual([callback])
  await personGoes(urls[0] as string)
  expect((await sent).status).toBe(200)
})

test('any free port, any path: each redirect has its own, and the AS is told the exact URI', async () => {
  const urls: string[] = []
  const world = await startWorld({ as: { policy: onlyPeople('alice') } })
  const options = { onRedirect: loopbackRedirect({ path: '/a/b', show: (url) => urls.push(url) }) }
  const requesters = [
    world.requester({ ...options, requestingParty: 'alice' }),
    world.requester({ ...options, requestingParty: 'bob' }),
  ]
  const controller = new AbortController()
  const sent = requesters.map((requester) =>
    rejection(requester.fetch(world.host.origin + path, { signal: controller.signal })),
  )
  await until(() => urls.length === 2)
  const uris = urls.map((url) => new URL(url).searchParams.get('claims_redirect_uri') as string)
  for (const uri of uris) expect(uri).toMatch(/^http:\/\/127\.0\.0\.1:\d{4,5}\/a\/b$/)
  expect(new Set(uris).size).toBe(2)
  controller.abort()
  await Promise.all(sent)
  for (const uri of uris) expect(await listening(Number(new URL(uri).port))).toBe(false)
})

test('the same port again, for the next redirect', async () => {
  const { world, urls, requester } = await machine()
  world.as.quirks.pctOff = true
  world.as.quirks.upgrade = 'never'
  for (let i = 0; i < 3; i++) {
    const sent = requester.fetch(`${world.host.origin}/alice/${i}.jpg`)
    await until(() => urls.length === i + 1)
    await personGoes(urls[i] as string)
    expect((await sent).status).toBe(200)
  }
})

test('many requests at once on a fixed port: one interaction, one server', async () => {
  const { world, urls, requester } = await machine()
  const sent = Array.from({ length: 5 }, (_, i) => requester.fetch(`${world.host.origin}/alice/${i}.jpg`))
  await until(() => urls.length === 1)
  await personGoes(urls[0] as string)
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(urls.length).toBe(1)
})

test('G-3.3.3-e: a person who declines: RedirectError, and no server is left', async () => {
  const { world, port, urls, requester } = await machine()
  const sent = rejection(requester.fetch(world.host.origin + path))
  await until(() => urls.length === 1)
  expect((await personGoes(urls[0] as string, 'decline')).status).toBe(200)
  expect(umaErrorOf(await sent)).toMatchObject({ name: 'RedirectError', code: 'redirect_failed' })
  expect(await listening(port)).toBe(false)
})

test.each([
  ['G-3.3.3-g: two tickets', '&ticket=evil'],
  ['G-3.3.3-g: two states', '&state=evil'],
  ['G-3.3.3-h: iss of another AS', '&iss=https%3A%2F%2Fevil.example'],
])('%s: RedirectError, and nothing is sent', async (_what, more) => {
  const { world, port, urls, requester } = await machine()
  const sent = rejection(requester.fetch(world.host.origin + path))
  await until(() => urls.length === 1)
  await fetch((await visit(urls[0] as string)) + more)
  expect(umaErrorOf(await sent).code).toBe('redirect_failed')
  expect(tokenRequests(world).length).toBe(1)
  expect(await listening(port)).toBe(false)
})

test('a redirect_user that nobody may be sent to: no server is left either', async () => {
  const { world, port, urls, requester } = await machine()
  world.as.policy = () => ({ needInfo: { redirectUser: 'javascript:alert(1)' } })
  expect((await umaRejection(requester.fetch(world.host.origin + path))).code).toBe('redirect_failed')
  await until(() => true)
  expect([urls, await listening(port)]).toEqual([[], false])
})

test('timeout: UmaTimeoutError, and no server is left', async () => {
  const { world, port, requester } = await machine({ timeout: 150 })
  expect(await umaRejection(requester.fetch(world.host.origin + path))).toMatchObject({
    name: 'UmaTimeoutError',
    code: 'timeout',
    issuer: world.as.issuer,
  })
  expect(await listening(port)).toBe(false)
})

test('timeouts.flow, if that is shorter: the same', async () => {
  const { world, port, requester } = await machine({}, { timeouts: { flow: 200 } })
  expect((await umaRejection(requester.fetch(world.host.origin + path))).code).toBe('timeout')
  expect(await listening(port)).toBe(false)
})

describe.each(waysInto)('$name', ({ attach, aborted }) => {
  test('abort: the abort error of the platform, at once, and no server is left', async () => {
    const { world, port, urls, requester } = await machine()
    const controller = new AbortController()
    const sent = rejection(attach(requester)(world.host.origin + path, { signal: controller.signal }))
    await until(() => urls.length === 1)
    expect(await listening(port)).toBe(true)
    controller.abort()
    expect(aborted(await sent)).toBe(true)
    await until(() => true)
    expect(await listening(port)).toBe(false)
  })
})

test('show that throws: what it throws, and no server is left', async () => {
  const { world, port, requester } = await machine({
    show: () => {
      throw new Error('no terminal')
    },
  })
  expect(((await rejection(requester.fetch(world.host.origin + path))) as Error).message).toBe('no terminal')
  expect(await listening(port)).toBe(false)
})
