/** Where a guard and what it guards both have something to say. */
import { once } from 'node:events'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { guardFetch } from '../../src/host/guard.ts'
import { honoGuard } from '../../src/host/hono.ts'
import { withMembers } from '../../src/host/lists.ts'
import { expressGuard, guardNode, toNodeListener } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { hosted } from './hosted.ts'
import { wardenKit } from './warden-kit.ts'

async function scene(...options: Parameters<typeof wardenKit>) {
  const kit = wardenKit(...options)
  await kit.protect('/alice/*')
  const token = kit.token('/alice/*', ['read', 'write'], { sub: 'bob' })
  return { kit, headers: { authorization: `Bearer ${token}`, origin: 'https://app.example' } }
}

type Listener = Parameters<typeof listen>[0]
const serve = async (listener: Listener) => {
  const server = await listen(listener)
  onTestFinished(server.close)
  return server
}

describe('Vary and Access-Control-Expose-Headers: both are heard (F-R-e)', () => {
  const cors = { origins: ['https://app.example'] }
  const own = { vary: 'Accept-Encoding, X-Authorization-Mode', 'access-control-expose-headers': 'ETag' }
  const all = (answer: Response) => [answer.headers.get('vary'), answer.headers.get('access-control-expose-headers')]
  const both = ['Accept-Encoding, X-Authorization-Mode, Authorization, Origin', 'ETag, WWW-Authenticate, Warning']

  test.each<[string, Listener]>([
    ['writeHead', (_req, res) => res.writeHead(200, own).end('x')],
    ['writeHead with a reason', (_req, res) => res.writeHead(200, 'Fine', own).end('x')],
    ['writeHead with a list', (_req, res) => res.writeHead(200, Object.entries(own).flat()).end('x')],
    [
      'setHeader',
      (_req, res) => {
        for (const [name, value] of Object.entries(own)) res.setHeader(name, value)
        res.end('x')
      },
    ],
  ])('node:http, %s', async (_way, listener) => {
    const { kit, headers } = await scene({ cors })
    const { origin } = await serve(guardNode(kit, listener))
    const answer = await fetch(`${origin}/alice/1.jpg`, { headers })
    expect([answer.status, await answer.text(), ...all(answer)]).toEqual([200, 'x', ...both])
  })

  test('a listener that says nothing of them', async () => {
    const { kit, headers } = await scene({ cors })
    const { origin } = await serve(guardNode(kit, (_req, res) => res.end('x')))
    const answer = await fetch(`${origin}/alice/1.jpg`, { headers })
    expect(all(answer)).toEqual(['Authorization, Origin', 'WWW-Authenticate, Warning'])
  })

  test('fetch and Hono', async () => {
    const { kit, headers } = await scene({ cors })
    const request = () => new Request('https://photos.example/alice/1.jpg', { headers })
    const handler = guardFetch(kit.judge, () => new Response('x', { headers: own }))
    expect(all(await handler(request()))).toEqual(both)
    const app = new Hono().use(honoGuard(kit)).get('*', (c) => c.body('x', 200, own))
    expect(all(await app.fetch(request()))).toEqual(both)
  })

  test('a list is left as it is where it says it all', () => {
    expect(withMembers('*', 'Authorization')).toBe('*')
    expect(withMembers('accept, AUTHORIZATION', 'Authorization')).toBe('accept, AUTHORIZATION')
    expect(withMembers(undefined, 'A, B')).toBe('A, B')
  })
})

describe('when', () => {
  test.each<[string, () => unknown, number]>([
    ['resolves with true', async () => true, 200],
    ['resolves with false', async () => false, 403],
    ['rejects', () => Promise.reject(new Error('away')), 403],
    ['throws', () => expect.fail('no'), 403],
    ['is something else', () => 'yes', 403],
  ])('%s', async (_what, when, status) => {
    const { kit, headers } = await scene()
    const handler = guardFetch(kit.judge, () => new Response('x'), { when: when as () => boolean })
    const answer = await handler(new Request('https://photos.example/alice/1.jpg', { headers }))
    expect(answer.status).toBe(status)
  })
})

describe('a listener’s fault after a judgement that took its time', () => {
  test('node:http: the client gets a 500, and the process hears of it', async () => {
    const { kit, headers } = await scene()
    const fault = new Error('mine')
    const { origin } = await serve(
      guardNode(kit, () => {
        throw fault
      }),
    )
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const heard = once(process, 'uncaughtException')
    const answer = await fetch(`${origin}/alice/1.jpg`, { headers })
    expect([answer.status, await answer.text()]).toEqual([500, ''])
    expect((await heard)[0]).toBe(fault)
    for (const other of others) process.on('uncaughtException', other)
  })

  test('Express: somebody has answered already: nothing follows, and nobody waits', async () => {
    const { kit } = await scene()
    const app = express()
    app.use((_req, res, next) => {
      res.writeHead(200)
      res.write('begun')
      next()
    })
    let reached = 0
    app.use(expressGuard(kit), () => reached++)
    const { origin } = await serve(app as Listener)
    await expect(fetch(`${origin}/alice/1.jpg`).then((answer) => answer.text())).rejects.toThrow()
    expect(reached).toBe(0)
  })
})

describe('what is judged is what the routes see', () => {
  const target = async (request: object) => {
    let judged = ''
    const guard = expressGuard({
      judge: (facts) => {
        judged = facts.target
        return { headers: [] }
      },
    })
    const res = { headersSent: false, setHeader() {} }
    guard({ method: 'GET', headers: {}, rawHeaders: [], ...request } as never, res as never, () => {})
    return judged
  }
  test.each([
    ['Express, mounted', { url: '/1.jpg', baseUrl: '/alice', originalUrl: '/alice/1.jpg' }, '/alice/1.jpg'],
    ['Express, rewritten', { url: '/secret', baseUrl: '', originalUrl: '/public' }, '/secret'],
    ['Connect, mounted', { url: '/1.jpg', originalUrl: '/alice/1.jpg' }, '/alice/1.jpg'],
    ['Connect, rewritten', { url: '/secret', originalUrl: '/public' }, '/secret'],
    ['neither', { url: '/alice/1.jpg' }, '/alice/1.jpg'],
  ])('%s', async (_what, request, judged) => {
    expect(await target(request)).toBe(judged)
  })
})

test('a body that was parsed before is written down again, for a fetch-style handler', async () => {
  const app = express()
  app.use(express.urlencoded(), express.json(), express.text())
  app.use(
    toNodeListener(async (request) => new Response(`${request.headers.get('content-type')} ${await request.text()}`)),
  )
  const { origin } = await serve(app as Listener)
  const sent = async (body: BodyInit, type: string) =>
    (await fetch(origin, { method: 'POST', body, headers: { 'content-type': type } })).text()
  const form = 'application/x-www-form-urlencoded'
  expect(await sent('a=1&b=x+y&b=%C3%BC', form)).toBe(`${form} a=1&b=x+y&b=%C3%BC`)
  expect(await sent('{"a":[1]}', 'application/json')).toBe('application/json {"a":[1]}')
  expect(await sent('plain', 'text/plain')).toBe('text/plain plain')
  expect(await sent('raw', 'application/x-other')).toBe('application/x-other raw')
})

test('F-R-j: two owners, and only the spelling between them: refused, whatever the router makes of it', async () => {
  const { host, tokenFor } = await hosted()
  await host.protect({ url: '/alice/*', owner: 'alice' })
  await host.protect({ url: '/Alice/1.jpg', owner: 'mallory' })
  const app = express()
  app.use(expressGuard(host))
  app.get('/alice/1.jpg', (_req, res) => void res.send('a photo of Alice’s'))
  const { origin } = await serve(app as Listener)
  const token = await tokenFor('/alice/2.jpg')
  const ask = (path: string) => fetch(origin + path, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask('/Alice/1.jpg')).status).toBe(400)
  expect((await ask('/alice/1.jpg')).status).toBe(400)
  await host.unprotect('/Alice/1.jpg')
  expect((await ask('/alice/1.jpg')).status).toBe(200)
})
