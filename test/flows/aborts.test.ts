/** Aborted at each of its await points, a flow ends with the platform's abort error and leaves nothing behind. */

import { getEventListeners } from 'node:events'
import axios from 'axios'
import { afterAll, describe, expect, test } from 'vitest'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { loopbackRedirect } from '../../src/redirect/loopback.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import {
  type AuthorizationServerQuirks,
  onlyPeople,
  onlySubjects,
  ownerAgreesAfter,
  type Policy,
} from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { FOREVER, holdNextSend } from '../requester/kit.ts'
import { byAxiosFetch, byAxiosHttp, byFetch, byKy } from '../ways-in/kit.ts'
import { claim, hostSends, path, REDIRECT_URI, rejection, tick, tokenRequests, types, until } from './kit.ts'

interface AwaitPoint {
  policy?: Policy
  quirks?: Partial<AuthorizationServerQuirks>
  more?: Partial<RequesterOptions>
  server?: object
  /** Before the request that is aborted. */
  before?(world: World, requester: Requester): Promise<unknown>
  /** Whether it has come that far. */
  there(world: World): boolean
}

const never = (): Promise<never> => new Promise(() => {})
const sends = (count: number) => (world: World) => hostSends(world).length === count
const tokens = (count: number) => (world: World) => tokenRequests(world).length === count
const event = (type: string) => (world: World) => types(world.events).includes(type)
let called = 0
const hangs = (): Promise<never> => {
  called++
  return never()
}
const slow = (world: World): void => {
  world.host.quirks.delayMs = FOREVER
}
/** From the second token request on. */
const slowNextToken = async ({ as }: World): Promise<void> => {
  const { policy } = as
  as.policy = (request) => {
    as.quirks.delayMs = { token: FOREVER }
    return policy(request)
  }
}

const points: Record<string, AwaitPoint> = {
  'the first send': { before: async (world) => slow(world), there: sends(1) },
  discovery: { quirks: { delayMs: { discovery: FOREVER } }, there: (world) => world.as.stats.discoveryRequests === 1 },
  'claims() before the first round': {
    more: { claims: hangs },
    server: { pushClaims: 'first' },
    there: () => called > 0,
  },
  'the token request': { quirks: { delayMs: { token: FOREVER } }, there: tokens(1) },
  'claims() when asked for': { policy: onlySubjects(['alice']), more: { claims: hangs }, there: () => called > 0 },
  'the token request with the claim': {
    policy: onlySubjects(['alice']),
    more: { claims: () => claim() },
    before: slowNextToken,
    there: tokens(2),
  },
  'onRedirect, a function': {
    policy: onlyPeople('alice'),
    more: { redirectUri: REDIRECT_URI, onRedirect: hangs },
    there: () => called > 0,
  },
  'onRedirect, open()': {
    policy: onlyPeople('alice'),
    more: { redirectUri: REDIRECT_URI, onRedirect: { open: hangs } },
    there: () => called > 0,
  },
  'onRedirect, loopback': {
    policy: onlyPeople('alice'),
    more: { onRedirect: loopbackRedirect({ show: () => {} }) },
    there: event('redirect'),
  },
  'onRedirect, page': {
    policy: onlyPeople('alice'),
    more: { redirectUri: REDIRECT_URI, onRedirect: pageRedirect({ navigate: () => {} }) },
    there: event('redirect'),
  },
  'the wait between polls': { policy: ownerAgreesAfter(9, 30), there: event('waiting') },
  'a poll': {
    policy: ownerAgreesAfter(9, 0.01),
    more: { polling: { minInterval: 0.01 } },
    before: slowNextToken,
    there: tokens(2),
  },
  'the send for a fresh ticket': {
    policy: () => ({ error: 'invalid_grant' }),
    quirks: { delayMs: { token: 30 } },
    before: async (world) => holdNextSend(world),
    there: sends(2),
  },
  'the token request with the fresh ticket': {
    policy: () => ({ error: 'invalid_grant' }),
    before: slowNextToken,
    there: tokens(2),
  },
  'the second send': {
    before: async (world) => holdNextSend(world),
    there: sends(2),
  },
  'the send without a stale RPT': {
    before: async (world, requester) => {
      await requester.fetch(world.host.origin + path)
      world.as.revoke(hostSends(world).at(-1)?.headers.authorization?.slice(7) as string)
      world.host.quirks.stale = { status: 401, challenge: false }
      world.recorder.clear()
      holdNextSend(world)
    },
    there: sends(2),
  },
  'a refresh': {
    quirks: { refreshTokens: true, tokenAnswer: (json) => ({ ...json, expires_in: 0.01 }) },
    before: async (world, requester) => {
      await requester.fetch(world.host.origin + path)
      await tick(20)
      world.recorder.clear()
      world.as.quirks.delayMs = { token: FOREVER }
    },
    there: tokens(1),
  },
}

function expectAbort(name: string, failure: unknown, reason: Error): void {
  if (name === 'fetch') expect(failure).toBe(reason)
  else if (name === 'ky') expect(failure === reason || (failure as Error).name === 'AbortError').toBe(true)
  else {
    expect(axios.isCancel(failure)).toBe(true)
    expect((failure as { code: string }).code).toBe('ERR_CANCELED')
  }
}

/** Until neither a timer nor a socket keeps this process alive; fails with what does. */
async function nothingLeft(): Promise<void> {
  const kinds = ['Timeout', 'TCPSocketWrap', 'TCPServerWrap', 'TCPConnectWrap']
  const left = (): string[] => process.getActiveResourcesInfo().filter((one) => kinds.includes(one))
  for (let looks = 0; looks < 1_000 && left().length > 0; looks++) await tick(10)
  expect(left()).toEqual([])
}

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
process.on('unhandledRejection', note)
afterAll(() => void process.off('unhandledRejection', note))

/** The other two stand on the same fetch: some of each kind will do. */
const some = ['the first send', 'discovery', 'claims() when asked for', 'onRedirect, a function', 'the second send']
const rows = [byFetch, byAxiosHttp, byAxiosFetch, byKy].map((way) => ({
  ...way,
  points: Object.entries(points).filter(([point]) => way === byFetch || way === byAxiosHttp || some.includes(point)),
}))

describe.each(rows)('$name', ({ name, attach, points }) => {
  test.each(points)('%s', async (_point, { policy, quirks, more = {}, server = {}, before, there }) => {
    const world = await startWorld({ as: { ...(policy && { policy }), quirks: { ...quirks } } })
    const requester = world.requester(more, server)
    await before?.(world, requester)
    world.events.length = 0
    called = 0
    const controller = new AbortController()
    const sent = rejection(attach(requester)(world.host.origin + path, { signal: controller.signal }))
    await until(() => there(world))
    await tick(15)
    const reason = new DOMException('moved on', 'AbortError')
    controller.abort(reason)
    expectAbort(name, await sent, reason)
    await world.host.close()
    await world.as.close()
    await nothingLeft()
    expect(unhandled).toEqual([])
  })
})

test('a signal that outlives many flows: no listener of ours is left on it, whatever they ended with', async () => {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const { signal } = new AbortController()
  let listeners = 0
  // fetch's own stay until its request is collected; ours are those that come and go without it.
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--
    remove(...args)
  }
  const withoutSignal: typeof fetch = (input, init) => {
    const { signal: _signal, ...rest } = init ?? {}
    return fetch(input, rest)
  }
  let supply = true
  const requester = world.requester({ claims: () => (supply ? claim() : undefined) })
  const send = requester.wrapFetch(withoutSignal)
  for (let i = 0; i < 5; i++) await send(`${world.host.origin}/alice/${i}.jpg`, { signal })
  supply = false
  const bob = requester.as('bob').wrapFetch(withoutSignal)
  for (let i = 0; i < 5; i++) await rejection(bob(`${world.host.origin}/alice/${i}.jpg`, { signal }))
  expect(listeners).toBe(0)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
