/** H6: an OPTIONS request without a permission reveals nothing about the resource. */

import type { RequestListener } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { honoGuard } from '../../src/host/hono.ts'
import type { Host, HostOptions } from '../../src/host/index.ts'
import { expressGuard, guardNode, toNodeListener } from '../../src/host/node.ts'
import { listen } from '../helpers/http.ts'
import { hosted } from '../host/hosted.ts'
import { rawRequest } from '../host/raw.ts'

const path = '/alice/1.jpg'
const preflight = ['Origin: https://app.example', 'Access-Control-Request-Method: PUT']
/** Each of these headers tells something about the photo. */
const secretHeaders = { ETag: '"secret"', 'Set-Cookie': 'secret=1', 'X-Photo': 'secret', Allow: 'GET, secret' }
const corsHeaders = { 'Access-Control-Allow-Origin': 'https://app.example', Vary: 'Origin' }

const listener: RequestListener = (req, res) => {
  if (!req.headers.authorization) res.writeEarlyHints({ link: '</secret.css>; rel=preload; as=style' })
  for (const [name, value] of Object.entries({ ...secretHeaders, ...corsHeaders })) res.setHeader(name, value)
  res.setHeader('Trailer', 'X-Checksum')
  res.writeHead(200, { 'X-Size': 'secret' })
  res.write('secret')
  res.addTrailers({ 'X-Checksum': 'secret' })
  res.end('secret')
}

const answer = () => new Response('secret', { headers: { ...secretHeaders, ...corsHeaders } })

const guards: Record<string, (host: Host) => RequestListener> = {
  'node:http': (host) => guardNode(host, listener),
  Express: (host) => express().disable('x-powered-by').use(expressGuard(host)).use(listener),
  Hono: (host) => toNodeListener(new Hono().use('*', honoGuard(host)).all('*', answer).fetch),
  fetch: (host) => toNodeListener(host.guard(answer)),
}

async function scene(name: string, more: Partial<HostOptions> = {}) {
  const kit = await hosted({ host: more })
  await kit.host.protect({ url: path, owner: 'alice' })
  const server = await listen((guards[name] as (host: Host) => RequestListener)(kit.host))
  onTestFinished(server.close)
  const options = (target: string, lines: string[] = []) =>
    rawRequest(server.port, [`OPTIONS ${target} HTTP/1.1`, 'Host: photos.example', ...lines])
  return { ...kit, options }
}

describe.each(Object.keys(guards))('H6: %s', (name) => {
  test('a preflight: 204, the CORS headers of the handler and nothing else, whether there is a resource or not', async () => {
    const { options } = await scene(name)
    for (const target of [path, '/nothing/here']) {
      const { status, head, body, headers } = await options(target, preflight)
      expect([target, status, body]).toEqual([target, 204, ''])
      expect(headers('access-control-allow-origin')).toEqual(['https://app.example'])
      expect(headers('vary').join()).toMatch(/^Origin$/i)
      expect(head).not.toMatch(/secret|etag|cookie|checksum|content-length|103/i)
    }
  })

  test('with cors, the guard answers a preflight itself', async () => {
    const { options } = await scene(name, { cors: { origins: ['https://app.example'], methods: ['GET', 'PUT'] } })
    const { status, head, body, headers } = await options(path, preflight)
    expect([status, body]).toEqual([204, ''])
    expect(headers('access-control-allow-methods')).toEqual(['GET, PUT'])
    expect(head).not.toMatch(/secret/)
  })

  test('any other OPTIONS without a token: 204 and nothing, whether there is a resource or not', async () => {
    const { options } = await scene(name)
    const heads = []
    for (const target of [path, '/nothing/here']) {
      for (const lines of [[], ['Origin: https://app.example'], ['Access-Control-Request-Method: PUT']]) {
        const { status, head, body } = await options(target, lines)
        expect([target, status, body]).toEqual([target, 204, ''])
        heads.push(head.replace(/^(?:date|connection|keep-alive):.*\r?\n?/gim, '').trim())
      }
    }
    expect(new Set(heads)).toEqual(new Set(['HTTP/1.1 204 No Content']))
  })

  test('with an RPT it is judged as GET, and the answer is the handler’s own', async () => {
    const { options, tokenFor, host } = await scene(name)
    const token = [`Authorization: Bearer ${await tokenFor(path)}`]
    const allowed = await options(path, token)
    expect(allowed.status).toBe(200)
    expect(allowed.headers('etag')).toEqual(['"secret"'])
    expect(allowed.body).toContain('secret')
    await host.protect({ url: '/alice/2.jpg', owner: 'alice' })
    for (const lines of [token, [...token, ...preflight]]) {
      const refused = await options('/alice/2.jpg', lines)
      expect([refused.status, refused.headers('www-authenticate').length > 0]).toEqual([401, true])
      expect(refused.head + refused.body).not.toContain('secret')
    }
  })
})

test.each(['node:http', 'Express'])('H6: %s, OPTIONS *: 204', async (name) => {
  const { options } = await scene(name)
  const { status, body } = await options('*')
  expect([status, body]).toEqual([204, ''])
})

test('H6: HTTP/2, a preflight', async () => {
  const { host } = await hosted()
  await host.protect({ url: path, owner: 'alice' })
  const server = createHttp2Server(guardNode(host, listener) as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    session.destroy()
    server.close()
  })
  const seen: string[] = []
  await new Promise<void>((resolve, reject) => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' }
    const stream = session.request({ ':path': path, ':method': 'OPTIONS', ...headers })
    for (const event of ['headers', 'response', 'trailers'] as const) {
      stream.on(event as 'response', (block) => seen.push(JSON.stringify(block)))
    }
    stream.on('data', (chunk) => seen.push(String(chunk)))
    stream.on('end', resolve).on('error', reject)
  })
  expect(seen).toHaveLength(1)
  expect(seen[0]).toContain('":status":204')
  expect(seen[0]).toContain('https://app.example')
  expect(seen[0]).not.toContain('secret')
})
