/** Requests at the same time, in one process. */

import { describe, expect, test } from 'vitest'
import { repetitions } from '../helpers/long.ts'
import { signal } from '../helpers/wait.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, rejection, umaErrorOf, waysIn } from '../ways-in/kit.ts'
import { tokenRequests } from './kit.ts'

const path = '/alice/1.jpg'
const hostSends = (world: World): number => world.sent().filter((r) => r.server === 'host').length
const all = (
  send: (url: string) => Promise<{ status: number }>,
  world: World,
  count: number,
  places: number,
): Promise<{ status: number }[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => send(`${world.host.origin}/alice/${i % places}.jpg`)))

describe.each(waysIn)('$name', ({ attach }) => {
  test('100 requests at once for one cold resource: 1 discovery, 1 token request', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(world.host.origin + path)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect([world.as.stats.tokenRequests, world.sent().filter((r) => r.path.includes('.well-known')).length]).toEqual([
      1, 1,
    ])
    expect(hostSends(world)).toBeLessThanOrEqual(200)
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

/** Milliseconds that an upgrade waits for what is under way with the RPT that it revokes. */
const UPGRADE_WAITS = 250

const REQUESTS = repetitions(300, 1000)

test(`${REQUESTS} requests over 50 resources on an upgrading AS: at most 50 token requests, no permission lost`, async () => {
  const world = await startWorld({ host: { direct: true } })
  // Sends with an RPT that took so long that an upgrade did not wait for their end.
  let outrun = 0
  const timed: typeof fetch = async (input, init) => {
    const from = performance.now()
    const answer = await fetch(input, init)
    const presents = new Headers(init?.headers).has('authorization')
    if (presents && performance.now() - from >= UPGRADE_WAITS) outrun++
    return answer
  }
  const wrapped = world.requester().wrapFetch(timed)
  const send = async (url: string): Promise<Response> => {
    const answer = await wrapped(url)
    await answer.text()
    return answer
  }
  const answers = await all(send, world, REQUESTS, 50)
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const { stats } = world.as
  expect(stats.tokenRequests).toBeLessThanOrEqual(50)
  expect(stats.ticketsReplayed).toBe(0)
  expect(stats.supersededRptsPresented).toBeLessThanOrEqual(outrun)
  expect(hostSends(world)).toBeLessThanOrEqual(2 * REQUESTS + 200 + stats.supersededRptsPresented)
  const last = world.sent().filter((r) => r.server === 'host' && r.headers.authorization)
  const held = new Set(last.map((r) => r.headers.authorization?.slice(7) as string))
  expect(Math.max(...[...held].map((rpt) => world.as.grants(rpt).length))).toBe(50)
  world.recorder.clear()
  expect((await all(send, world, 50, 50)).every(({ status }) => status === 200)).toBe(true)
  expect(world.sent().length).toBe(50)
})

/** Grants, but answers these token requests (counted from 0) only when all of them are under way. */
function grantTogether(world: World, from: number, count: number): void {
  const together = signal()
  let asked = 0
  world.as.policy = async (): Promise<'grant'> => {
    const turn = asked++ - from
    if (turn === count - 1) together.give()
    if (turn >= 0 && turn < count) await together.given
    return 'grant'
  }
}

describe('an AS that never upgrades', () => {
  test(`50 flows run side by side once that was seen; afterwards ${REQUESTS} requests cost exactly ${REQUESTS}`, async () => {
    const world = await startWorld({ host: { direct: true }, as: { quirks: { upgrade: 'never' } } })
    // The first brings an RPT, the second tells that the AS does not upgrade it. The others wait for each other.
    grantTogether(world, 2, 45)
    const send = byFetch.attach(world.requester())
    const answers = await all(send, world, REQUESTS, 50)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const { stats } = world.as
    expect(stats.tokenRequests).toBe(50)
    expect(stats.maxInFlight).toBeGreaterThanOrEqual(45)
    expect(tokenRequests(world).filter((p) => p.has('rpt')).length).toBeLessThanOrEqual(1)
    expect(stats.ticketsReplayed).toBe(0)
    world.recorder.clear()
    expect((await all(send, world, REQUESTS, 50)).every(({ status }) => status === 200)).toBe(true)
    expect(world.sent().length).toBe(REQUESTS)
  })
})

test('two hosts of one AS do not wait for each other', async () => {
  const world = await startWorld()
  grantTogether(world, 0, 2)
  const { startHost } = await import('../helpers/host.ts')
  const other = await startHost({ authorizationServer: world.as, label: 'other', recorder: world.recorder })
  const send = byFetch.attach(world.requester({}, { hosts: [world.host.origin, other.origin] }))
  const answers = await Promise.all([send(world.host.origin + path), send(other.origin + path)])
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(world.as.stats.maxInFlight).toBe(2)
  await other.close()
})

test('two parties never share a token', async () => {
  const world = await startWorld()
  const requester = world.requester({ requestingParty: 'alice' })
  const bobs = requester.as('bob')
  await Promise.all([requester.fetch(world.host.origin + path), bobs.fetch(world.host.origin + path)])
  expect(world.as.stats.tokenRequests).toBe(2)
  const tokens = world
    .sent()
    .filter((r) => r.server === 'host' && r.status === 200)
    .map((r) => r.headers.authorization)
  expect(new Set(tokens).size).toBe(2)
  expect(world.sent().filter((r) => r.path.includes('.well-known')).length).toBe(1)
})

describe('a flow that fails', () => {
  test('fails only those who wait; each has an answer of its own; the next starts anew', async () => {
    const world = await startWorld({
      as: {
        policy: ({ permissions }) =>
          world.as.resources.get(permissions[0]?.resource_id as string)?.name === '/alice/1.jpg' ? 'deny' : 'grant',
      },
    })
    const requester = world.requester()
    const send = byFetch.attach(requester)
    const failures = Promise.all(Array.from({ length: 10 }, () => rejection(requester.fetch(world.host.origin + path))))
    const fine = await Promise.all(Array.from({ length: 10 }, () => send(`${world.host.origin}/alice/2.jpg`)))
    expect(fine.every(({ status }) => status === 200)).toBe(true)
    const errors = (await failures).map(umaErrorOf)
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['request_denied']))
    const bodies = await Promise.all(errors.map(({ response }) => (response as Response).text()))
    expect(new Set(bodies)).toEqual(new Set(['{"error":"protected"}']))
    expect(new Set(errors).size).toBe(10)
    const before = world.as.stats.tokenRequests
    world.as.policy = () => 'grant'
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.as.stats.tokenRequests).toBe(before + 1)
  })
})
