import { canonicalPath, pathOf } from './canonical-path.ts'

/** What the warden looks at of a request. Its body is not read. */
export interface RequestFacts {
  method: string
  /** Path and query, as they were sent or as a URL has them. */
  target: string
  /** A header's value; several lines are one, joined with `, `. */
  header(name: string): string | null | undefined
  /** The host and port that the request is for, if they are not in the header `Host`. */
  authority?: string | undefined
  /** How often these came, where that can be seen. */
  hosts?: number
  authorizations?: number
}

/** A request that has one reading. */
export interface Reading {
  method: string
  /** Canonical. */
  path: string
  /** The RPT that came with it. */
  token?: string | undefined
}

/** Why a request has none. */
export interface Unreadable {
  refused: string
}

const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override']
/** Visible ASCII: more than RFC 6750 has, for authorization servers issue more. A comma would begin another credential. */
const bearer = /^bearer +([!-+\--~]+) *$/i
const host = /^[\w.\-:[\]%~!$&'()*+;=]*$/

/**
 * Reads a request, or says why the request may be read in two ways: a lax router or handler behind the guard might take
 * the other one (F-R-g, F-R-j).
 */
export function readRequest(facts: RequestFacts): Reading | Unreadable {
  const { method, target, header, hosts = 1, authorizations = 1 } = facts
  if (hosts > 1 || !host.test(header('host') ?? '')) return { refused: 'host' }
  // A router that ignores case would run it as another method than the one that was judged (RFC 9110 §9.1).
  if (method !== method.toUpperCase()) return { refused: 'method' }
  if (authorizations > 1) return { refused: 'more than one Authorization' }
  for (const name of overrides) {
    const other = header(name)
    if (other && other.toUpperCase() !== method.toUpperCase()) return { refused: 'another method' }
  }
  const authorization = header('authorization')
  const token = authorization ? bearer.exec(authorization)?.[1] : undefined
  if (authorization && !token && /(?:^|,)\s*bearer(?:[ ,]|$)/i.test(authorization)) return { refused: 'credentials' }

  const path = pathOf(target)
  if (path.length !== target.length) {
    const refused = inQuery(target.slice(path.length + 1), method, authorization)
    if (refused) return { refused }
  }
  if (method === 'OPTIONS' && target === '*') return { method, path: '*', token }
  const canonical = canonicalPath(path)
  if (typeof canonical === 'object') return { refused: `path: ${canonical.refused}` }
  return { method, path: canonical, token }
}

/** What a query may say against the rest of the request. */
function inQuery(query: string, method: string, authorization: string | null | undefined): string | undefined {
  for (const [name, value] of new URLSearchParams(query)) {
    const key = outermostName(name)
    if (key === 'access_token' && authorization) return 'more than one token'
    if (key === '_method' && value.toUpperCase() !== method.toUpperCase()) return 'another method'
  }
  return undefined
}

/** The name without brackets: parsers of nested queries take `[_method]`, `_method[]` and `_method` for one name. */
const outermostName = (name: string): string | undefined =>
  name
    .toLowerCase()
    .split(/[[\]]+/)
    .find((part) => part !== '')

/** The facts of a Fetch request. The URL of one has been parsed: there are no dot segments left in it. */
export function factsOf(request: Request): RequestFacts {
  const { url, method, headers } = request
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const hash = url.indexOf('#')
  const authority = url.slice(url.indexOf('://') + 3, start < 0 ? undefined : start)
  const target = start < 0 ? '/' : url.slice(start, hash < 0 ? undefined : hash)
  return { method, target, authority, header: (name) => headers.get(name) }
}
