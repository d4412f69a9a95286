/** H2: a guard judges the URL that the client sent, or refuses a request whose URL was rewritten before the guard. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { expect, onTestFinished, test } from 'vitest'
import { expressGuard } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { hosted } from '../host/hosted.ts'

const secret = 'the content of the photo'

async function host() {
  const { host } = await hosted({ host: { onUnmapped: 'pass' } })
  await host.protect({ url: '/alice/*', owner: 'alice' })
  await host.protect({ url: '/v2/alice/*', owner: 'alice' })
  return host
}

type Routed = IncomingMessage & { originalUrl?: string }
type Step = (req: Routed, res: ServerResponse, next: () => void) => void

/** Runs middleware as Connect does: it keeps `originalUrl`, sets no `baseUrl`, and cuts off nothing at the root. */
async function connectApp(before: Step, guard: Step) {
  const server = await listen((req: Routed, res) => {
    req.originalUrl ??= req.url ?? ''
    before(req, res, () => guard(req, res, () => res.end(`${secret} at ${req.url}`)))
  })
  onTestFinished(server.close)
  return server.origin
}

const strip =
  (prefix: string): Step =>
  (req, _res, next) => {
    if (req.url?.startsWith(prefix)) req.url = req.url.slice(prefix.length)
    next()
  }

test('H2: Connect, and a middleware that strips /v1 before the guard', async () => {
  const origin = await connectApp(strip('/v1'), expressGuard(await host()))
  for (const path of ['/v1/alice/1.jpg', '/v1/open/1.jpg', '/v1/v2/alice/1.jpg']) {
    const answer = await fetch(origin + path)
    expect([path, answer.status]).toEqual([path, 400])
    expect(await answer.text()).not.toContain(secret)
  }
  expect((await fetch(`${origin}/alice/1.jpg`)).status).toBe(401)
  expect((await fetch(`${origin}/open/1.jpg`)).status).toBe(200)
})

test('H2: a URL that gets a prefix before the guard, as rewriteUrl of Fastify may do', async () => {
  const add: Step = (req, _res, next) => {
    req.url = `/files${req.url}`
    next()
  }
  const origin = await connectApp(add, expressGuard(await host()))
  expect((await fetch(`${origin}/alice/1.jpg`)).status).toBe(400)
})

test('H2: Express has a baseUrl, so the URL that the routes see is judged, rewritten or not', async () => {
  const app = express()
  app.use(strip('/v1') as express.RequestHandler)
  app.use(expressGuard(await host()))
  app.get('/:owner/:photo', (_req, res) => void res.send(secret))
  const server = await listen(app)
  onTestFinished(server.close)
  for (const path of ['/v1/alice/1.jpg', '/alice/1.jpg']) {
    const answer = await fetch(server.origin + path)
    expect([path, answer.status]).toEqual([path, 401])
  }
  expect((await fetch(`${server.origin}/v1/open/1.jpg`)).status).toBe(200)
})
