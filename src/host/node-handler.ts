/** A fetch-style handler as a listener of node:http. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'

/** Options of `toNodeListener`. */
export interface NodeListenerOptions {
  /** Of this server as browsers see it, such as `https://photos.example`. Default: http (https on TLS) and the `Host` header. */
  origin?: string
  /** Told what a handler threw; the client gets an empty 500. Default: `console.error`. */
  onError?: (error: unknown) => void
}

/**
 * `(request: Request) => Response` as `(req, res) => void`.
 *
 * A request target that is no path (absolute-form, `*`) is answered with 400. The request's signal aborts when the connection is lost.
 * Where a body parser was there before (`express.urlencoded()`), what it made of the body is written again; where that cannot be, `onError`
 * is told and the client gets a 500.
 */
export function toNodeListener(
  handler: (request: Request) => Response | Promise<Response>,
  options: NodeListenerOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const { origin, onError = (error) => console.error(error) } = options
  return (req, res) => {
    answer(handler, req, res, origin).catch((error: unknown) => {
      if (!isGone(error)) onError(error)
      giveUp(res)
    })
  }
}

/** An empty 500; where an answer has begun already, the connection ends, so that nobody takes it for a whole one. */
export function giveUp(res: ServerResponse): void {
  if (res.headersSent || res.destroyed) res.destroy()
  else res.writeHead(500, { 'cache-control': 'no-store', 'content-length': '0' }).end()
}

async function answer(
  handler: (request: Request) => Response | Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse,
  origin: string | undefined,
): Promise<void> {
  const request = toRequest(req, res, origin)
  if (!request) return void res.writeHead(400, { 'cache-control': 'no-store', 'content-length': '0' }).end()
  await sendResponse(await handler(request), req, res)
}

/**
 * @returns undefined: no request that a URL can be made of
 * @throws TypeError if the body has been read before and nothing is left to make it of
 */
function toRequest(req: IncomingMessage, res: ServerResponse, origin?: string): Request | undefined {
  const { method = 'GET', url = '' } = req
  const own = URL.parse(
    origin ?? `${'encrypted' in req.socket ? 'https' : 'http'}://${req.headers.host ?? 'localhost'}`,
  )
  // A `Host` that is more than a host would move the path.
  if (!url.startsWith('/') || !own || own.href !== `${own.origin}/`) return undefined
  const gone = new AbortController()
  res.once('close', () => res.writableFinished || gone.abort())
  const headers = new Headers()
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = [req.rawHeaders[i], req.rawHeaders[i + 1]]
    if (!name.startsWith(':')) headers.append(name, value)
  }
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(req, headers)
  try {
    // Not resolved against the origin: a path of two slashes would be another host.
    return new Request(own.origin + url, { method, headers, signal: gone.signal, body, duplex: 'half' } as RequestInit)
  } catch {
    return undefined
  }
}

/** What is there to be read, or what somebody who has read it before left in `req.body`, as Express's parsers do. */
function bodyOf(req: IncomingMessage & { body?: unknown }, headers: Headers): NonNullable<RequestInit['body']> {
  if (!req.readableDidRead && !req.readableEnded) return Readable.toWeb(req) as ReadableStream<Uint8Array>
  const type = headers.get('content-type') ?? ''
  // Without a byte there is nothing that could have been lost.
  const again = req.body === undefined && !req.readableDidRead ? '' : writtenAgain(req.body, type)
  if (again === undefined)
    throw new TypeError('The body of the request was read before. Put this listener before what reads bodies.')
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
  if (typeof again !== 'string') return again
  // Text was decoded, and is UTF-8 now.
  if (type) headers.set('content-type', type.replace(/;\s*charset=[^;]*/i, ''))
  return new TextEncoder().encode(again)
}

function writtenAgain(body: unknown, type: string): string | Uint8Array<ArrayBuffer> | undefined {
  if (typeof body === 'string') return body
  if (body instanceof Uint8Array) return new Uint8Array(body)
  if (typeof body !== 'object' || body === null) return undefined
  if (/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return JSON.stringify(body)
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return undefined
  const fields = Object.entries(body).flatMap(([name, value]) => [value].flat().map((one: unknown) => [name, one]))
  // What is not flat has several spellings.
  const flat = fields.every((field): field is [string, string] => typeof field[1] === 'string')
  return flat ? new URLSearchParams(fields).toString() : undefined
}

/** Writes a fetch-style answer, as fast as the client takes it. */
async function sendResponse(response: Response, req: IncomingMessage, res: ServerResponse): Promise<void> {
  res.statusCode = response.status
  if (response.statusText) res.statusMessage = response.statusText
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length) res.setHeader('set-cookie', cookies)
  const { body } = response
  if (!body || req.method === 'HEAD') {
    await body?.cancel()
    res.end()
    return
  }
  await pipeline(Readable.fromWeb(body as NodeReadableStream), res)
}

/** The client has left: nobody's fault. */
const isGone = (error: unknown): boolean => {
  const { code, name } = Object(error)
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || name === 'AbortError'
}
