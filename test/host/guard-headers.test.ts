/** F-R-c, F-R-e: what a guard has to say in headers, beside what the handler says there. */
import type { RequestListener } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { guardFetch } from '../../src/host/guard.ts'
import { honoGuard } from '../../src/host/hono.ts'
import { expressGuard, guardNode, toNodeListener } from '../../src/host/node.ts'
import type { HostOptions } from '../../src/host/types.ts'
import { listen } from '../helpers/http.ts'
import { rawRequest } from './raw.ts'
import { wardenKit } from './warden-kit.ts'

async function scene(options: Partial<HostOptions>) {
  const kit = wardenKit(options)
  await kit.protect('/alice/*')
  return { kit, headers: { authorization: `Bearer ${kit.token('/alice/*')}`, origin: 'https://app.example' } }
}

test('F-R-e: Vary and the exposed headers stand beside those of a node:http listener, however it says them', async () => {
  const { kit, headers } = await scene({ cors: { origins: ['https://app.example'] } })
  const ways: [RequestListener, vary: string, exposed: string][] = [
    [(_req, res) => void res.end('photo'), 'Authorization, Origin', 'WWW-Authenticate, Warning'],
    [
      (_req, res) => void res.setHeader('vary', 'Accept-Encoding, authorization').end('photo'),
      'Accept-Encoding, authorization, Origin',
      'WWW-Authenticate, Warning',
    ],
    [
      (_req, res) =>
        void res
          .writeHead(200, 'fine', { Vary: 'Accept, X-Authorization', 'access-control-expose-headers': 'ETag' })
          .end('photo'),
      'Accept, X-Authorization, Authorization, Origin',
      'ETag, WWW-Authenticate, Warning',
    ],
    [
      (_req, res) => {
        res.writeHead(200, ['Vary', 'Accept', 'vary', 'Origin', 'Access-Control-Expose-Headers', '*'])
        res.write('pho')
        res.end('to')
      },
      'Accept, Origin, Authorization',
      '*, WWW-Authenticate, Warning',
    ],
    [
      (_req, res) => {
        res.setHeader('Vary', '*')
        res.flushHeaders()
        res.end('photo')
      },
      '*',
      'WWW-Authenticate, Warning',
    ],
  ]
  for (const [way, vary, exposed] of ways) {
    const { port, close } = await listen(guardNode(kit, way))
    onTestFinished(close)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const answer = await rawRequest(port, ['GET /alice/1.jpg HTTP/1.1', 'Host: x', ...lines])
    expect(answer.body).toContain('pho')
    expect(answer.headers('vary').join(', ')).toBe(vary)
    expect(answer.headers('access-control-expose-headers').join(', ')).toBe(exposed)
    expect(answer.headers('access-control-allow-origin')).toEqual(['https://app.example'])
  }
})

test('F-R-e: over HTTP/2', async () => {
  const { kit, headers } = await scene({ cors: { origins: '*' } })
  const listener: RequestListener = (_req, res) => {
    res.setHeader('vary', 'Accept')
    res.end('photo')
  }
  const server = createHttp2Server(guardNode(kit, listener) as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  const answer = await new Promise<Record<string, unknown>>((resolve) => {
    session
      .request({ ':path': '/alice/1.jpg', ...headers })
      .on('response', resolve)
      .resume()
  })
  expect([answer[':status'], answer.vary]).toEqual([200, 'Accept, Authorization'])
})

test('F-R-e: in Express, what a middleware said before stays, on refusals too', async () => {
  const { kit, headers } = await scene({})
  const app = express()
  app.use((_req, res, next) => {
    res.set({ Vary: 'Origin', 'Access-Control-Expose-Headers': 'ETag' })
    next()
  })
  app.use(expressGuard(kit))
  app.get('/alice/:name', (_req, res) => void res.set('Vary', 'Accept').send('photo'))
  const { origin, close } = await listen(app)
  onTestFinished(close)
  expect((await fetch(`${origin}/alice/1.jpg`, { headers })).headers.get('vary')).toBe('Accept, Authorization')
  const refused = await fetch(`${origin}/alice/1.jpg`)
  expect([refused.headers.get('vary'), refused.headers.get('access-control-expose-headers')]).toEqual([
    'Origin',
    'ETag, WWW-Authenticate, Warning',
  ])
})

test('F-R-e: in Hono', async () => {
  const { kit, headers } = await scene({ cors: { origins: '*' } })
  const app = new Hono()
  app.use('*', honoGuard(kit))
  app.get('/alice/:name', (c) => c.text('photo', 200, { Vary: 'Accept', 'Access-Control-Expose-Headers': 'ETag' }))
  const answer = await app.request('http://photos.example/alice/1.jpg', { headers })
  expect([answer.headers.get('vary'), answer.headers.get('access-control-expose-headers')]).toEqual([
    'Accept, Authorization',
    'ETag, WWW-Authenticate, Warning',
  ])
})

test('F-R-e: Vary and the exposed headers stand beside those of a fetch-style handler', async () => {
  const { kit, headers } = await scene({ cors: { origins: '*' } })
  const said = async (vary: string, exposed: string) => {
    const init = { headers: { vary, 'access-control-expose-headers': exposed } }
    const handler = guardFetch(kit.judge, () => new Response('photo', init))
    const answer = await handler(new Request('http://photos.example/alice/1.jpg', { headers }))
    return [answer.headers.get('vary'), answer.headers.get('access-control-expose-headers')]
  }
  expect(await said('X-Authorization-Mode', 'X-Total-Count')).toEqual([
    'X-Authorization-Mode, Authorization',
    'X-Total-Count, WWW-Authenticate, Warning',
  ])
  expect(await said('accept, AUTHORIZATION', 'warning,etag')).toEqual([
    'accept, AUTHORIZATION',
    'warning,etag, WWW-Authenticate',
  ])
  expect(await said('*', '*')).toEqual(['*', '*, WWW-Authenticate, Warning'])
})

test('F-R-c: UMA has a line of its own where lines are joined, under Node too; the body says what was wrong', async () => {
  const { kit, headers } = await scene({})
  const app = new Hono()
  app.use('*', honoGuard(kit))
  for (const handler of [guardFetch(kit.judge, () => new Response()), app.fetch]) {
    const { port, close } = await listen(toNodeListener((request) => handler(request)))
    onTestFinished(close)
    const lines = ['PUT /alice/1.jpg HTTP/1.1', 'Host: x', `Authorization: ${headers.authorization}`]
    const answer = await rawRequest(port, [...lines, 'Content-Length: 0'])
    expect(answer.headers('www-authenticate')).toEqual([
      expect.stringMatching(/^UMA realm="uma",as_uri="[^"]+",ticket="[^"]+"$/),
    ])
    expect(answer.body).toContain('"error":"insufficient_scope"')
  }
})
