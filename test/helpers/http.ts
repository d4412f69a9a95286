/** The few lines of node:http that every server of the bench needs. */
import { createServer, IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from '../../src/testing/wire/answer.ts'

export type { Answer } from '../../src/testing/wire/answer.ts'
export { html, page } from '../../src/testing/wire/html.ts'

export interface ListeningServer {
  origin: string
  port: number
  /** stops listening and destroys every open socket */
  close(): Promise<void>
}

export interface ListenOptions {
  port?: number | undefined
  /** the name the server goes by in its own origin; it binds to 127.0.0.1 (or to `host` when that is an IPv4 address) */
  host?: string | undefined
}

export async function listen(listener: RequestListener, options: ListenOptions = {}): Promise<ListeningServer> {
  const { port = 0, host = '127.0.0.1' } = options
  const server = createServer({ maxHeaderSize: 256 * 1024, requireHostHeader: false }, listener)
  // No connection ends just when a client that stood still for a while uses it again.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // The backlog holds the tests that open a thousand connections at once.
    const bindTo = /^\d+(\.\d+){3}$/.test(host) ? host : '127.0.0.1'
    server.listen({ port, host: bindTo, backlog: 4096 }, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    origin: `http://${host}:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export function send(res: ServerResponse, answer: Answer): void {
  if (res.headersSent || res.destroyed) return
  const { body } = answer
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
  if (!raw && !res.hasHeader('content-type')) res.setHeader('content-type', 'application/json')
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  res.statusCode = answer.status
  const bytes = raw ? Buffer.from((body as string | Buffer | undefined) ?? '') : Buffer.from(JSON.stringify(body))
  if (answer.status !== 204 && answer.status !== 304) res.setHeader('content-length', bytes.length)
  res.end(bytes)
}

/** A request like the one given, with its body already read: it can be handed to a listener that reads it again. */
export function replay(
  req: IncomingMessage,
  body: Buffer,
  changes: { url?: string; headers?: IncomingMessage['headers'] } = {},
): IncomingMessage {
  const copy = new IncomingMessage(req.socket)
  copy.method = req.method
  copy.url = changes.url ?? req.url
  copy.headers = { ...req.headers, ...changes.headers, 'content-length': String(body.length) }
  delete copy.headers['transfer-encoding']
  copy.rawHeaders = req.rawHeaders
  copy.httpVersion = req.httpVersion
  copy.httpVersionMajor = req.httpVersionMajor
  copy.httpVersionMinor = req.httpVersionMinor
  copy.complete = true
  const { originalUrl } = req as { originalUrl?: string }
  if (originalUrl !== undefined) Object.assign(copy, { originalUrl })
  if (body.length > 0) copy.push(body)
  copy.push(null)
  return copy
}

/** A server's delay. The timer keeps no process alive: a test may let a server wait for longer than the test takes. */
export function pause(ms: number | undefined): Promise<void> | undefined {
  if (!ms) return undefined
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
