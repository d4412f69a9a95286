import { within } from '../async/timers.ts'
import { findUmaError, UmaTimeoutError } from '../errors/index.ts'
import {
  type Answer,
  ambiguous,
  challenge,
  corsHeaders,
  type Fault,
  forbidden,
  misdirected,
  nothing,
  preflight,
  unreachable,
} from './answers.ts'
import { after, isThenable, type MaybePromise } from './maybe.ts'
import { ownHost } from './origins.ts'
import { endOf, isBound, permits, scopesFor } from './permissions.ts'
import { type Reading, type RequestFacts, readRequest } from './request-facts.ts'
import type { Access, HostEvent, HostOptions, Permission, ProtectedResource, RptFacts, RptValidation } from './types.ts'

/** What a guard asks for, where it is not to be told from the path and the method. */
export interface GuardOptions {
  /**
   * The URL or pattern of the resource that is meant, whatever path is requested; or a function that tells it from the
   * request, for resources that the query tells apart. If the resource is not protected, the request is refused.
   *
   * @example
   * ```ts
   * host.guard(handler, { resource: ({ target }) => `/doc/${new URL(target, 'http://x').searchParams.get('id')}` })
   * ```
   */
  resource?: string | ((request: RequestFacts) => string | undefined)
  /** All of these are needed, whatever the method. */
  scopes?: readonly string[]
  /**
   * Ends an answer that still goes on when the permission ends: the `exp` of the token or of its permission.
   *
   * @default false
   */
  endAtExpiry?: boolean
  /** Besides the permission (FedAuthz §1.4): only `true` lets in, at once or later; all else, and what throws or rejects, is answered with 403. */
  when?: (access: Access) => MaybePromise<boolean>
}

/** Let through. */
export interface Passed {
  /** Undefined where nothing is protected, and for a CORS preflight. */
  access?: Access
  /** To be added to the handler's answer. */
  headers: readonly (readonly [string, string])[]
  /**
   * A CORS preflight without a permission. The answer of the handler becomes 204 without a body, and keeps only its
   * `Access-Control-*` headers and `Vary`.
   */
  bodiless?: boolean
  /** When the answer has to end, in milliseconds since 1970. */
  until?: number
}

/** What a guard does with a request: let it through, or answer it. */
export type Verdict = Passed | { answer: Answer }

/** Decides about one request; at once, where all is known. Never throws, never rejects. */
export type Judge = (facts: RequestFacts, options?: GuardOptions) => MaybePromise<Verdict>

export interface WardenParts {
  /** What challenges name as `as_uri`. */
  issuer: () => MaybePromise<string>
  find: (path: string) => MaybePromise<ProtectedResource | 'ambiguous' | undefined>
  /** A resource by its URL or pattern. */
  at: (url: string) => MaybePromise<ProtectedResource | undefined>
  validate: RptValidation
  ticket: (owner: string, permissions: Permission[]) => Promise<string | undefined>
  tell: (event: HostEvent) => void
  options: Pick<HostOptions, 'origins' | 'realm' | 'methods' | 'onUnmapped' | 'cors' | 'timeouts'>
}

/** Scopes that methods need where nothing else is said. */
export const usualMethods: Record<string, readonly string[]> = { GET: ['read'], '*': ['write'] }

/** jose's code for a JWT whose key is not among those of the authorization server. */
const noSuchKey = 'ERR_JWKS_NO_MATCHING_KEY'
const vary = [['Vary', 'Authorization']] as const
const nobody: RptFacts = { permissions: [], claims: {} }

/** A request on its way through. */
interface Visit extends Reading {
  guard: GuardOptions
  /** A CORS preflight as browsers send it. */
  asksFirst: boolean
  arrived: number
}

/** Whether a browser asks first: it never sends a token with a preflight (Fetch §4.8). */
const asksFirst = ({ method, header }: RequestFacts): boolean =>
  method === 'OPTIONS' &&
  Boolean(header('origin') && header('access-control-request-method')) &&
  !header('authorization')

/** The warden (Grant §3.2, FedAuthz §4, §5): default is to refuse. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createWarden(parts: WardenParts): Judge {
  const { validate, tell, options } = parts
  const isOwnHost = ownHost(options.origins)
  const { realm = 'uma', methods = usualMethods, onUnmapped = 'deny', cors, timeouts } = options

  const refuse = (reason: string, method: string, path: string, answer: Answer): Verdict => {
    tell({ type: 'refused', reason, method, path })
    return { answer }
  }

  function failed(error: unknown): Verdict {
    const reason = findUmaError(error)?.code ?? 'failed'
    // Anybody can make up the id of a key: this says nothing about the authorization server.
    if (Object(error).code === noSuchKey) tell({ type: 'unknown-key' })
    else tell({ type: 'authorization-server-unreachable', during: 'judgement', reason })
    return { answer: unreachable() }
  }

  function decide(facts: RequestFacts, guard: GuardOptions): MaybePromise<Verdict> {
    const read = readRequest(facts)
    if ('refused' in read) return refuse(read.refused, facts.method, '', ambiguous(read.refused))
    if (!isOwnHost(facts)) return refuse('another host', facts.method, read.path, misdirected())
    if (read.path === '*') return { answer: nothing() }
    if (cors && asksFirst(facts)) return { answer: preflight(cors, facts.header('access-control-request-headers')) }
    const { path } = read
    const visit: Visit = { ...read, guard, asksFirst: asksFirst(facts), arrived: Date.now() }
    const found = guard.resource === undefined ? parts.find(path) : meant(guard.resource, facts)
    return found instanceof Promise ? found.then((resource) => protect(visit, resource)) : protect(visit, found)
  }

  /** The resource that a guard names. A function that throws names none. */
  function meant(resource: NonNullable<GuardOptions['resource']>, facts: RequestFacts): ReturnType<WardenParts['at']> {
    if (typeof resource === 'string') return parts.at(resource)
    let url: string | undefined
    try {
      url = resource(facts)
    } catch {
      return undefined
    }
    return typeof url === 'string' ? parts.at(url) : undefined
  }

  function protect(visit: Visit, resource: ProtectedResource | 'ambiguous' | undefined): MaybePromise<Verdict> {
    const { method, path, token, guard } = visit
    if (resource === 'ambiguous') return refuse('path: of another resource', method, path, ambiguous('path'))
    if (!resource && onUnmapped === 'pass' && guard.resource === undefined) return { headers: [] }
    const own = scopesFor(method, resource?.methods, methods)
    // Both before the path counts: an answer must not say whether there is a resource.
    if (method === 'OPTIONS' && !own && visit.asksFirst) return { headers: [], bodiless: true }
    if (method === 'OPTIONS' && !own && !token) return { answer: nothing() }
    if (!resource) return refuse('not mapped', method, path, forbidden())
    const scopes = guard.scopes ?? own ?? scopesFor('GET', resource.methods, methods) ?? resource.scopes
    if (!token) return challenged(resource, scopes, visit)
    const rpt = validate(token, resource)
    if (!isThenable(rpt)) return weigh(visit, { resource, scopes }, rpt)
    return Promise.resolve(rpt).then((known) => weigh(visit, { resource, scopes }, known))
  }

  function weigh(
    visit: Visit,
    { resource, scopes }: Omit<Access, 'rpt'>,
    rpt: RptFacts | undefined,
    again = false,
  ): MaybePromise<Verdict> {
    const { token, arrived } = visit
    if (!rpt || isBound(rpt)) return challenged(resource, scopes, visit, 'invalid_token')
    if (permits(rpt, resource.id, scopes, Date.now() / 1000)) return letIn(visit, { resource, scopes, rpt })
    // An upgrade may have kept the string: then what is remembered of it is out of date.
    if (token && !again && rpt.askedAt !== undefined && rpt.askedAt < arrived)
      return after(validate(token, resource, true), (now) => weigh(visit, { resource, scopes }, now, true))
    return challenged(resource, scopes, visit, 'insufficient_scope')
  }

  function letIn({ method, path, guard: { when, endAtExpiry } }: Visit, access: Access): MaybePromise<Verdict> {
    const end = endAtExpiry ? endOf(access.rpt, access.resource.id, access.scopes, Date.now() / 1000) : undefined
    const passed: Passed = { access, headers: vary }
    if (end !== undefined) passed.until = end * 1000
    if (!when) return passed
    const failing = () => refuse('predicate failed', method, path, forbidden())
    const held = (met: boolean): Verdict => (met === true ? passed : refuse('predicate', method, path, forbidden()))
    try {
      const met = when(access)
      return isThenable(met) ? Promise.resolve(met).then(held, failing) : held(met)
    } catch {
      return failing()
    }
  }

  async function challenged(
    resource: ProtectedResource,
    scopes: readonly string[],
    visit: Visit,
    fault?: Fault,
  ): Promise<Verdict> {
    const { id, owner } = resource
    const { token } = visit
    const ticket = await parts.ticket(owner, [{ resource_id: id, resource_scopes: [...scopes] }])
    if (ticket === undefined) return letIn(visit, { resource, scopes, rpt: nobody })
    const issuer = await parts.issuer()
    if (token && fault === 'insufficient_scope') validate.ticketIssued?.(token, resource)
    tell({ type: 'ticket-issued', resource: id })
    return { answer: challenge({ issuer, ticket, realm, fault }) }
  }

  function inTime(verdict: Promise<Verdict>): Promise<Verdict> {
    const ms = timeouts?.decision ?? 8_000
    const late = (): never => {
      throw new UmaTimeoutError(`No decision within ${ms} ms`)
    }
    return within(ms, () => verdict, late).catch(failed)
  }

  function safely(facts: RequestFacts, guard: GuardOptions): MaybePromise<Verdict> {
    try {
      const verdict = decide(facts, guard)
      return verdict instanceof Promise ? inTime(verdict) : verdict
    } catch (error) {
      return failed(error)
    }
  }

  return (facts, guard = {}) => {
    const verdict = safely(facts, guard)
    const more = cors ? corsHeaders(cors, facts.header('origin')) : []
    return more.length ? after(verdict, (known) => withHeaders(known, more)) : verdict
  }
}

function withHeaders(verdict: Verdict, more: [string, string][]): Verdict {
  if (!('answer' in verdict)) return { ...verdict, headers: [...verdict.headers, ...more] }
  const { answer } = verdict
  // What the answer says of itself is not said twice.
  const there = new Set(answer.headers.map(([name]) => name))
  const added = more.filter(([name]) => name === 'Vary' || !there.has(name))
  return { answer: { ...answer, headers: [...answer.headers, ...added] } }
}
