/** Requests at the same time, in one process. */
import { describe, expect, test } from 'vitest'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, rejection, type Send, umaErrorOf, waysIn } from '../ways-in/kit.ts'
import { tokenRequests } from './kit.ts'

const path = '/alice/1.jpg'
const hostSends = (world: World): number => world.sent().filter((r) => r.server === 'host').length
const all = (send: Send, world: World, count: number, places: number): Promise<{ status: number }[]> =>
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

// An upgrade waits 250 ms at most for what is under way with the RPT that it revokes. On a machine that stands still for longer, some
// of it is refused and sent once more: then it is measured again.
test('1,000 requests over 50 resources on an upgrading AS: at most 50 token requests, no permission lost', {
  retry: 2,
}, async () => {
  const world = await startWorld({ host: { direct: true } })
  const send = byFetch.attach(world.requester())
  const answers = await all(send, world, 1000, 50)
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const { stats } = world.as
  expect(stats.tokenRequests).toBeLessThanOrEqual(50)
  expect([stats.ticketsReplayed, stats.supersededRptsPresented]).toEqual([0, 0])
  expect(hostSends(world)).toBeLessThanOrEqual(2200)
  const last = world.sent().filter((r) => r.server === 'host' && r.headers.authorization)
  const held = new Set(last.map((r) => r.headers.authorization?.slice(7) as string))
  expect(Math.max(...[...held].map((rpt) => world.as.grants(rpt).length))).toBe(50)
  world.recorder.clear()
  expect((await all(send, world, 50, 50)).every(({ status }) => status === 200)).toBe(true)
  expect(world.sent().length).toBe(50)
})

describe('an AS that never upgrades', () => {
  // Waves are told apart by the server's half a second, which a busy machine may need for itself: then it is measured again.
  test('50 flows run side by side once that was seen; afterwards 1,000 requests cost exactly 1,000', {
    retry: 2,
  }, async () => {
    const world = await startWorld({
      host: { direct: true },
      as: { quirks: { upgrade: 'never', delayMs: { token: 500 } } },
    })
    const send = byFetch.attach(world.requester())
    const answers = await all(send, world, 1000, 50)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const { stats } = world.as
    expect(stats.tokenRequests).toBe(50)
    expect(stats.maxInFlight).toBeGreaterThanOrEqual(25)
    // Waves: how often a token request began after one that was under way before it had ended.
    const starts = world
      .sent()
      .filter((r) => r.path === '/token')
      .map((r) => r.at)
    const waves: number[] = []
    for (const at of starts) if (at >= (waves.at(-1) ?? Number.NEGATIVE_INFINITY) + 450) waves.push(at)
    expect(waves.length).toBeLessThanOrEqual(3)
    expect(tokenRequests(world).filter((p) => p.has('rpt')).length).toBeLessThanOrEqual(1)
    expect(stats.ticketsReplayed).toBe(0)
    world.recorder.clear()
    expect((await all(send, world, 1000, 50)).every(({ status }) => status === 200)).toBe(true)
    expect(world.sent().length).toBe(1000)
  })
})

test('two hosts of one AS do not wait for each other', async () => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: 300 } } } })
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
