/** Remembers every HTTP request that reached a server of the bench, as it was on the wire. */
import type { IncomingMessage, RequestListener } from 'node:http'

export interface RecordedRequest {
  /** when the request's head had been read (performance-independent wall clock, ms) */
  at: number
  /** label of the server that received it */
  server: string
  /** the server's own origin, such as http://127.0.0.1:4711 */
  origin: string
  method: string
  /** path with query, as sent */
  path: string
  headers: Record<string, string>
  /** name, value, name, value, … as sent */
  rawHeaders: string[]
  /** what has been received of the body so far */
  readonly body: Buffer
  /** filled in when the request was answered; absent when the connection was cut */
  status?: number
  /** the answer's headers, filled in with the status */
  answerHeaders?: Record<string, string>
}

type Predicate = (request: RecordedRequest) => boolean

export class WireRecorder {
  readonly requests: RecordedRequest[] = []

  clear(): void {
    this.requests.length = 0
  }

  /** Requests that went to a server, named by its origin or its label. */
  to(server: string, predicate: Predicate = () => true): RecordedRequest[] {
    return this.requests.filter((r) => (r.origin === server || r.server === server) && predicate(r))
  }

  count(predicate: Predicate = () => true): number {
    return this.requests.filter(predicate).length
  }

  /** One line a request: `as POST /token 403`. */
  lines(): string[] {
    return this.requests.map((r) => {
      const bytes = r.body.length > 0 ? ` (${r.body.length} bytes)` : ''
      return `${r.server} ${r.method} ${r.path}${bytes} ${r.status ?? '-'}`
    })
  }

  /** Every request whose URL, headers or body carry the string: as it is, percent-encoded, or inside Basic credentials. */
  containing(secret: string): RecordedRequest[] {
    const forms = [
      ...new Set([secret, encodeURIComponent(secret), new URLSearchParams({ s: secret }).toString().slice(2)]),
    ]
    return this.requests.filter((r) => {
      const basic = /^basic (.*)$/i.exec(r.headers['authorization'] ?? '')?.[1] ?? ''
      const text = [
        r.origin + r.path,
        ...r.rawHeaders,
        Buffer.from(basic, 'base64').toString(),
        r.body.toString('latin1'),
      ].join('\n')
      return forms.some((form) => text.includes(form) || text.includes(Buffer.from(form).toString('latin1')))
    })
  }

  /** The same listener, recorded. `origin` may be a function, for it is known only once the server listens. */
  wrap(listener: RequestListener, server: string, origin: string | (() => string)): RequestListener {
    return (req, res) => {
      const chunks = tapBody(req)
      const entry: RecordedRequest = {
        at: Date.now(),
        server,
        origin: typeof origin === 'string' ? origin : origin(),
        method: req.method ?? '',
        path: req.url ?? '',
        headers: Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)])),
        rawHeaders: [...req.rawHeaders],
        get body() {
          return Buffer.concat(chunks)
        },
      }
      this.requests.push(entry)
      const writeHead = res.writeHead
      res.writeHead = function (this: typeof res, ...args: unknown[]) {
        const result = Reflect.apply(writeHead, this, args)
        entry.status = res.statusCode
        entry.answerHeaders = Object.fromEntries(
          Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]),
        )
        return result
      } as typeof res.writeHead
      listener(req, res)
    }
  }
}

/** Copies what the HTTP parser hands over, without reading the stream (that is the listener's). */
function tapBody(req: IncomingMessage): Buffer[] {
  const chunks: Buffer[] = []
  const push = req.push
  req.push = function (this: IncomingMessage, chunk: unknown, ...rest: unknown[]) {
    if (Buffer.isBuffer(chunk)) chunks.push(Buffer.from(chunk))
    return Reflect.apply(push, this, [chunk, ...rest])
  } as typeof req.push
  return chunks
}
