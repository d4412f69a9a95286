import { cappedText } from './protocol/capped-text.ts'
import { baseUrl } from './requester/base-url.ts'
import { isOneShot } from './requester/body.ts'
import { run } from './requester/engine.ts'
import type { UmaRequestOptions } from './requester/options.ts'
import type { Party } from './requester/party.ts'
import type { Services } from './requester/services.ts'

/** `RequestInit` with the options of this package. */
export interface UmaRequestInit extends RequestInit {
  /** Options for this request; `false` leaves it alone. */
  uma?: UmaRequestOptions | false
}

/** `fetch`, for protected resources too. Assignable to `typeof fetch`. */
export type UmaFetch = (input: RequestInfo | URL, init?: UmaRequestInit) => Promise<Response>

type Fetch = typeof globalThis.fetch

/**
 * @param transport sends the requests; looked up for each of them
 * @param defaults headers that a request gets unless it sets them itself
 */
export function createFetch(
  services: Services,
  party: Party,
  transport: () => Fetch,
  defaults?: HeadersInit,
): UmaFetch {
  return async function umaFetch(input, init) {
    const fetch = transport()
    const { uma, ...rest } = init ?? {}
    const request = typeof input === 'object' && 'method' in input ? input : undefined
    let own = rest.headers ?? request?.headers
    if (defaults) {
      const merged = new Headers(own)
      new Headers(defaults).forEach((value, name) => {
        if (!merged.has(name)) merged.set(name, value)
      })
      own = rest.headers = merged
    }
    if (uma === false) return fetch(input, rest)

    let body: unknown = rest.body ?? (uma?.oneShot ? request?.body : undefined)
    if (uma?.buffer && isOneShot(body)) body = rest.body = await new Response(body as BodyInit).arrayBuffer()
    const method = (rest.method ?? request?.method ?? 'GET').toUpperCase()
    // Firefox does not tell whether a Request has one.
    const mayHaveBody = method !== 'GET' && method !== 'HEAD'
    return run(
      services,
      party,
      {
        method,
        url: absolute(request ? request.url : String(input)),
        // Only looked at when there is no RPT for the place.
        get authorized() {
          return own !== undefined && new Headers(own).has('authorization')
        },
        replayable: uma?.body !== undefined || !isOneShot(body),
        signal: rest.signal ?? request?.signal,
        async send(patch, preflight) {
          const attempt: RequestInit & { duplex?: 'half' } = { ...rest }
          if (patch && !own) attempt.headers = patch
          else if (patch) {
            const headers = new Headers(own)
            for (const name in patch) headers.set(name, patch[name] as string)
            attempt.headers = headers
          }
          if (preflight) {
            attempt.method = 'HEAD'
            delete attempt.body
            if (!request) return fetch(input, attempt)
            const { url, headers, signal, credentials } = request
            return fetch(url, { headers, signal, credentials, ...attempt })
          }
          if (uma?.body) {
            attempt.body = uma.body() as BodyInit
            attempt.duplex = 'half'
          }
          // A request with a body is good for one send; each attempt gets its own.
          return fetch(request && mayHaveBody && !attempt.body && !uma?.oneShot ? request.clone() : input, attempt)
        },
        stored() {
          if (
            request ||
            uma?.body ||
            !(body === undefined || typeof body === 'string' || body instanceof URLSearchParams)
          )
            return undefined
          // A Request knows what content type a body goes with.
          const { headers } = new Request('http://localhost', {
            method: 'POST',
            headers: new Headers(own),
            body: body ?? null,
          })
          headers.delete('authorization')
          return { headers: Object.fromEntries(headers), body: body?.toString() }
        },
        status: (response) => response.status,
        answer: (response) => ({
          status: response.status,
          headers: response.headers,
          url: response.url,
          text: (cap) => cappedText(response, cap),
          discard: () => void response.body?.cancel().catch(() => {}),
        }),
      },
      uma,
    )
  }
}

/** Relative URLs mean something in a page only. */
function absolute(url: string): string {
  const base = baseUrl()
  return base && !URL.canParse(url) && URL.canParse(url, base) ? new URL(url, base).href : url
}
