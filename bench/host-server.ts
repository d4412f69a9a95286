/** The servers of the host's measurement, on a thread of their own: one handler bare and guarded, and an authorization server. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { clientSecretBasic, createHost } from '../src/host/index.ts'
import { guardNode } from '../src/host/node.ts'
import { protectionAnswerTo } from './protection.ts'

const listen = (listener: RequestListener): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, listener)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

/** A small handler as people write them: looks something up, answers JSON. */
const photos = new Map(
  Array.from({ length: 100 }, (_, i) => [`/alice/${i}.jpg`, { id: i, title: `Photo ${i}`, taken: 1_700_000_000 + i }]),
)
const handler: RequestListener = (req, res) => {
  const photo = photos.get(new URL(req.url ?? '/', 'http://photos').pathname)
  const body = JSON.stringify(photo ?? { error: 'not_found' })
  res.writeHead(photo ? 200 : 404, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  res.end(body)
}

let calls = 0
const issuer = await listen((req, res) => {
  calls++
  req.resume()
  const { status, body } = protectionAnswerTo(issuer, req.method ?? '', req.url ?? '/')
  res.writeHead(status, { 'content-type': 'application/json' }).end(body)
})
const host = createHost({ issuer, client: { id: 'photos', auth: clientSecretBasic('photos-secret') } })
await host.protect({ url: '/alice/*', owner: 'alice' })
const [bare, guarded] = await Promise.all([listen(handler), listen(guardNode(host, handler))])
parentPort?.on('message', () => parentPort?.postMessage(calls))
parentPort?.postMessage({ bare, guarded })
