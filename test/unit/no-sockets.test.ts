/** The set-up of the unit tests holds. */
import { createSocket } from 'node:dgram'
import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test, vi } from 'vitest'
import './no-sockets.ts'

const refused = /A unit test called/

test.each<[string, () => unknown]>([
  ['net.connect', () => connect(1, '127.0.0.1')],
  ['tls.connect', () => connectTls(1, '127.0.0.1')],
  ['net.Server.listen', () => createServer().listen(0, '127.0.0.1')],
  ['http.Server.listen', () => createHttpServer().listen(0, '127.0.0.1')],
  ['http.request', () => request('http://127.0.0.1:1/').end()],
  ['fetch', () => fetch('http://127.0.0.1:1/')],
  ['dgram.bind', () => createSocket('udp4').bind(0, '127.0.0.1')],
])('%s is refused', (_, open) => {
  expect(open).toThrow(refused)
})

test('a stubbed fetch is used', async () => {
  vi.stubGlobal('fetch', async () => new Response('stubbed'))
  try {
    expect(await (await fetch('https://photos.example.com/')).text()).toBe('stubbed')
  } finally {
    vi.unstubAllGlobals()
  }
})
