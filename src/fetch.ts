import type { HeaderPatch } from './bindings/binding.ts'
import type { Answer } from './protocol/http/answer.ts'
import { cappedText } from './protocol/http/capped-text.ts'
import { targetUrl } from './request/base-url.ts'
import { bufferOnce, isOneShot } from './request/body.ts'
import { captureBody, captureHeaders, formOf, formType } from './request/capture.ts'
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

type Fetch = typeof globalThis.fetch
type Stored = ReturnType<NonNullable<RequestDriver<Response>['stored']>>

/** A request as it was when the caller handed it over. */
interface CapturedRequest {
  fetch: Fetch
  /** The URL as the caller wrote it, or a `Request` that nobody else has. */
  input: string | Request
  /** The caller's options; headers and body are copies. */
  init: RequestInit
  method: string
  url: string
  /** The headers of `init` or else of `input`. */
  headers: HeadersInit | undefined
  signal: AbortSignal | null | undefined
  /** Whether the body of `input` can be sent once only. */
  oneShot: boolean
  replayable: boolean
  /** Makes a body for each send. */
  makeBody: (() => unknown) | undefined
  /** Reads the one-shot body into memory. */
  bufferBody: (() => Promise<ArrayBuffer>) | undefined
}

/**
 * Makes a `fetch` that runs each request through the engine.
 *
 * @param run runs one request through the engine
 * @param transport gives the `fetch` that sends; it is called for each request
 * @param defaults headers that a request gets unless it sets them itself
 */
export function createFetch(run: RunRequest, transport: () => Fetch, defaults?: HeadersInit): UmaFetch {
  return async function umaFetch(input, init) {
    const { uma, ...rest } = init ?? {}
    if (defaults) rest.headers = withDefaults(rest.headers ?? (isRequest(input) ? input.headers : undefined), defaults)
    if (uma === false) return transport()(input, rest)
    return run(driverOf(capture(transport(), input, rest, uma)), uma)
  }
}

const isRequest = (input: RequestInfo | URL): input is Request => typeof input === 'object' && 'method' in input

function withDefaults(own: HeadersInit | undefined, defaults: HeadersInit): Headers {
  const merged = new Headers(own)
  new Headers(defaults).forEach((value, name) => {
    if (!merged.has(name)) merged.set(name, value)
  })
  return merged
}

function capture(
  fetch: Fetch,
  input: RequestInfo | URL,
  init: RequestInit,
  uma: UmaRequestOptions = {},
): CapturedRequest {
  const request = isRequest(input) ? captureRequest(input, init) : undefined
  if (init.headers) init.headers = captureHeaders(init.headers) as HeadersInit
  if (init.body) init.body = captureBody(init.body)
  const body = init.body ?? (uma.oneShot ? request?.body : undefined)
  const oneShot = isOneShot(body)
  return {
    fetch,
    input: request ?? String(input),
    init,
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    url: targetUrl(request ? request.url : String(input)),
    headers: init.headers ?? request?.headers,
    signal: init.signal ?? request?.signal,
    oneShot: uma.oneShot === true,
    replayable: uma.body !== undefined || uma.buffer === true || !oneShot,
    makeBody: uma.body,
    bufferBody: uma.buffer && oneShot ? bufferOnce(body) : undefined,
  }
}

/** Takes a `Request` over, as `fetch` does: its headers are copied, and its body is no longer the caller's. */
function captureRequest(request: Request, init: RequestInit): Request {
  // The body of `init` replaces the body of the request, which may have been read already.
  if (hasBody(init)) {
    init.headers ??= request.headers
    return request
  }
  const isForeign = !(request instanceof globalThis.Request)
  return isForeign ? (request as Request).clone() : new Request(request)
}

const hasBody = ({ body }: RequestInit): boolean => body !== undefined && body !== null

function driverOf(captured: CapturedRequest): RequestDriver<Response> {
  const { method, url, replayable, signal } = captured
  return {
    method,
    url,
    // The engine looks at this only if no RPT is held for the place.
    get authorized() {
      return captured.headers !== undefined && new Headers(captured.headers).has('authorization')
    },
    replayable,
    signal,
    form: () => formOfRequest(captured),
    send: (headers, changes) => send(captured, headers, changes),
    status: (response) => response.status,
    answer: answerOf,
    stored: () => storedRequest(captured),
  }
}

function formOfRequest({ init, headers, makeBody }: CapturedRequest): URLSearchParams | undefined {
  if (makeBody) return undefined
  return formOf(init.body, () => new Headers(headers).get('content-type'))
}

/** Sends one attempt. The function is not async, because the request that is sent most often needs no waiting. */
function send(captured: CapturedRequest, patch: HeaderPatch | undefined, changes?: SendChanges): Promise<Response> {
  const attempt: RequestInit & { duplex?: 'half' } = { ...captured.init }
  if (patch) attempt.headers = patched(captured.headers, patch)
  if (changes?.preflight) return sendPreflight(captured, attempt, changes.url)
  if (changes?.body !== undefined) {
    attempt.body = changes.body
    attempt.headers = withFormType(attempt.headers ?? captured.headers)
  } else if (captured.makeBody) {
    attempt.body = captured.makeBody() as BodyInit
    attempt.duplex = 'half'
  } else if (captured.bufferBody) {
    return captured.bufferBody().then((body) => sendTo(changes?.url, captured, { ...attempt, body }))
  }
  return sendTo(changes?.url, captured, attempt)
}

/** @param url the URL to send to, if it is not the URL of the request */
function sendTo(url: string | undefined, captured: CapturedRequest, attempt: RequestInit): Promise<Response> {
  const { fetch, input } = captured
  if (typeof input === 'string') return fetch(url ?? input, attempt)
  if (url !== undefined) return sendElsewhere(url, captured, input, attempt)
  // The body of a Request can be sent once. Each attempt gets a copy.
  const needsCopy = mayHaveBody(captured.method) && !attempt.body && !captured.oneShot
  return fetch(needsCopy ? input.clone() : input, attempt)
}

/** Sends a `Request` to another URL. */
async function sendElsewhere(
  url: string,
  captured: CapturedRequest,
  request: Request,
  attempt: RequestInit,
): Promise<Response> {
  return captured.fetch(url, await initFrom(captured, request, attempt))
}

/** Firefox does not tell whether a Request has a body, so the method decides. */
const mayHaveBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

function patched(own: HeadersInit | undefined, patch: HeaderPatch): HeadersInit {
  if (!own) return { ...patch }
  const headers = new Headers(own)
  for (const name in patch) headers.set(name, patch[name] as string)
  return headers
}

/** The headers for a form that replaces the body. */
function withFormType(own: HeadersInit | undefined): Headers {
  const headers = new Headers(own)
  headers.delete('content-length')
  if (!headers.has('content-type')) headers.set('content-type', formType)
  return headers
}

function sendPreflight(
  { fetch, input }: CapturedRequest,
  attempt: RequestInit,
  url: string | undefined,
): Promise<Response> {
  attempt.method = 'HEAD'
  delete attempt.body
  if (typeof input === 'string') return fetch(url ?? input, attempt)
  const { headers, signal, credentials } = input
  return fetch(url ?? input.url, { headers, signal, credentials, ...attempt })
}

/** The options that send a `Request` to another URL. The body is read into memory, because not every browser shows it. */
async function initFrom(captured: CapturedRequest, request: Request, attempt: RequestInit): Promise<RequestInit> {
  const { cache, credentials, headers, integrity, keepalive, method, redirect, referrerPolicy, signal } = request
  const init = { cache, credentials, headers, integrity, keepalive, method, redirect, referrerPolicy, signal }
  const body = attempt.body || !mayHaveBody(captured.method) ? undefined : await bodyOf(captured, request)
  return { ...init, ...(body && { body }), ...attempt }
}

async function bodyOf({ oneShot }: CapturedRequest, request: Request): Promise<ArrayBuffer | undefined> {
  const bytes = await (oneShot ? request : request.clone()).arrayBuffer()
  return bytes.byteLength > 0 ? bytes : undefined
}

function answerOf(response: Response): Answer {
  return {
    status: response.status,
    headers: response.headers,
    url: response.url,
    // A copy is read, so that the caller can still read the response.
    text: (cap) => cappedText(response.clone(), cap),
    discard: () => void response.body?.cancel().catch(() => {}),
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
