/** The host of the loopback measurement, on a thread of its own: its work does not count as the client's. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { answerTo } from './answers.ts'

const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, (request, response) => {
  const { status, headers, body } = answerTo(
    `http://${request.headers.host}`,
    request.url ?? '/',
    request.headers.authorization,
  )
  request.resume()
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  parentPort?.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
