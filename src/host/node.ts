import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Answer } from './answers.ts'
import { actAt } from './expiry.ts'
import { type Guarding, remember } from './guard.ts'
import { isForPreflights, isList, withMembers } from './header-lists.ts'
import { giveUp, type NodeListenerOptions, toNodeListener } from './node-handler.ts'
import type { RequestFacts } from './request-facts.ts'
import type { GuardOptions, Passed } from './warden.ts'

/**
 * Guards a listener of node:http: it is called with requests that have the permission, their bodies unread. Only a CORS
 * preflight also reaches it: of its answer, the CORS headers are sent. Connections that are upgraded (WebSocket) do not
 * come by here.
 *
 * @example createServer(guardNode(host, (req, res) => res.end('a photo')))
 */
export function guardNode(host: Guarding, listener: RequestListener, options?: GuardOptions): RequestListener {
  return (req, res) => {
    const fail = () => giveUp(res)
    guarded(host, { req, res, target: req.url ?? '', options, fail }, () => listener(req, res))
  }
}

/** The properties that Express adds to a request. */
interface Mounted extends IncomingMessage {
  originalUrl?: string
  baseUrl?: string
}

/**
 * Middleware for Express, and for frameworks that take `(req, res, next)`. Guard at the root: a guard that is mounted at
 * a path is not called for other spellings of this path (`/%61lice`, `//alice`), and the first request of such a guard
 * prints a warning. A framework without `baseUrl` (Connect, Vite, middie) does not say which part of the URL it cut off:
 * there, a request whose URL was changed before the guard is answered with 400.
 *
 * @example app.use(expressGuard(host))
 */
export function expressGuard(
  host: Guarding,
  options?: GuardOptions,
): (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void {
  let warned = false
  return (req: Mounted, res, next) => {
    if (req.baseUrl && !warned) {
      warned = true
      warnOfMount(req.baseUrl)
    }
    guarded(host, { req, res, target: targetOf(req), options, fail: next }, () => next())
  }
}

function warnOfMount(baseUrl: string): void {
  process.emitWarning(
    `This expressGuard is mounted at ${baseUrl}. Express does not call a mounted guard for other spellings of the path, ` +
      `such as //${baseUrl.slice(1)}, an encoded letter or /x/..${baseUrl}: routes and static files outside of the mount ` +
      'serve these without a permission. Guard at the root instead: app.use(expressGuard(host)), with ' +
      "onUnmapped: 'pass' if other paths are public.",
    { type: 'UmaMountedGuardWarning', code: 'UMA_MOUNTED_GUARD' },
  )
}

/**
 * The target that the routes below the guard see, together with the part that was cut off for the mount point.
 *
 * @returns an empty string, which is refused, if the part that was cut off is not known
 */
function targetOf({ url = '', baseUrl, originalUrl = url }: Mounted): string {
  if (typeof baseUrl === 'string') return baseUrl + url
  return url === originalUrl ? url : ''
}

interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  target: string
  options: GuardOptions | undefined
  /** Told why the verdict cannot be carried out. */
  fail: (error: unknown) => void
}

function guarded(host: Guarding, { req, res, target, options, fail }: Exchange, next: () => unknown): void {
  const act = (verdict: Awaited<ReturnType<Guarding['judge']>>): void => {
    // The client has gone: nobody is to be served.
    if (res.destroyed || res.writableEnded) return
    try {
      if ('answer' in verdict) return void send(res, verdict.answer)
      dress(res, verdict)
    } catch (error) {
      // Most likely somebody before the guard has begun an answer.
      return void fail(error)
    }
    remember(req, verdict.access)
    next()
  }
  const verdict = host.judge(factsOfNode(req, target), options)
  if (!(verdict instanceof Promise)) return void act(verdict)
  const later = (known: Awaited<typeof verdict>): void => {
    try {
      act(known)
    } catch (error) {
      // What a listener throws is an uncaught exception in Node, guarded or not: not a rejection of a promise that it knows nothing of.
      setImmediate(() => {
        throw error
      })
    }
  }
  verdict.then(later, fail)
}

/** What is on the wire: Node's own `headers` show only the first of two Hosts or Authorizations. */
function factsOfNode({ method = '', headers, rawHeaders }: IncomingMessage, target: string): RequestFacts {
  let hosts = 0
  let authorizations = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations++
  }
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  // HTTP/2 has a field of its own for the host.
  return { method, target, header, hosts, authorizations, authority: header(':authority') ?? header('host') }
}

/** Node reads what is left of the request's body, and throws it away, once this has been sent. */
function send(res: ServerResponse, { status, headers, body }: Answer): void {
  put(res, headers)
  res.statusCode = status
  if (status !== 204) res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body)
}

type Lines = readonly (readonly [name: string, value: string | string[]])[]

/** Sets headers, several values of one name together. Lists get these members too, the others these values only. */
function put(res: ServerResponse, headers: Lines, joins = isList): void {
  for (const [name] of headers) if (!joins(name)) res.removeHeader(name)
  for (const [name, value] of headers) {
    if (!joins(name)) res.appendHeader(name, value)
    else res.setHeader(name, withMembers(name, [res.getHeader(name) ?? []].flat().join(', '), String(value)))
  }
}

function dress(res: ServerResponse, { headers, bodiless = false, until }: Passed): void {
  if (bodiless) withoutBody(res)
  // A response that ends while it goes on must not look whole: the connection ends.
  if (until !== undefined)
    res.once(
      'close',
      actAt(until, () => res.destroy()),
    )
  if (isHeadSent(res)) return
  put(res, headers)
  const lists = headers.filter(([name]) => isList(name))
  if (!bodiless && !lists.length) return
  beforeHead(res, bodiless, () => {
    if (bodiless) for (const name of res.getHeaderNames()) if (!isForPreflights(name)) res.removeHeader(name)
    // The listener may have replaced these lists since.
    put(res, lists)
  })
}

/**
 * Whether the head has been sent. The prototype knows: @fastify/express puts a `headersSent` of its own on the object,
 * which stays false.
 */
const isHeadSent = (res: ServerResponse): boolean =>
  Reflect.get(Object.getPrototypeOf(res), 'headersSent', res) === true

/** Runs `last` when the listener has set all its headers. If the listener does not call `writeHead`, Node does. */
function beforeHead(res: ServerResponse, bodiless: boolean, last: () => void): void {
  const { writeHead } = res
  res.writeHead = ((...args: [status: number, ...rest: unknown[]]) => {
    if (isHeadSent(res)) return Reflect.apply(writeHead, res, args)
    const [status, ...rest] = args
    const given = rest.find((arg) => typeof arg === 'object' && arg !== null)
    if (given) put(res, pairs(given), () => false)
    last()
    if (bodiless) return Reflect.apply(writeHead, res, [204])
    return Reflect.apply(writeHead, res, [status, ...rest.filter((arg) => typeof arg === 'string')])
  }) as typeof writeHead
}

/** Drops everything that a listener sends besides the head: body, trailers, early hints and pushed responses. */
function withoutBody(res: ServerResponse): void {
  const { end } = res
  const done = (args: unknown[]) => args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  const drop = (...args: unknown[]): boolean => {
    const callback = done(args)
    if (callback) queueMicrotask(callback)
    return true
  }
  const refusePush = (_headers: unknown, callback: (error: Error) => void): void =>
    queueMicrotask(() => callback(new Error('A preflight pushes nothing')))
  res.end = ((...args: unknown[]) => Reflect.apply(end, res, [done(args)])) as typeof res.end
  Object.assign(res, {
    write: drop,
    addTrailers: drop,
    writeEarlyHints: drop,
    ...('createPushResponse' in res && { createPushResponse: refusePush }),
  })
}

/** The headers of `writeHead`: an object, or names and values in turn. */
function pairs(given: object): Lines {
  if (!Array.isArray(given)) return Object.entries(given)
  if (Array.isArray(given[0])) return given as [string, string][]
  return given.flatMap((name, i) => (i % 2 ? [] : [[String(name), given[i + 1]] as [string, string]]))
}

export { type NodeListenerOptions, toNodeListener }
