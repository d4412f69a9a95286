/** A token never goes to another origin, a subdomain neither; a challenge from another origin than the one asked is not acted upon. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nameLoopback } from '../helpers/loopback-names.ts'
import { type PlainServer, startPlainServer } from '../helpers/plain-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'
import { type Send, waysIn } from './kit.ts'

const path = '/alice/1.jpg'
let undo: () => void
beforeAll(() => {
  undo = nameLoopback()
})
afterAll(() => undo())

type Listener = Parameters<typeof startPlainServer>[0]

/** A host that sends everything on to a stranger, from when `away()` is called. */
async function cast(
  attach: (typeof waysIn)[number]['attach'],
  listener: (world: World) => Listener,
  status = 302,
  name = 'sub.localhost',
): Promise<{ world: World; send: Send; stranger: PlainServer; away(): void }> {
  const world = await startWorld({ host: { host: 'localhost' } })
  const stranger = await startPlainServer(listener(world), { host: name, label: 'stranger', recorder: world.recorder })
  onTestFinished(stranger.close)
  return {
    world,
    send: attach(world.requester()),
    stranger,
    away: () => {
      world.host.quirks.redirect = () => ({ status, location: `${stranger.origin}/x` })
    },
  }
}

const open: (world: World) => Listener = () => (_req, res) => res.end('stranger')
const relay: (world: World) => Listener = (world) => (_req, res) => {
  const ticket = world.as.issueTicket([{ resource_id: 'r', resource_scopes: ['read'] }], world.host.clientId)
  res
    .writeHead(401, { 'www-authenticate': `UMA realm="x", as_uri="${world.as.issuer}", ticket="${ticket}"` })
    .end('challenge')
}

const atStranger = (world: World): (string | undefined)[] =>
  world.recorder.to('stranger').map((r) => r.headers.authorization)

describe.each(waysIn)('$name', ({ attach }) => {
  describe.each(['sub.localhost', 'other.localhost', '127.0.0.1', 'localhost'])('to %s', (name) => {
    test.each([301, 302, 303, 307, 308])('%i with an RPT in the wallet: not sent along', async (status) => {
      const { world, send, away } = await cast(attach, open, status, name)
      await send(world.host.origin + path)
      const rpt = rptAt(world, path) as string
      away()
      world.recorder.clear()
      expect(await send(world.host.origin + path)).toEqual({ status: 200, text: 'stranger' })
      expect(world.sent().map((r) => [r.server, r.headers.authorization])).toEqual([
        ['host', `Bearer ${rpt}`],
        ['stranger', undefined],
      ])
    })
  })

  test('to a subdomain on the same port, where HTTP libraries differ most: not sent along', async () => {
    const world = await startWorld({ host: { host: 'localhost' } })
    const send = attach(world.requester())
    await send(world.host.origin + path)
    // One server under two names: the Host header tells them apart.
    world.host.quirks.redirect = ({ headers }) =>
      String(headers.host).startsWith('sub.') ? undefined : `http://sub.localhost:${world.host.port}/public/x`
    world.recorder.clear()
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.sent().map(({ headers }) => [headers.host, headers.authorization !== undefined])).toEqual([
      [`localhost:${world.host.port}`, true],
      [`sub.localhost:${world.host.port}`, false],
    ])
  })

  test('A leads to B, which challenges: not acted upon, nothing spent, before and after an RPT is held', async () => {
    const { world, send, away } = await cast(attach, relay)
    away()
    expect(await send(world.host.origin + path)).toEqual({ status: 401, text: 'challenge' })
    expect(world.lines()).toEqual([`GET host ${path} 302`, 'GET stranger /x 401'])
    expect(world.events.filter((e) => e.type === 'challenge-refused')).toMatchObject([
      { type: 'challenge-refused', resource: world.host.origin + path, issuer: world.as.issuer, reason: 'origin' },
    ])
    world.host.quirks.redirect = undefined
    await send(world.host.origin + path)
    away()
    world.recorder.clear()
    expect((await send(world.host.origin + path)).status).toBe(401)
    expect(world.lines()).toEqual([`GET host ${path} 302`, 'GET stranger /x 401'])
    expect(world.as.stats.tokenRequests).toBe(1)
    expect(atStranger(world)).toEqual([undefined])
  })

  test('an answer from elsewhere teaches nothing: neither a place nor that the RPT is stale', async () => {
    const { world, send, away } = await cast(
      attach,
      () => (_req, res) => res.writeHead(401, { 'www-authenticate': 'Bearer' }).end('no'),
    )
    await send(world.host.origin + path)
    away()
    expect((await send(world.host.origin + path)).status).toBe(401)
    world.host.quirks.redirect = undefined
    world.recorder.clear()
    await send(world.host.origin + path)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('the RPT does not come back with the second hop: host, stranger, host', async () => {
    const { world, send, stranger } = await cast(
      attach,
      (world) => (_req, res) => res.writeHead(302, { location: `${world.host.origin}/alice/back.jpg` }).end(),
    )
    await send(world.host.origin + path)
    world.host.quirks.redirect = ({ path: at }) => (at === path ? `${stranger.origin}/x` : undefined)
    world.recorder.clear()
    await send(world.host.origin + path).catch(() => {})
    // The challenge at the end is the host's own, so it is acted upon; the way there leads past the stranger again.
    expect(world.lines()).toEqual([
      `GET host ${path} 302`,
      'GET stranger /x 302',
      'GET host /alice/back.jpg 401',
      'POST as /token 200',
      `GET host ${path} 302`,
      'GET stranger /x 302',
      'GET host /alice/back.jpg 401',
    ])
    expect(atStranger(world)).toEqual([undefined, undefined])
  })

  test('within the host: the RPT goes along, and what was asked for is learned', async () => {
    const { world, send } = await cast(attach, open)
    world.host.quirks.redirect = ({ path: at }) => (at === '/alice/old.jpg' ? path : undefined)
    expect((await send(`${world.host.origin}/alice/old.jpg`)).status).toBe(200)
    expect(world.lines()).toEqual([
      'GET host /alice/old.jpg 302',
      `GET host ${path} 401`,
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      'GET host /alice/old.jpg 302',
      `GET host ${path} 200`,
    ])
    world.recorder.clear()
    await send(`${world.host.origin}/alice/old.jpg`)
    expect(world.lines()).toEqual(['GET host /alice/old.jpg 302', `GET host ${path} 200`])
  })
})
