/** What a guard does to a request and an answer besides deciding: nothing. */
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { accessOf, guardFetch } from '../../src/host/guard.ts'
import { honoGuard } from '../../src/host/hono.ts'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { demand, isRequestingParty } from '../../src/host/predicates.ts'
import { listen, readBody } from '../helpers/http.ts'
import { rawRequest } from './raw.ts'
import { wardenKit } from './warden-kit.ts'

async function scene(...options: Parameters<typeof wardenKit>) {
  const kit = wardenKit(...options)
  await kit.protect('/alice/*')
  const token = kit.token('/alice/*', ['read', 'write'], { sub: 'bob' })
  return { kit, token, headers: { authorization: `Bearer ${token}` } }
}

type Listener = Parameters<typeof listen>[0]
const serve = async (listener: Listener) => {
  const server = await listen(listener)
  onTestFinished(server.close)
  return server
}

describe('node:http', () => {
  test('the body of a request is there to be read, however long the judgement took', async () => {
    const { kit, headers } = await scene()
    const { origin } = await serve(
      guardNode(kit, async (req, res) => {
        res.end(`${(await readBody(req)).length} for ${accessOf(req)?.rpt.subject}`)
      }),
    )
    const body = 'x'.repeat(3_000_000)
    for (const _ of ['introspected', 'known']) {
      const answer = await fetch(`${origin}/alice/new`, { method: 'PUT', headers, body })
      expect(await answer.text()).toBe('3000000 for bob')
    }
  })

  test('a large upload that is refused gets its 401, and the connection goes on', async () => {
    const { kit } = await scene()
    let reached = 0
    const { port } = await serve(guardNode(kit, () => reached++))
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    const put = `PUT /alice/new HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`
    socket.write(put)
    await expect.poll(() => received.match(/HTTP\/1\.1 401/g)?.length).toBe(1)
    socket.write(put)
    await expect.poll(() => received.match(/HTTP\/1\.1 401/g)?.length).toBe(2)
    expect(reached).toBe(0)
  })

  test('F-R-c: UMA is first, in a line of its own', async () => {
    const { kit } = await scene()
    const { port } = await serve(guardNode(kit, () => {}))
    const answer = await rawRequest(port, ['GET /alice/1.jpg HTTP/1.1', 'Host: x', 'Authorization: Bearer stale'])
    expect(answer.status).toBe(401)
    expect(answer.headers('www-authenticate')).toEqual([
      expect.stringMatching(/^UMA realm="uma",as_uri="[^"]+",ticket="[^"]+"$/),
      'Bearer error="invalid_token"',
    ])
    expect(answer.headers('content-length')).toEqual([String(answer.body.length)])
  })

  test('HEAD is answered without a body', async () => {
    const { kit } = await scene()
    const { port } = await serve(guardNode(kit, () => {}))
    const answer = await rawRequest(port, ['HEAD /alice/1.jpg HTTP/1.1', 'Host: x'])
    expect([answer.status, answer.body]).toEqual([401, ''])
    expect(answer.headers('www-authenticate')).toHaveLength(1)
  })

  test('a client that goes away while it is judged: no listener, no crash', async () => {
    let judged: (value: undefined) => void = () => {}
    const { kit } = await scene(
      {},
      new Map(),
      () =>
        new Promise((resolve) => {
          judged = resolve
        }),
    )
    let reached = 0
    const { port, origin } = await serve(guardNode(kit, () => reached++))
    const socket = connect(port, '127.0.0.1')
    socket.write('PUT /alice/1.jpg HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: 100\r\n\r\nhalf')
    await pause(30)
    socket.destroy()
    await pause(30)
    judged(undefined)
    await pause(30)
    expect(reached).toBe(0)
    expect((await fetch(`${origin}/alice/1.jpg`)).status).toBe(401)
  })

  test('the listener runs in the turn of the request where the token is known, and never before a judgement', async () => {
    const { kit, headers } = await scene()
    const order: string[] = []
    const judge: typeof kit.judge = (facts, options) => {
      const verdict = kit.judge(facts, options)
      if (verdict instanceof Promise) return verdict.finally(() => order.push('judged'))
      order.push('judged at once')
      return verdict
    }
    const { origin } = await serve(
      guardNode({ judge }, (_req, res) => {
        order.push('listener')
        res.end()
      }),
    )
    for (let i = 0; i < 2; i++) await (await fetch(`${origin}/alice/1.jpg`, { headers })).text()
    expect(order).toEqual(['judged', 'listener', 'judged at once', 'listener'])
  })

  test('a preflight: the CORS headers of the listener go out, and nothing else, however it writes', async () => {
    const { kit } = await scene()
    const origin = { 'access-control-allow-origin': '*' }
    const ways: Listener[] = [
      (_req, res) => res.setHeader('allow', 'GET').setHeader('access-control-allow-origin', '*').end('secret'),
      (_req, res) => res.writeHead(200, { ...origin, etag: 'secret', 'content-length': 6 }).end('secret'),
      (_req, res) =>
        res.writeHead(404, 'secret', ['access-control-allow-origin', '*', 'content-length', '6']).end('secret'),
      (_req, res) => {
        res.setHeader('content-length', 12)
        res.setHeaders(new Map(Object.entries(origin)))
        res.write('secret', () => res.end(Buffer.from('secret'), 'utf8', () => {}))
      },
    ]
    for (const way of ways) {
      const { port } = await serve(guardNode(kit, way))
      const lines = [
        'OPTIONS /alice/1.jpg HTTP/1.1',
        'Host: x',
        'Origin: https://a',
        'Access-Control-Request-Method: PUT',
      ]
      const answer = await rawRequest(port, lines)
      expect([answer.status, ...answer.headers('access-control-allow-origin')]).toEqual([204, '*'])
      expect(answer.head + answer.body).not.toMatch(/secret|allow: GET|content-length/i)
    }
  })

  test('HTTP/2', async () => {
    const { kit, headers } = await scene()
    const server = createHttp2Server(guardNode(kit, (_req, res) => res.end('photo')) as never)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => {
      session.destroy()
      server.close()
    })
    const get = (more: object) =>
      new Promise<[unknown, string]>((resolve, reject) => {
        const stream = session.request({ ':path': '/alice/1.jpg', ...more })
        let status: unknown
        let text = ''
        stream.on('response', (answer) => {
          status = answer[':status']
        })
        stream.on('data', (chunk) => {
          text += chunk
        })
        stream.on('end', () => resolve([status, text])).on('error', reject)
      })
    expect(await get(headers)).toEqual([200, 'photo'])
    expect((await get({}))[0]).toBe(401)
    expect((await get({ ...headers, ':path': '/bob/../alice/1.jpg' }))[0]).toBe(400)
  })
})

describe('Express', () => {
  test('at any mount point the whole path counts, and what was said before stays', async () => {
    const { kit, headers } = await scene()
    const app = express()
    app.use((_req, res, next) => {
      res.vary('Origin')
      next()
    })
    const router = express.Router()
    router.use(expressGuard(kit))
    router.get('/:name', (req, res) => {
      res.vary('Accept').json({ name: req.params.name, by: accessOf(req)?.rpt.subject })
    })
    app.use('/alice', router)
    const { origin } = await serve(app)
    const answer = await fetch(`${origin}/alice/1.jpg`, { headers })
    expect(await answer.json()).toEqual({ name: '1.jpg', by: 'bob' })
    expect(answer.headers.get('vary')?.split(', ').sort()).toEqual(['Accept', 'Authorization', 'Origin'])
    expect((await fetch(`${origin}/alice/1.jpg`)).status).toBe(401)
  })

  test('F-R-j: a path that was rewritten before is judged as the routes will see it', async () => {
    const { kit } = await scene({ onUnmapped: 'pass' })
    const app = express()
    app.use((req, _res, next) => {
      if (req.url.startsWith('/short/')) req.url = req.url.replace('/short/', '/alice/')
      next()
    })
    app.use(expressGuard(kit))
    app.get('/alice/:name', (_req, res) => void res.send('secret'))
    const { origin } = await serve(app)
    expect((await fetch(`${origin}/short/1.jpg`)).status).toBe(401)
  })

  test('a refusal of the handler’s own is 403', async () => {
    const { kit, headers } = await scene()
    const app = express()
    app.set('env', 'test')
    app.use(expressGuard(kit))
    app.get('/alice/:name', (req, res) => {
      demand(accessOf(req), isRequestingParty('carol'))
      res.send('secret')
    })
    app.use(
      ((error, _req, res, _next) => void res.status(error.status).send(error.message)) as express.ErrorRequestHandler,
    )
    const { origin } = await serve(app)
    expect((await fetch(`${origin}/alice/1.jpg`, { headers })).status).toBe(403)
  })
})

describe('Hono', () => {
  test('the handler knows who was let through; its answer gets Vary, whatever it is', async () => {
    const { kit, headers } = await scene()
    const app = new Hono()
    app.use('/alice/*', honoGuard(kit))
    app.get('/alice/who', (c) => c.text(accessOf(c.req.raw)?.rpt.subject ?? 'nobody'))
    app.get('/alice/elsewhere', () => Response.redirect('http://photos.example/x'))
    app.get('/alice/demand', (c) => c.text(String(demand(accessOf(c.req.raw), isRequestingParty('carol')))))
    app.put('/alice/new', async (c) => c.text(await c.req.text()))
    const ask = (path: string, init: RequestInit = {}) =>
      app.request(`http://photos.example${path}`, { headers, ...init })
    const who = await ask('/alice/who')
    expect([await who.text(), who.headers.get('vary')]).toEqual(['bob', 'Authorization'])
    const elsewhere = await ask('/alice/elsewhere')
    expect([elsewhere.status, elsewhere.headers.get('vary')]).toEqual([302, 'Authorization'])
    expect((await ask('/alice/demand')).status).toBe(403)
    expect(await (await ask('/alice/new', { method: 'PUT', body: 'a body' })).text()).toBe('a body')
    const refused = await ask('/alice/who', { headers: {} })
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([401, 'no-store'])
  })
})

describe('fetch-style handlers', () => {
  test('the request goes on untouched, with what came after it', async () => {
    const { kit, headers } = await scene()
    const seen: unknown[] = []
    const handler = guardFetch(kit.judge, async (request, environment: { name: string }) => {
      seen.push(request, environment, request.bodyUsed, await request.text())
      return Response.redirect('http://photos.example/x')
    })
    const request = new Request('http://photos.example/alice/new', { method: 'PUT', headers, body: 'a body' })
    const answer = await handler(request, { name: 'worker' })
    expect(seen).toEqual([request, { name: 'worker' }, false, 'a body'])
    expect(seen[0]).toBe(request)
    expect([answer.status, answer.headers.get('vary')]).toEqual([302, 'Authorization'])
  })

  test('an answer that is used again does not grow', async () => {
    const { kit, headers } = await scene()
    const empty = new Response(null, { status: 204 })
    const handler = guardFetch(kit.judge, () => empty)
    for (let i = 0; i < 3; i++) await handler(new Request('http://photos.example/alice/1.jpg', { headers }))
    expect(empty.headers.get('vary')).toBe('Authorization')
  })
})
