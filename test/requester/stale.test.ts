/** A challenge says "insufficient here", its absence on a refusal "stale". */
import { describe, expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import { byFetch, type Send, waysIn } from '../ways-in/kit.ts'
import { rptAt, tokenRequests } from './kit.ts'

const path = '/alice/1.jpg'

/** A world in which one resource has been opened, and what was sent for it is forgotten. */
async function opened(
  options: WorldOptions = {},
  server = {},
  attach = byFetch.attach,
  more: Partial<RequesterOptions> = {},
): Promise<{ world: World; send: Send; url: string; rpt: string }> {
  const world = await startWorld(options)
  const send = attach(world.requester(more, server))
  const url = world.host.origin + path
  expect((await send(url)).status).toBe(200)
  const rpt = rptAt(world, path) as string
  world.recorder.clear()
  world.events.length = 0
  return { world, send, url, rpt }
}

describe.each(waysIn)('a revoked RPT, $name', ({ attach }) => {
  test('401 without a challenge of UMA: dropped, sent once without it, and the flow starts from there', async () => {
    const { world, send, url, rpt } = await opened(
      { host: { quirks: { stale: { status: 401, challenge: false } } } },
      {},
      attach,
    )
    world.as.revoke(rpt)
    expect((await send(url)).status).toBe(200)
    expect(world.lines()).toEqual([
      'GET host /alice/1.jpg 401',
      'GET host /alice/1.jpg 401',
      'POST as /token 200',
      'GET host /alice/1.jpg 200',
    ])
    expect(world.sent()[1]?.headers.authorization).toBeUndefined()
    expect(tokenRequests(world)[0]?.has('rpt')).toBe(false)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'rpt-dropped', reason: 'stale' }))
  })

  test('401 with a challenge: the flow, one recovery with a fresh ticket', async () => {
    const { world, send, url, rpt } = await opened({}, {}, attach)
    world.as.revoke(rpt)
    expect((await send(url)).status).toBe(200)
    // The AS refuses the revoked `rpt` (invalid_grant) and burns the ticket: one fresh start without it.
    expect(world.lines()).toEqual([
      'GET host /alice/1.jpg 401',
      'POST as /token 400',
      'GET host /alice/1.jpg 401',
      'POST as /token 200',
      'GET host /alice/1.jpg 200',
    ])
    expect(tokenRequests(world).map((p) => p.get('rpt'))).toEqual([rpt, null])
    world.recorder.clear()
    await send(url)
    expect(world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  })
})

test.each(['invalid_rpt-403', 'invalid_rpt-400'] as const)(
  'a bad rpt that is named (%s) is dropped',
  async (badRpt) => {
    const { world, send, url, rpt } = await opened({ as: { quirks: { badRpt } } })
    world.as.revoke(rpt)
    expect((await send(url)).status).toBe(200)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'rpt-dropped', reason: 'refused' }))
    world.recorder.clear()
    expect((await send(`${url}.txt`)).status).toBe(200)
    expect(world.recorder.containing(rpt)).toEqual([])
  },
)

describe.each([400, 403] as const)('status %i without a challenge', (status) => {
  test('means nothing by itself: that answer is returned, the RPT kept', async () => {
    const { world, send, url, rpt } = await opened({ host: { quirks: { stale: { status, challenge: false } } } })
    world.as.revoke(rpt)
    expect((await send(url)).status).toBe(status)
    expect(world.lines()).toEqual([`GET host ${path} ${status}`])
    await send(url)
    expect(rptAt(world, path)).toBe(rpt)
  })

  test('means stale where staleStatuses says so', async () => {
    const { world, send, url, rpt } = await opened(
      { host: { quirks: { stale: { status, challenge: false } } } },
      { staleStatuses: [status] },
    )
    world.as.revoke(rpt)
    expect((await send(url)).status).toBe(200)
    expect(world.lines()).toEqual([
      `GET host ${path} ${status}`,
      `GET host ${path} 401`,
      'POST as /token 200',
      `GET host ${path} 200`,
    ])
  })
})

test('a 403 that has nothing to do with the RPT is returned, also with staleStatuses', async () => {
  const { world, send, url } = await opened({}, { staleStatuses: [403] })
  world.host.quirks.answer = (_answer, { headers }) => ({
    status: 403,
    body: { by: headers.authorization ? 'rpt' : 'none' },
  })
  expect(await send(url)).toEqual({ status: 403, text: '{"by":"rpt"}' })
  expect(world.lines()).toEqual([`GET host ${path} 403`, `GET host ${path} 403`])
})

test('the second answer is no better: the first is returned, whole', async () => {
  const { world, send, url } = await opened()
  world.host.quirks.answer = (_answer, { headers }) => ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="other"' },
    body: { by: headers.authorization ? 'rpt' : 'none' },
  })
  expect(await send(url)).toEqual({ status: 401, text: '{"by":"rpt"}' })
  expect(world.lines()).toEqual([`GET host ${path} 401`, `GET host ${path} 401`])
})

test('431: the RPT has grown too long; without it the request goes on', async () => {
  const { world, send, url } = await opened({ as: { quirks: { growRpt: 1000 } } })
  world.host.quirks.rptTooLong = 500
  world.as.quirks.growRpt = 0
  expect((await send(url)).status).toBe(200)
  expect(world.lines()).toEqual([
    `GET host ${path} 431`,
    `GET host ${path} 401`,
    'POST as /token 200',
    `GET host ${path} 200`,
  ])
  // What is too long for the host is not upgraded to something longer still.
  expect(tokenRequests(world)[0]?.has('rpt')).toBe(false)
})

test('a write with a stale RPT: the body arrives on every send', async () => {
  const world = await startWorld({ host: { quirks: { stale: { status: 401, challenge: false } } } })
  const send = byFetch.attach(world.requester())
  const url = world.host.origin + path
  await send(url, { method: 'PUT', body: 'one' })
  world.as.revoke(rptAt(world, path) as string)
  world.recorder.clear()
  expect((await send(url, { method: 'PUT', body: 'two' })).status).toBe(200)
  expect(
    world
      .sent()
      .filter((r) => r.method === 'PUT')
      .map((r) => r.body.toString()),
  ).toEqual(['two', 'two', 'two'])
})

test('G-3.2.2-a: 403 with Warning 199: that response, untouched, and an event', async () => {
  const world = await startWorld({ host: { quirks: { asUnreachable: true } } })
  const send = byFetch.attach(world.requester())
  expect(await send(world.host.origin + path)).toEqual({ status: 403, text: '{"error":"forbidden"}' })
  expect(world.lines()).toEqual([`GET host ${path} 403`])
  // The wallet is empty, so only the event tells it from any other 403.
  expect(world.events).toEqual([{ type: 'authorization-server-unreachable', resource: world.host.origin + path }])
})

test('a guess that is refused without a challenge, and no better without it: kept', async () => {
  const { world, send, url } = await opened({ host: { quirks: { answer: (answer) => answer } } })
  world.host.quirks.answer = (answer, request) =>
    request.url === '/login' ? { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, body: 'no' } : answer
  expect((await send(`${world.host.origin}/login`)).status).toBe(401)
  world.recorder.clear()
  expect((await send(url)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
  expect(world.events.filter(({ type }) => type === 'rpt-dropped')).toEqual([])
})
