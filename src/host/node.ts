import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Answer } from './answers.ts'
import { type Guarding, remember } from './guard.ts'
import { shared, withMembers } from './lists.ts'
import type { RequestFacts } from './request-facts.ts'
import type { GuardOptions, Passed } from './warden.ts'

/**
 * Guards a listener of node:http: it is called with requests that have the permission, their bodies unread, and with no others.
 * OPTIONS is let through, and answered without a body. Connections that are upgraded (WebSocket) do not come by here.
 *
 * @example createServer(guardNode(host, (req, res) => res.end('a photo')))
 */
export function guardNode(host: Guarding, listener: RequestListener, options?: GuardOptions): RequestListener {
  return (req, res) =>
    guarded(
      host,
      { req, res, target: req.url ?? '', options },
      () => listener(req, res),
      (error) => {
        // As if the listener had thrown it at once; but nobody is left waiting.
        if (res.headersSent) res.destroy()
        else res.writeHead(500, { 'cache-control': 'no-store', 'content-length': '0' }).end()
        queueMicrotask(() => {
          throw error
        })
      },
    )
}

/** What Express adds to a request. */
interface Mounted extends IncomingMessage {
  originalUrl?: string
  baseUrl?: string
}

/**
 * Middleware for Express, and for all that take `(req, res, next)`. It goes before the routes that it guards, at any mount point:
 * the whole path counts. It goes after what rewrites `req.url`; outside of Express, nothing before it may cut off a part of the path.
 *
 * @example app.use(expressGuard(host))
 */
export function expressGuard(
  host: Guarding,
  options?: GuardOptions,
): (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void {
  return (req, res, next) => guarded(host, { req, res, target: targetOf(req), options }, () => next(), next)
}

/**
 * The target as the routes below will see it, with what was cut off for the mount point. Connect and its kin do not say what that was:
 * what `originalUrl` has before `url`. Where it does not end with it, `url` was written over, and is what counts.
 */
function targetOf({ url = '', baseUrl, originalUrl = url }: Mounted): string {
  if (typeof baseUrl === 'string' && url.startsWith('/')) return baseUrl + url
  return originalUrl.endsWith(url) && url.startsWith('/') ? originalUrl : url
}

interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  target: string
  options: GuardOptions | undefined
}

function guarded(
  host: Guarding,
  { req, res, target, options }: Exchange,
  next: () => unknown,
  failed: (error: unknown) => void,
): void {
  const act = (verdict: Awaited<ReturnType<Guarding['judge']>>): void => {
    // The client has gone: nobody is to be served.
    if (res.destroyed || res.writableEnded) return
    if ('answer' in verdict) {
      // Somebody has begun to answer already: what comes after is not to be had.
      if (res.headersSent) res.destroy()
      else send(res, verdict.answer)
    } else {
      dress(res, verdict)
      remember(req, verdict.access)
      next()
    }
  }
  const verdict = host.judge(factsOfNode(req, target), options)
  if (verdict instanceof Promise) verdict.then(act).catch(failed)
  else act(verdict)
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
  return { method, target, header, hosts, authorizations }
}

/** Node reads what is left of the request's body, and throws it away, once this has been sent. */
function send(res: ServerResponse, { status, headers, body }: Answer): void {
  for (const [name, value] of lines(headers)) res.setHeader(name, value)
  res.statusCode = status
  if (status !== 204) res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body)
}

function lines(headers: Answer['headers']): Map<string, string | string[]> {
  const byName = new Map<string, string | string[]>()
  for (const [name, value] of headers) {
    const before = byName.get(name)
    byName.set(name, before === undefined ? value : [before, value].flat())
  }
  return byName
}

function dress(res: ServerResponse, { headers, bodiless }: Passed): void {
  if (bodiless) withoutBody(res)
  if (res.headersSent) return
  const ours = headers.filter(([name]) => shared.has(name))
  for (const [name, value] of headers) if (!shared.has(name)) res.setHeader(name, value)
  if (ours.length) keep(res, ours)
}

/** What the listener says in these fields is said too, at the last moment: Node calls `writeHead` itself where a listener does not. */
function keep(res: ServerResponse, ours: Passed['headers']): void {
  const { writeHead } = res
  res.writeHead = ((status: number, ...rest: unknown[]) => {
    const at = rest.findIndex((arg) => typeof arg === 'object' && arg !== null)
    const given = at < 0 ? [] : pairs(rest[at] as object)
    for (const [name, value] of ours) {
      const said = given.filter(([other]) => other.toLowerCase() === name.toLowerCase())
      const before = said.length ? said.map(([, one]) => one) : [res.getHeader(name) ?? []]
      const all = withMembers(before.flat().join(', '), value)
      if (!said.length) res.setHeader(name, all)
      for (const pair of said) pair[1] = all
    }
    if (at >= 0) rest[at] = given.flat()
    return Reflect.apply(writeHead, res, [status, ...rest])
  }) as typeof res.writeHead
}

/**
 * Whatever is written as a body goes nowhere: a listener that does not look at the method would hand out its content to whoever
 * says OPTIONS.
 */
function withoutBody(res: ServerResponse): void {
  const { end, writeHead } = res
  const done = (args: unknown[]) => args.find((arg) => typeof arg === 'function') as (() => void) | undefined
  res.write = ((...args: unknown[]) => {
    const callback = done(args)
    if (callback) queueMicrotask(callback)
    return true
  }) as typeof res.write
  res.writeHead = ((status: number, ...rest: unknown[]) => {
    const given = rest.find((arg) => typeof arg === 'object' && arg !== null)
    if (given) for (const [name, value] of pairs(given)) res.setHeader(name, value)
    res.removeHeader('Content-Length')
    return writeHead.call(res, status)
  }) as typeof res.writeHead
  res.end = ((...args: unknown[]) => {
    if (!res.headersSent) res.removeHeader('Content-Length')
    return Reflect.apply(end, res, [done(args)])
  }) as typeof res.end
}

/** The headers of `writeHead`: an object, or names and values in turn. */
function pairs(given: object): [string, string][] {
  if (!Array.isArray(given)) return Object.entries(given as Record<string, string>)
  if (Array.isArray(given[0])) return given as [string, string][]
  return given.flatMap((name, i) => (i % 2 ? [] : [[String(name), String(given[i + 1])] as [string, string]]))
}

export { type NodeListenerOptions, toNodeListener } from './node-handler.ts'
