import type { Answer } from './answers.ts'
import { endingAt } from './expiry.ts'
import { isForPreflights, isList, withMembers } from './header-lists.ts'
import { ForbiddenError } from './predicates.ts'
import { factsOf } from './request-facts.ts'
import type { Access } from './types.ts'
import type { GuardOptions, Judge, Passed } from './warden.ts'

/** What the ready-made guards need of a host. */
export interface Guarding {
  judge: Judge
}

const accesses = new WeakMap<object, Access>()

/**
 * Who was let through, and with what.
 *
 * @param request what the guard got: a `Request` (in Hono `c.req.raw`), or Node's or Express's request
 * @returns undefined where nothing is protected
 */
export const accessOf = (request: object): Access | undefined => accesses.get(request)

/** @internal */
export const remember = (request: object, access: Access | undefined): void => {
  if (access) accesses.set(request, access)
}

/** A fetch-style handler. What comes after the request (an environment, a context) is handed on. */
export type FetchHandler<Rest extends unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Guards a fetch-style handler: it is called with a request that has the permission, untouched, and never with another
 * request. Only a CORS preflight also reaches it: of its answer, the CORS headers are sent.
 */
export function guardFetch<Rest extends unknown[]>(
  judge: Judge,
  handler: FetchHandler<Rest>,
  options?: GuardOptions,
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const judged = judge(factsOf(request), options)
    const verdict = judged instanceof Promise ? await judged : judged
    if ('answer' in verdict) return toResponse(verdict.answer, request.method)
    remember(request, verdict.access)
    try {
      return dressed(await handler(request, ...rest), verdict)
    } catch (error) {
      if (error instanceof ForbiddenError) return dressed(error.getResponse(), verdict)
      throw error
    }
  }
}

/**
 * An answer of the warden's as a `Response`. Its `Headers` join lines of one name, so the UMA challenge stands alone: clients that
 * read no lists of challenges have to understand it. The body says what is wrong with the token too.
 */
export function toResponse({ status, headers, body }: Answer, method?: string): Response {
  const lines = new Headers()
  for (const [name, value] of headers) if (name !== 'WWW-Authenticate' || !lines.has(name)) lines.append(name, value)
  return new Response(method === 'HEAD' || status === 204 ? null : body, { status, headers: lines })
}

/** The handler's answer with what the warden adds to it. @internal */
export function dressed(response: Response, { headers, bodiless, until }: Passed): Response {
  if (bodiless) return addTo(corsAnswer(response), headers)
  if (until !== undefined && response.body) {
    return addTo(new Response(endingAt(response.body, until), response), headers)
  }
  try {
    return addTo(response, headers)
  } catch {
    // The headers of a Response that was fetched, or of a redirect, cannot be changed.
    return addTo(new Response(response.body, response), headers)
  }
}

function corsAnswer({ body, headers }: Response): Response {
  body?.cancel().catch(() => {})
  const kept = [...headers].filter(([name]) => isForPreflights(name))
  return new Response(null, { status: 204, headers: kept })
}

function addTo(response: Response, headers: Passed['headers']): Response {
  for (const [name, value] of headers) {
    const before = response.headers.get(name)
    const now = isList(name) ? withMembers(name, before, value) : value
    if (now !== before) response.headers.set(name, now)
  }
  return response
}
