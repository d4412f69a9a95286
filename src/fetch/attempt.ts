/** Sends the attempts of a captured request. */
import type { HeaderPatch } from '../bindings/binding.ts'
import { formType, isPlain, setHeaders } from '../request/capture.ts'
import type { SendChanges } from '../request/request-driver.ts'
import { type CapturedRequest, mayHaveBody } from './captured-request.ts'

/** Sends one attempt. The function is not async, because the request that is sent most often needs no waiting. */
export function sendAttempt(
  captured: CapturedRequest,
  patch: HeaderPatch | undefined,
  changes?: SendChanges,
): Promise<Response> {
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

/** The caller's headers with others set over them. */
function patched(own: HeadersInit | undefined, patch: HeaderPatch): HeadersInit {
  if (!own) return { ...patch }
  if (isPlain(own)) return setHeaders(own, patch)
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
