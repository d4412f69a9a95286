/** Fetch-style handlers on node:http. */
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type NodeListenerOptions, toNodeListener } from '../../src/host/node-handler.ts'
import { listen } from '../helpers/http.ts'

async function start(
  handler: (request: Request) => Response | Promise<Response>,
  options?: NodeListenerOptions,
): Promise<{ origin: string; port: number }> {
  const { origin, port, close } = await listen(toNodeListener(handler, options))
  onTestFinished(close)
  return { origin, port }
}

/** A request head as it is written here; resolves with what came back. */
function raw(port: number, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head}\r\nConnection: close\r\n\r\n`))
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.once('end', () => resolve(answer))
    socket.once('error', reject)
  })
}

test('method, URL, headers and body arrive; status, headers, cookies and body go back', async () => {
  const { origin } = await start(async (request) => {
    const headers = new Headers({
      'x-method': request.method,
      'x-url': request.url,
      'x-one': request.headers.get('x-one') ?? '',
    })
    headers.append('set-cookie', 'a=1; Path=/')
    headers.append('set-cookie', 'b=2')
    return new Response(await request.arrayBuffer(), { status: 202, headers })
  })
  const body = crypto.getRandomValues(new Uint8Array(300_000).subarray(0, 65_536))
  const answer = await fetch(`${origin}/a%20b?c=d`, { method: 'POST', headers: { 'x-one': '1, 2' }, body })
  expect(answer.status).toBe(202)
  expect([answer.headers.get('x-method'), answer.headers.get('x-url'), answer.headers.get('x-one')]).toEqual([
    'POST',
    `${origin}/a%20b?c=d`,
    '1, 2',
  ])
  expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2'])
  expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(body))).toBe(true)
})

test('HEAD has no body, and neither has 204', async () => {
  const { port } = await start(({ method }) =>
    method === 'HEAD'
      ? new Response('not this', { headers: { 'x-there': 'yes' } })
      : new Response(null, { status: 204 }),
  )
  const head = await raw(port, 'HEAD / HTTP/1.1\r\nHost: a')
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(head).toMatch(/x-there: yes/)
  expect(head).not.toContain('not this')
  expect(await raw(port, 'DELETE / HTTP/1.1\r\nHost: a')).toMatch(/^HTTP\/1\.1 204 /)
})

test('what no URL of this server can be made of is 400, and the handler does not see it', async () => {
  const seen: string[] = []
  const { port } = await start((request) => {
    seen.push(request.url)
    return new Response()
  })
  for (const head of [
    'GET http://evil.example/ HTTP/1.1\r\nHost: a',
    'OPTIONS * HTTP/1.1\r\nHost: a',
    'GET /x HTTP/1.1\r\nHost: a/b?',
    'GET /x HTTP/1.1\r\nHost: user@a',
    'GET /x HTTP/1.1\r\nHost: a b',
    'TRACE / HTTP/1.1\r\nHost: a',
  ])
    expect([head, (await raw(port, head)).slice(0, 12)]).toEqual([head, 'HTTP/1.1 400'])
  expect(seen).toEqual([])
  // A path is never another host.
  await raw(port, 'GET //evil.example/x HTTP/1.1\r\nHost: a')
  expect(seen).toEqual(['http://a//evil.example/x'])
})

test('behind a proxy the origin is the one that was said', async () => {
  const { origin } = await start(({ url }) => new Response(url), { origin: 'https://photos.example' })
  expect(await (await fetch(`${origin}/x`)).text()).toBe('https://photos.example/x')
})

test('a handler that throws is an empty 500, and the error is told here only', async () => {
  const said: unknown[] = []
  const { origin } = await start(
    () => {
      throw new Error('a secret')
    },
    { onError: (error) => said.push(error) },
  )
  const answer = await fetch(origin)
  expect([answer.status, await answer.text()]).toEqual([500, ''])
  expect(said.map(String)).toEqual(['Error: a secret'])
})

test('a body that breaks off cuts the connection; a client that goes away aborts the request', async () => {
  const said: unknown[] = []
  let aborted = (): void => {}
  const leaving = new Promise<void>((resolve) => {
    aborted = resolve
  })
  const { origin } = await start(
    (request) => {
      request.signal.onabort = () => aborted()
      if (request.url.endsWith('/forever')) return new Promise(() => {})
      if (request.url.endsWith('/fine')) return new Response('fine')
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('some')),
        pull: (controller) => controller.error(new Error('broken')),
      })
      return new Response(body)
    },
    { onError: (error) => said.push(error) },
  )
  await expect(fetch(`${origin}/broken`).then((answer) => answer.text())).rejects.toThrow()
  const request = httpRequest(`${origin}/forever`).end()
  request.once('error', () => {})
  setTimeout(() => request.destroy(), 50)
  await leaving
  // The server goes on.
  expect(await (await fetch(`${origin}/fine`)).text()).toBe('fine')
  expect(said.map(String)).toEqual(['Error: broken'])
})
