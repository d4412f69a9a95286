/** A request of fetch as it was when the caller handed it over. */

import { targetUrl } from '../request/base-url.ts'
import { bufferOnce, isOneShot } from '../request/body.ts'
import { captureBody, captureHeaders } from '../request/capture.ts'
import type { UmaRequestOptions } from '../request/options.ts'

export type Fetch = typeof globalThis.fetch

const noOptions: UmaRequestOptions = {}

/** A request as it was when the caller handed it over: nothing here is read from the caller's objects again. */
export class CapturedRequest {
  readonly fetch: Fetch
  /** The URL as the caller wrote it, or a `Request` that nobody else has. */
  readonly input: string | Request
  /** The caller's options; headers and body are copies. */
  readonly init: RequestInit
  readonly method: string
  readonly url: string
  /** The headers of `init` or else of `input`. */
  readonly headers: HeadersInit | undefined
  readonly signal: AbortSignal | null | undefined
  /** Whether the body of `input` can be sent once only. */
  readonly oneShot: boolean
  readonly replayable: boolean
  /** Makes a body for each send. */
  readonly makeBody: (() => unknown) | undefined
  /** Reads the one-shot body into memory. */
  readonly bufferBody: (() => Promise<ArrayBuffer>) | undefined

  /** @param init becomes a part of this object */
  constructor(fetch: Fetch, input: RequestInfo | URL, init: RequestInit, uma: UmaRequestOptions = noOptions) {
    const request = isRequest(input) ? captureRequest(input, init) : undefined
    if (init.headers) init.headers = captureHeaders(init.headers) as HeadersInit
    if (init.body) init.body = captureBody(init.body)
    const body = init.body ?? (uma.oneShot ? request?.body : undefined)
    const oneShot = isOneShot(body)
    this.fetch = fetch
    this.input = request ?? String(input)
    this.init = init
    this.method = (init.method ?? request?.method ?? 'GET').toUpperCase()
    this.url = targetUrl(request ? request.url : String(input))
    this.headers = init.headers ?? request?.headers
    this.signal = init.signal ?? request?.signal
    this.oneShot = uma.oneShot === true
    this.replayable = uma.body !== undefined || uma.buffer === true || !oneShot
    this.makeBody = uma.body
    this.bufferBody = uma.buffer && oneShot ? bufferOnce(body) : undefined
  }
}

export const isRequest = (input: RequestInfo | URL): input is Request => typeof input === 'object' && 'method' in input

/** Takes a `Request` over, as `fetch` does: its headers are copied, and its body is no longer the caller's. */
function captureRequest(request: Request, init: RequestInit): Request {
  const isForeign = !(request instanceof globalThis.Request)
  // The body of `init` replaces the body of the request, which may have been read already.
  const isBodyUnused = hasBody(init) || (!isForeign && !mayHaveBody(request.method))
  if (!isBodyUnused) return isForeign ? (request as Request).clone() : new Request(request)
  // Without a body, only the headers of a Request can change. Copying the whole Request takes several times longer.
  init.headers ??= request.headers
  keepReferrer(request, init)
  return request
}

/** fetch would reset the referrer of a `Request` that is sent with options. */
function keepReferrer({ referrer, referrerPolicy }: Request, init: RequestInit): void {
  if (referrerPolicy) init.referrerPolicy ??= referrerPolicy
  if (referrer && referrer !== 'about:client') init.referrer ??= referrer
}

const hasBody = ({ body }: RequestInit): boolean => body !== undefined && body !== null

/** Firefox does not tell whether a Request has a body, so the method decides. */
export const mayHaveBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'
