/** A simulated server, which is a function from `Request` to `Response`, behind node:http. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { headerLines } from '../../src/testing/wire/answer.ts'

export type FetchFunction = (request: Request) => Promise<Response>

export function fetchListener(fetch: FetchFunction, origin: string): RequestListener {
  return (req, res) => void answerWith(fetch, req, res, origin)
}

export async function answerWith(
  fetch: FetchFunction,
  req: IncomingMessage,
  res: ServerResponse,
  origin: string,
  body?: Buffer,
): Promise<void> {
  try {
    await writeResponse(req, res, await fetch(toRequest(req, origin, body)))
  } catch (error) {
    await writeResponse(req, res, new Response(String(error), { status: 500 }))
  }
}

/** @param body the body of the request, if it is already read */
export function toRequest(req: IncomingMessage, origin: string, body?: Buffer): Request {
  const { method = 'GET', url = '/' } = req
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    for (const line of [value ?? []].flat()) headers.append(name, line)
  }
  const init = { method, headers, duplex: 'half' }
  if (method === 'GET' || method === 'HEAD') return new Request(new URL(url, origin), init)
  return new Request(new URL(url, origin), { ...init, body: body ? new Uint8Array(body) : bodyStream(req) })
}

/** The body as the function reads it; nothing is read before. */
function bodyStream(req: IncomingMessage): ReadableStream<Uint8Array> | null {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = req.headers
  if (length === '0' && encoding === undefined) return null
  const stream: NodeReadableStream = Readable.toWeb(req, { strategy: { highWaterMark: 0 } })
  return stream as unknown as ReadableStream<Uint8Array>
}

async function writeResponse(req: IncomingMessage, res: ServerResponse, response: Response): Promise<void> {
  if (response.type === 'error') return void res.destroy()
  if (res.headersSent || res.destroyed) return
  const bytes = Buffer.from(await response.arrayBuffer())
  for (const [name, value] of headerLines(response)) res.appendHeader(name, value)
  if (response.status !== 204 && response.status !== 304) res.setHeader('content-length', bytes.length)
  const closes = response.headers.get('connection') === 'close'
  if (closes && !req.complete) res.once('finish', () => req.destroy())
  res.statusCode = response.status
  res.end(bytes)
}
