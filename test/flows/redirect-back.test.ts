/** The way back from the authorization server (Grant §3.3.3; RFC 9207), with a caller's own handler. */
import { describe, expect, test } from 'vitest'
import type { RedirectRequest } from '../../src/index.ts'
import { onlyPeople, products } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import {
  comesBack,
  path,
  person,
  REDIRECT_URI,
  rejection,
  responseOfCode,
  tokenRequests,
  umaErrorOf,
  visit,
} from './kit.ts'

const people = { policy: onlyPeople('alice') }

/** Changes the URL that the person really came back on. */
const changed =
  (change: (url: URL, asked: RedirectRequest, world: World) => unknown) =>
  async (asked: RedirectRequest, world: World) => {
    const url = new URL(await visit(asked.url))
    change(url, asked, world)
    return url.href
  }

const plus =
  (more: (world: World) => string): Back =>
  async ({ url }, world) =>
    (await visit(url)) + more(world)

type Back = (asked: RedirectRequest, world: World) => string | Promise<string>
const refused: [string, string, Back][] = [
  ['G-3.3.3-a: without a ticket', 'redirect_failed', changed((url) => url.searchParams.delete('ticket'))],
  [
    'G-3.3.3-a: with the ticket that was sent',
    'redirect_failed',
    changed((url, asked) => url.searchParams.set('ticket', new URL(asked.url).searchParams.get('ticket') as string)),
  ],
  ['G-3.3.3-b, G-3.3.3-c: without the state', 'invalid_state', changed((url) => url.searchParams.delete('state'))],
  [
    'G-3.3.3-c: with another state',
    'invalid_state',
    changed((url) => url.searchParams.set('state', 'of-somebody-else')),
  ],
  ['G-3.3.3-c: with an empty state', 'invalid_state', changed((url) => url.searchParams.set('state', ''))],
  ['G-3.3.3-e: with error=access_denied', 'redirect_failed', ({ url }) => visit(url, 'alice', 'decline')],
  [
    'G-3.3.3-e: with an error, and another state',
    'invalid_state',
    () => `${REDIRECT_URI}?error=access_denied&state=other`,
  ],
  ['G-3.3.3-g: with two tickets', 'redirect_failed', changed((url) => url.searchParams.append('ticket', 'evil'))],
  ['G-3.3.3-g: with two states', 'redirect_failed', changed((url) => url.searchParams.append('state', 'evil'))],
  [
    'G-3.3.3-g: with two states, the wrong one first',
    'invalid_state',
    ({ state }) => `${REDIRECT_URI}?state=evil&state=${state}&ticket=x`,
  ],
  ['G-3.3.3-g: with two issuers', 'redirect_failed', plus(({ as }) => `&iss=${as.issuer}&iss=https://evil.example`)],
  [
    'G-3.3.3-h: with the iss of another AS',
    'redirect_failed',
    changed((url) => url.searchParams.set('iss', 'https://evil.example')),
  ],
  ['with everything in the fragment', 'invalid_state', async ({ url }) => (await visit(url)).replace('?', '#')],
  ['on a URL that is none', 'invalid_state', () => 'not a URL'],
  ['on nothing', 'invalid_state', () => undefined as never],
  ['on a relative URL', 'invalid_state', ({ state }) => `/callback?ticket=x&state=${state}`],
]

test.each(refused)('%s: %s, and nothing more is sent', async (_what, code, back) => {
  const world = await startWorld({ as: people })
  const send = byFetch.attach(world.requester(comesBack((asked) => back(asked, world))))
  const failure = await rejection(send(world.host.origin + path))
  expect(umaErrorOf(failure)).toMatchObject({
    code,
    issuer: world.as.issuer,
    name: code === 'invalid_state' ? 'InvalidStateError' : 'RedirectError',
  })
  expect(umaErrorOf(failure).message).not.toMatch(/evil|other|access_denied/)
  expect(await responseOfCode(failure)).toBe(401)
  expect(tokenRequests(world).length).toBe(1)
  expect(world.recorder.containing('evil').filter((r) => r.path === '/token')).toEqual([])
  expect(world.events.at(-1)).toMatchObject({ type: 'flow-ended', outcome: 'failed', code })
  // The next request has a ticket and a state of its own.
  const again = byFetch.attach(world.requester({ redirectUri: REDIRECT_URI, onRedirect: person() }))
  expect((await again(world.host.origin + path)).status).toBe(200)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

const accepted: [string, Back][] = [
  ['G-3.3.3-a, G-3.3.3-b, G-3.3.3-j: a rotated ticket and the state', ({ url }) => visit(url)],
  ['G-3.3.3-d: parameters that nobody knows are ignored', plus(() => '&code=c&x=1&x=2')],
  ['G-3.3.3-h: the iss of this AS', changed((url, _asked, { as }) => url.searchParams.set('iss', as.issuer))],
  ['no iss at all', ({ url }) => visit(url)],
  ['a query of the redirect URI, and a fragment', plus(() => '&keep=this#_=_')],
]
describe.each(waysIn)('$name', ({ attach }) => {
  test.each(accepted)('%s', async (_what, back) => {
    const world = await startWorld({ as: people })
    const send = attach(world.requester(comesBack((asked) => back(asked, world))))
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.as.stats).toMatchObject({ ticketsReplayed: 0, tokenRequests: 2 })
    // An ordinary token request follows, without anything else from the way back (Grant §3.3.1).
    expect([...(tokenRequests(world)[1] as URLSearchParams).keys()].toSorted()).toEqual([
      'client_id',
      'grant_type',
      'ticket',
    ])
  })
})

test('G-3.3.3-a: the ticket that was sent, from a server that is configured so (Gravitee, Keycloak)', async () => {
  const world = await startWorld({ as: { ...people, quirks: products.gravitee } })
  const send = byFetch.attach(
    world.requester({ redirectUri: REDIRECT_URI, onRedirect: person() }, { unchangedTicket: true }),
  )
  expect((await send(world.host.origin + path)).status).toBe(200)
})

test('G-3.3.3-f: never: timeouts.flow ends it, with a typed error', async () => {
  const world = await startWorld({ as: people })
  const send = byFetch.attach(world.requester({ ...comesBack(() => new Promise(() => {})), timeouts: { flow: 200 } }))
  const failure = await rejection(send(world.host.origin + path))
  expect(umaErrorOf(failure)).toMatchObject({ name: 'UmaTimeoutError', code: 'timeout', issuer: world.as.issuer })
  expect(await responseOfCode(failure)).toBe(401)
})

test('G-3.3.3-i: the way back of an earlier redirect is not accepted for a later one', async () => {
  const world = await startWorld({ as: people })
  const backs: string[] = []
  const send = byFetch.attach(
    world.requester(
      comesBack(async ({ url }) => {
        backs.push(await visit(url, 'bob'))
        return backs[0] as string
      }),
    ),
  )
  expect(umaErrorOf(await rejection(send(world.host.origin + path))).code).toBe('request_denied')
  expect(umaErrorOf(await rejection(send(`${world.host.origin}/alice/2.jpg`))).code).toBe('invalid_state')
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('an AS that is not content after the redirect: asks again, bounded by maxRounds', async () => {
  const world = await startWorld({ as: { policy: () => ({ needInfo: { redirectUser: true } }) } })
  const alice = person()
  const send = byFetch.attach(world.requester({ redirectUri: REDIRECT_URI, onRedirect: alice, maxRounds: 3 }))
  expect(umaErrorOf(await rejection(send(world.host.origin + path))).code).toBe('need_info')
  expect(alice.asked.length).toBe(3)
  expect(new Set(alice.asked.map(({ state }) => state)).size).toBe(3)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('the error that a person came back with can be told from a broken way back', async () => {
  const world = await startWorld({ as: people })
  const send = byFetch.attach(world.requester({ redirectUri: REDIRECT_URI, onRedirect: person('alice', 'decline') }))
  const declined = umaErrorOf(await rejection(send(world.host.origin + path)))
  expect(declined.name).toBe('RedirectError')
  expect(declined.message).toMatch(/the person declined/i)
})
