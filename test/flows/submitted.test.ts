/** `request_submitted`: the owner is asked, and the client waits (G-3.3.6-e). */
import { describe, expect, test, vi } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { type AuthorizationServerQuirks, ownerAgreesAfter, type Policy } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, type Send, waysIn } from '../ways-in/kit.ts'
import {
  asksFor,
  claim,
  hostSends,
  path,
  pollTimes,
  rejection,
  responseOfCode,
  tick,
  tokenRequests,
  umaErrorOf,
  umaRejection,
  until,
} from './kit.ts'

const quick = { polling: { minInterval: 0.01, interval: 0.02 } }

async function waiting(
  policy: Policy,
  more: Partial<RequesterOptions> = quick,
  quirks: Partial<AuthorizationServerQuirks> = {},
  server = {},
): Promise<{ world: World; send: Send; url: string }> {
  const world = await startWorld({ as: { policy, quirks } })
  return { world, send: byFetch.attach(world.requester(more, server)), url: world.host.origin + path }
}
const gaps = (world: World): number[] =>
  pollTimes(world).flatMap((at, i, all) => (i ? [at - (all[i - 1] as number)] : []))
const waits = (world: World): number[] =>
  world.events.flatMap((event) => (event.type === 'waiting' ? event.seconds : []))

describe.each(waysIn)('$name', ({ attach }) => {
  test('polls with the rotated ticket, at least `interval` apart, until the owner has agreed', async () => {
    const world = await startWorld({ as: { policy: ownerAgreesAfter(3, 0.15) } })
    const send = attach(world.requester({ polling: { minInterval: 0.01 } }))
    expect((await send(world.host.origin + path)).status).toBe(200)
    const tickets = tokenRequests(world).map((form) => form.get('ticket'))
    expect([tickets.length, new Set(tickets).size, world.as.stats.ticketsReplayed]).toEqual([4, 4, 0])
    for (const gap of gaps(world)) expect(gap).toBeGreaterThanOrEqual(148)
    expect(waits(world)).toEqual([0.15, 0.15, 0.15])
    // The host is not bothered meanwhile.
    expect(hostSends(world).length).toBe(2)
  })
})

describe('how long', () => {
  /** What a poll waits for, without waiting for it. */
  const wait = async (interval: unknown, polling: RequesterOptions['polling']): Promise<number | undefined> => {
    const { world, send, url } = await waiting(() => ({ submitted: {} }), polling ? { polling } : {}, {
      errorAnswer: (answer) => ({
        ...answer,
        body: { ...(answer.body as object), ...(interval !== undefined && { interval }) },
      }),
    })
    const controller = new AbortController()
    const sent = rejection(send(url, { signal: controller.signal }))
    await until(() => waits(world).length > 0)
    await tick(30)
    controller.abort()
    await sent
    // It does wait.
    expect(world.as.stats.tokenRequests).toBe(1)
    return waits(world)[0]
  }
  test.each([
    ['the AS says nothing', undefined, undefined, 5],
    ['the caller does', undefined, { interval: 7 }, 7],
    ['the AS goes before the caller', 9, { interval: 7 }, 9],
    ['a numeric string', '9', undefined, 9],
    ['never less than a second', 0.001, undefined, 1],
    ['nor than the caller says', 3, { minInterval: 4 }, 4],
    ['zero', 0, undefined, 5],
    ['negative', -3, undefined, 5],
    ['no number', 'soon', undefined, 5],
    ['NaN', 'NaN', undefined, 5],
    ['null', null, undefined, 5],
    ['an object', {}, undefined, 5],
  ])('%s: %j, %j: %s s', async (_what, interval, polling, expected) => {
    expect(await wait(interval, polling)).toBe(expected)
  })

  test.each([2_147_484, 5_000_000, 999_999_999, 1e300, '1e12'])(
    'absurd, %s: never a timer that overflows and polls at once',
    async (interval) => {
      const warned = vi.fn()
      process.on('warning', warned)
      try {
        expect(await wait(interval, undefined)).toBeGreaterThanOrEqual(5)
        expect(warned.mock.calls.map(([warning]) => warning.name)).toEqual([])
      } finally {
        process.off('warning', warned)
      }
    },
  )
})

describe('caps', () => {
  test('polling.max: that many polls, then an error that says the owner has not decided yet', async () => {
    const { world, send, url } = await waiting(ownerAgreesAfter(99, 0.01), { polling: { minInterval: 0.01, max: 3 } })
    const failure = await rejection(send(url))
    // "Send the request again later" is what helps; a time-out would say that something is wrong.
    expect(umaErrorOf(failure)).toMatchObject({
      name: 'RequestSubmittedError',
      code: 'request_submitted',
      issuer: world.as.issuer,
    })
    expect(await responseOfCode(failure)).toBe(401)
    expect(tokenRequests(world).length).toBe(4)
  })

  test('polling.max: 0: not polled at all', async () => {
    const { world, send, url } = await waiting(ownerAgreesAfter(99, 0.01), { polling: { max: 0 } })
    await umaRejection(send(url))
    expect(tokenRequests(world).length).toBe(1)
  })

  test('timeouts.flow: UmaTimeoutError, also in the middle of a wait', async () => {
    const { send, url } = await waiting(ownerAgreesAfter(99, 600), { timeouts: { flow: 150 } })
    expect(await umaRejection(send(url))).toMatchObject({ name: 'UmaTimeoutError', code: 'timeout' })
  })

  test('polls are no rounds: an owner may take longer than maxRounds', async () => {
    const { send, url } = await waiting(ownerAgreesAfter(8, 0.01), { ...quick, maxRounds: 1 })
    expect((await send(url)).status).toBe(200)
  })

  test('the next request asks anew, and gets what has been decided meanwhile', async () => {
    const { world, send, url } = await waiting(ownerAgreesAfter(99, 0.01), { polling: { minInterval: 0.01, max: 1 } })
    await umaRejection(send(url))
    world.as.policy = () => 'grant'
    expect((await send(url)).status).toBe(200)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

test('the owner refuses in the end: RequestDeniedError', async () => {
  const { send, url } = await waiting(({ round }) => (round > 2 ? 'deny' : { submitted: { interval: 0.01 } }))
  expect((await umaRejection(send(url))).code).toBe('request_denied')
})

test('claims go along once', async () => {
  const { world, send, url } = await waiting(asksFor([{ name: 'x' }], { submitted: 0.01 }, { submitted: 0.01 }), {
    ...quick,
    claims: () => claim(),
  })
  expect((await send(url)).status).toBe(200)
  expect(tokenRequests(world).map((form) => form.has('claim_token'))).toEqual([false, true, false, false])
})

test('while it waits, other requests are not held up', async () => {
  const world = await startWorld()
  let answered = false
  const first = await world.host.resourceId(path)
  // The owner of the first decides when the second was answered.
  world.as.policy = ({ permissions }) =>
    answered || permissions[0]?.resource_id !== first ? 'grant' : { submitted: { interval: 0.1 } }
  const send = byFetch.attach(world.requester({ polling: { minInterval: 0.01, max: 10_000 } }))
  const slow = send(world.host.origin + path)
  await until(() => waits(world).length === 1)
  expect((await send(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  answered = true
  expect((await slow).status).toBe(200)
})

test('twenty requests for one place: one of them polls', async () => {
  const { world, send, url } = await waiting(ownerAgreesAfter(3, 0.03))
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(url)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(tokenRequests(world).length).toBe(4)
})

test('abortable while it waits, at once', async () => {
  const { world, send, url } = await waiting(ownerAgreesAfter(99, 600))
  const controller = new AbortController()
  const sent = rejection(send(url, { signal: controller.signal }))
  await until(() => waits(world).length === 1)
  controller.abort()
  expect(((await sent) as Error).name).toBe('AbortError')
})

describe('a ticket that expires between polls (PingAM)', () => {
  test('one fresh ticket, and the wait goes on with it', async () => {
    let polls = 0
    const { world, send, url } = await waiting(() => {
      // The ticket that comes with the first answer is too short-lived.
      world.as.quirks.ticketLifetimeMs = polls === 0 ? 10 : 60_000
      if (polls === 0) setTimeout(() => (world.as.quirks.ticketLifetimeMs = 60_000), 150)
      return ++polls > 3 ? 'grant' : { submitted: { interval: 0.3 } }
    })
    expect((await send(url)).status).toBe(200)
    // The host was asked once more, and no ticket went out twice.
    expect(hostSends(world).length).toBe(3)
    expect(world.as.stats.ticketsReplayed).toBe(0)
    expect(new Set(tokenRequests(world).map((form) => form.get('ticket'))).size).toBe(tokenRequests(world).length)
  })

  test('again and again: given up after one', async () => {
    const { world, send, url } = await waiting(ownerAgreesAfter(99, 0.3))
    world.as.policy = () => {
      world.as.quirks.ticketLifetimeMs = 10
      setTimeout(() => (world.as.quirks.ticketLifetimeMs = 60_000), 150)
      return { submitted: { interval: 0.3 } }
    }
    expect((await umaRejection(send(url))).code).toBe('invalid_grant')
    expect([hostSends(world).length, world.as.stats.ticketsReplayed]).toEqual([2, 0])
  })
})

describe('without a ticket there is nothing to poll with', () => {
  test.each(['keycloak', 'openam'] as const)('%s: RequestSubmittedError after one token request', async (submitted) => {
    const { world, send, url } = await waiting(ownerAgreesAfter(3, 1), {}, { submitted })
    expect(await umaRejection(send(url))).toMatchObject({
      name: 'RequestSubmittedError',
      code: 'request_submitted',
      issuer: world.as.issuer,
    })
    expect(tokenRequests(world).length).toBe(1)
    // Later, the owner has agreed.
    world.as.policy = () => 'grant'
    expect((await send(url)).status).toBe(200)
  })
})
