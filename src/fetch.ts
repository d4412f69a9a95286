import type { HeaderPatch } from './bindings/binding.ts'
import { sendAttempt } from './fetch/attempt.ts'
import { CapturedRequest, type Fetch, isRequest } from './fetch/captured-request.ts'
import type { Answer } from './protocol/http/answer.ts'
import { cappedText } from './protocol/http/capped-text.ts'
import { discardBody } from './protocol/http/discard-body.ts'
import { headersOf } from './protocol/http/headers-of.ts'
import { formOf, isPlain, setHeaders } from './request/capture.ts'
import type { UmaRequestOptions } from './request/options.ts'
import type { RequestDriver, RunRequest, SendChanges } from './request/request-driver.ts'

/** `RequestInit` with the options of this package. */
export interface UmaRequestInit extends RequestInit {
  /** Options for this request. `false`: send it as it is, without this package. */
  uma?: UmaRequestOptions | false
}

/**
 * `fetch`, also for UMA-protected resources. It can be assigned to `typeof fetch`.
 *
 * The request is captured when the function is called: later changes of a `URL`, of headers or of a body have no effect.
 * Copying a binary body takes less than 1 ms for 1 MB. A `Blob` and a string are not copied.
 *
 * @example
 * const response = await requester.fetch('https://photos.example.com/alice/1.jpg', {
 *   method: 'PUT',
 *   body: photo,
 *   uma: { scope: 'write' },
 * })
 */
export type UmaFetch = (input: RequestInfo | URL, init?: UmaRequestInit) => Promise<Response>

/**
 * An answer of a function like `fetch`: a `Response`, or an object with these members. `headers` may be a `Headers`, an
 * object with `get`, or a plain object. `body` may be a web stream or a Node stream; if it is absent, `text()` is read.
 * Without `clone()`, a scheme that looks for its challenge in the body does not see the body.
 */
export interface FetchAnswer {
  readonly status: number
  readonly headers?: unknown
  readonly url?: string
  readonly body?: unknown
  text?(): Promise<string>
  clone?(): unknown
}

/**
 * A function like `fetch`, such as that of undici, node-fetch or a framework. The types of their parameters differ from
 * those of the global `fetch`; the function is called as the global `fetch` would be.
 */
export type FetchLike = (input: never, init?: never) => Promise<FetchAnswer>

type Stored = ReturnType<NonNullable<RequestDriver<Response>['stored']>>

/**
 * Makes a `fetch` that runs each request through the engine.
 *
 * @param run runs one request through the engine
 * @param transport gives the `fetch` that sends; it is called for each request
 * @param defaults headers that a request gets unless it sets them itself
 */
export function createFetch(run: RunRequest, transport: () => Fetch, defaults?: HeadersInit): UmaFetch {
  // The function is not async: an async frame of its own would cost more than capturing the request.
  return function umaFetch(input, init) {
    try {
      const uma = init?.uma
      const own = withoutUma(init)
      if (defaults) own.headers = withDefaults(own.headers ?? (isRequest(input) ? input.headers : undefined), defaults)
      if (uma === false) return transport()(input, own)
      return run(new FetchDriver(transport(), input, own, uma), uma)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** A copy of the caller's options, as `fetch` knows them. */
function withoutUma(init: UmaRequestInit | undefined): RequestInit {
  if (!init || !('uma' in init)) return { ...init }
  const { uma: _uma, ...rest } = init
  return rest
}

function withDefaults(own: HeadersInit = {}, defaults: HeadersInit): HeadersInit {
  if (isPlain(own) && isPlain(defaults)) return setHeaders(defaults, own)
  const merged = new Headers(own)
  new Headers(defaults).forEach((value, name) => {
    if (!merged.has(name)) merged.set(name, value)
  })
  return merged
}

/** A request, as the engine drives it. It is a class, so that a request costs one object and no closures. */
class FetchDriver extends CapturedRequest implements RequestDriver<Response> {
  get authorized(): boolean {
    return this.headers !== undefined && new Headers(this.headers).has('authorization')
  }

  get form(): () => URLSearchParams | undefined {
    return () => formOfRequest(this)
  }

  get stored(): () => Stored {
    return () => storedRequest(this)
  }

  send(headers: HeaderPatch | undefined, changes?: SendChanges): Promise<Response> {
    return sendAttempt(this, headers, changes)
  }

  status(response: Response): number {
    return response.status
  }

  answer(response: Response): Answer {
    return answerOf(response)
  }
}

function formOfRequest({ init, headers, makeBody }: CapturedRequest): URLSearchParams | undefined {
  if (makeBody) return undefined
  return formOf(init.body, () => new Headers(headers).get('content-type'))
}

/** A function like `fetch` may answer with less than a `Response` has. */
function answerOf(response: FetchAnswer): Answer {
  return {
    status: response.status,
    headers: headersOf(response),
    url: response.url ?? '',
    // A copy is read, so that the caller can still read the response.
    text: async (cap) => (response.clone ? cappedText(response.clone() as FetchAnswer, cap) : ''),
    discard: () => discardBody(response.body),
  }
}

function storedRequest({ input, init, makeBody }: CapturedRequest): Stored {
  const body = init.body ?? undefined
  const isText = body === undefined || typeof body === 'string' || body instanceof URLSearchParams
  if (typeof input !== 'string' || makeBody || !isText) return undefined
  // A Request knows which content type goes with a body.
  const { headers } = new Request('http://localhost', {
    method: 'POST',
    headers: new Headers(init.headers),
    body: body ?? null,
  })
  headers.delete('authorization')
  return { headers: Object.fromEntries(headers), body: body?.toString() }
}
