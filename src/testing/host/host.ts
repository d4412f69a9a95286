/** A simulated host: photos at /{owner}/{name}, as a function from `Request` to `Response`, without a socket. */
import { type Answer, connectionLost, toResponse } from '../wire/answer.ts'
import { type Clock, clockOf } from '../wire/clock.ts'
import { allowOrigins, preflightAnswer } from '../wire/cors.ts'
import { decide } from './decision.ts'
import { decidesAsSpecified, type HostDeviations, hostAsSpecified, type RequestView } from './deviations.ts'
import type { Protection } from './protection.ts'

export interface SimulatedHostOptions {
  /** the authorization server that protects everything, or the one for each path */
  protection: Protection | ((path: string) => Protection)
  /** @default 'photos' */
  realm?: string
  deviations?: Partial<HostDeviations>
  /** milliseconds since 1970. @default Date.now */
  now?: Clock['now']
  /** waits for so many milliseconds. @default a timer */
  pause?: Clock['pause']
  /** decides while no deviation changes a decision; `undefined` lets the request through */
  decideAsSpecified?: (request: RequestView) => Promise<Answer | undefined>
}

export interface AcceptedWrite {
  method: string
  path: string
  contentType: string | undefined
  bytes: Uint8Array
}

export interface SimulatedHost {
  /** Answers a request. `Response.error()` means that the client sees a network error. */
  fetch(request: Request): Promise<Response>
  /** may be changed at any time */
  readonly deviations: HostDeviations
  /** all accepted writes, in order */
  readonly writes: AcceptedWrite[]
}

/**
 * Creates a simulated host. Everything is protected, except paths that start with /public/.
 *
 * @example
 * ```ts
 * const host = createHost({ protection: directProtection(server, 'photos') })
 * const response = await host.fetch(new Request('https://photos.example.com/alice/1.jpg'))
 * ```
 */
export function createHost(options: SimulatedHostOptions): SimulatedHost {
  const deviations: HostDeviations = { ...hostAsSpecified(), ...options.deviations }
  const facts: HostFacts = {
    deviations,
    clock: clockOf(options),
    writes: [],
    refusalOf: (view) => refusalOf(options, deviations, view),
  }
  return {
    deviations,
    writes: facts.writes,
    fetch: async (request) => toResponse(await answerWithCors(facts, request)),
  }
}

interface HostFacts {
  deviations: HostDeviations
  clock: Clock
  writes: AcceptedWrite[]
  /** undefined: let the request through */
  refusalOf(view: RequestView): Promise<Answer | undefined>
}

async function refusalOf(
  options: SimulatedHostOptions,
  deviations: HostDeviations,
  view: RequestView,
): Promise<Answer | undefined> {
  const { decideAsSpecified, realm = 'photos' } = options
  if (decideAsSpecified && decidesAsSpecified(deviations)) return decideAsSpecified(view)
  const protection = typeof options.protection === 'function' ? options.protection(view.path) : options.protection
  return decide({ deviations, realm, protection, request: view, now: clockOf(options).now() })
}

const PREFLIGHT = {
  methods: 'GET, HEAD, POST, PUT, PATCH, DELETE',
  headers: 'authorization, content-type, accept, range, if-match, if-none-match, dpop, x-requested-with',
  expose: 'WWW-Authenticate, Warning',
}

async function answerWithCors(facts: HostFacts, request: Request): Promise<Answer> {
  const { cors, exposeHeaders } = facts.deviations
  const isPreflight = request.method === 'OPTIONS' && request.headers.has('access-control-request-method')
  if (isPreflight && !cors) return { status: 204 }
  const answer = isPreflight ? preflightAnswer(PREFLIGHT) : await answerRequest(facts, request)
  return cors ? allowOrigins(answer, exposeHeaders ? PREFLIGHT.expose : '') : answer
}

async function answerRequest(facts: HostFacts, request: Request): Promise<Answer> {
  const { deviations, clock } = facts
  if (deviations.closeEarly === 'silent') return connectionLost
  if (deviations.delayMs) await clock.pause(deviations.delayMs)
  const view = viewOf(request)
  try {
    const usual = await answerView(facts, request, view)
    return deviations.answer?.(usual, view) ?? usual
  } catch (error) {
    return { status: 500, body: String(error) }
  }
}

function viewOf(request: Request): RequestView {
  const { pathname: path, search } = new URL(request.url)
  return { method: request.method, path, url: path + search, headers: Object.fromEntries(request.headers) }
}

async function answerView(facts: HostFacts, request: Request, view: RequestView): Promise<Answer> {
  const { deviations } = facts
  const target = deviations.redirect?.(view)
  if (target !== undefined) {
    const { status, location } = typeof target === 'string' ? { status: 302, location: target } : target
    return { status, headers: { location } }
  }
  const isPublic = view.path.startsWith('/public/')
  const refusal = isPublic ? undefined : await facts.refusalOf(view)
  if (refusal && deviations.closeEarly === 'answer') return closing(refusal, request)
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (refusal) return refusal
  if (view.method === 'GET' || view.method === 'HEAD') return readAnswer(view, isPublic)
  return writeAnswer(facts, request, view, bytes)
}

/** Answers without reading the body of the request, and closes the connection. */
const closing = (refusal: Answer, request: Request): Answer =>
  request.body === null ? refusal : { ...refusal, headers: { ...refusal.headers, connection: 'close' } }

const readAnswer = ({ path, method }: RequestView, isPublic: boolean): Answer => ({
  status: 200,
  headers: { vary: 'Authorization' },
  body: { path, owner: ownerOf(path), method, by: isPublic ? 'nobody' : 'rpt' },
})

async function writeAnswer(
  { writes }: HostFacts,
  request: Request,
  { method, path }: RequestView,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Answer> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  writes.push({ method, path, contentType: request.headers.get('content-type') ?? undefined, bytes })
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return { status: 200, body: { received: bytes.length, sha256, method } }
}

/** The owner of a path: its first segment. */
export const ownerOf = (path: string): string => decodeURIComponent(path.split('/')[1] ?? '')
