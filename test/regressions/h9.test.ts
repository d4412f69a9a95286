/**
 * H9: an OPTIONS request and the CORS headers work in Fastify. `@fastify/express` defines a property `headersSent` on
 * the response that stays false, calls `end` with `null`, and copies the headers of the reply before middleware runs.
 */
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Host, HostOptions } from '../../src/host/index.ts'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { hosted } from '../host/hosted.ts'

const path = '/alice/1.jpg'
const origin = 'https://app.example'
const preflight = { origin, 'access-control-request-method': 'PUT' }

/** The route of the application, sent as Fastify sends a reply. */
function reply(res: ServerResponse): void {
  const headers: Record<string, string> = Object.create(null)
  Object.assign(headers, { 'content-type': 'text/plain', 'content-length': '6', 'access-control-allow-origin': origin })
  res.writeHead(200, headers)
  ;(res.end as (...args: unknown[]) => void)('secret', null, null)
}

/** Runs the guard as `@fastify/express` runs middleware. */
function fastifyExpress(host: Host): RequestListener {
  const guard = expressGuard(host)
  return (req, res) => {
    Object.assign(req, { originalUrl: req.url, baseUrl: '' })
    Object.defineProperty(res, 'headersSent', { get: () => false, configurable: true })
    // The headers of @fastify/cors.
    res.setHeader('access-control-allow-origin', origin)
    guard(req, res, () => reply(res))
  }
}

/** The guard of the documentation: `serverFactory: (handler) => createServer(guardNode(host, handler))`. */
const serverFactory = (host: Host): RequestListener => guardNode(host, (_req, res) => reply(res))

async function scene(listen: (host: Host) => RequestListener, more: Partial<HostOptions> = {}) {
  const kit = await hosted({ host: more })
  await kit.host.protect({ url: path, owner: 'alice' })
  const server = createServer(listen(kit.host))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const send = (method: string, headers: Record<string, string>) =>
    fetch(url, { method, headers, signal: AbortSignal.timeout(5_000) }).then(
      async (answer) => ({
        status: answer.status,
        body: await answer.text(),
        allowed: answer.headers.get('access-control-allow-origin'),
      }),
      () => ({ status: 0, body: 'the connection ended', allowed: null }),
    )
  return { send, token: await kit.tokenFor(path) }
}

describe('H9: middleware through @fastify/express', () => {
  test('OPTIONS is answered, as a preflight and otherwise', async () => {
    const { send, token } = await scene(fastifyExpress)
    expect(await send('OPTIONS', preflight)).toEqual({ status: 204, body: '', allowed: origin })
    expect(await send('OPTIONS', { origin })).toMatchObject({ status: 204, body: '' })
    expect(await send('OPTIONS', { authorization: `Bearer ${token}` })).toMatchObject({ status: 200, body: 'secret' })
  })

  test('the CORS headers stay on the 401 of the guard, and on an answer', async () => {
    const { send, token } = await scene(fastifyExpress)
    expect(await send('GET', { origin })).toMatchObject({ status: 401, allowed: origin })
    expect(await send('GET', { origin, authorization: `Bearer ${token}` })).toEqual({
      status: 200,
      body: 'secret',
      allowed: origin,
    })
  })
})

test('H9: the documented guard around the listener of Fastify, with the option cors', async () => {
  const { send, token } = await scene(serverFactory, { cors: { origins: [origin] } })
  expect(await send('OPTIONS', preflight)).toEqual({ status: 204, body: '', allowed: origin })
  expect(await send('GET', { origin })).toMatchObject({ status: 401, allowed: origin })
  expect(await send('GET', { origin, authorization: `Bearer ${token}` })).toMatchObject({ status: 200, body: 'secret' })
})
