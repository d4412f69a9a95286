import type { Binding, Presentation, PresentedRequest } from '../bindings/binding.ts'
import { BindingError, BodyNotReplayableError, findUmaError } from '../errors/index.ts'
import { bare, type UmaEventDetail } from '../events.ts'
import { issuerOf } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { RequestDriver } from './request-driver.ts'
import { notePresented, type RequestRun } from './request-run.ts'

/** A request that is sent: the driver, and whether it goes out as HEAD. */
type Sendable<R> = Pick<RequestDriver<R>, 'send' | 'answer' | 'method' | 'url' | 'form'>

/**
 * Sends a request with an RPT, or without one. This is the only place that sends a request of the application to its
 * host, except the shortest way, for a place whose RPT is presented by headers alone.
 *
 * @returns the host's answer
 * @throws BindingError, or the error of the HTTP library
 */
export async function send<R>(trust: Trust, run: SendRun<R>, rpt: Rpt | undefined): Promise<R> {
  const { driver, host } = run
  if (rpt?.headers) return driver.send(rpt.headers)
  const authority = rpt ? await trust.find(issuerOf(rpt.authority), host) : await trust.signerFor(host)
  if (!authority) return driver.send(undefined)
  return sendBound(authority.binding, run, rpt)
}

/** The facts of a request that its sends need. */
export type SendRun<R> = Pick<RequestRun<R>, 'driver' | 'host' | 'tell'>

/** Presents the token for this very send. If the answer brings a nonce, the same request is sent once more. */
async function sendBound<R>(binding: Binding, { driver, tell }: SendRun<R>, rpt: Rpt | undefined): Promise<R> {
  const request = presentedRequest(driver)
  const result = await sendPresented(binding, driver, request, rpt)
  const answer = driver.answer(result)
  const needsNonce = (await callBinding(binding, () => binding.answered?.(answer, request))) === true
  if (!needsNonce || !driver.replayable) return result
  answer.discard()
  tell({ type: 'resend', resource: bare(driver.url), method: driver.method, rpt: rpt !== undefined, reason: 'nonce' })
  const second = await sendPresented(binding, driver, request, rpt)
  await callBinding(binding, () => binding.answered?.(driver.answer(second), request))
  return second
}

function presentedRequest({ method, url, form }: Sendable<unknown>): PresentedRequest {
  const withoutFragment = new URL(url)
  withoutFragment.hash = ''
  return { method, url: withoutFragment.href, form: form?.() }
}

async function sendPresented<R>(
  binding: Binding,
  driver: Sendable<R>,
  request: PresentedRequest,
  rpt: Rpt | undefined,
): Promise<R> {
  const presentation = await callBinding(binding, () => binding.present(rpt?.grant, request))
  if (typeof presentation !== 'object' || presentation === null) {
    throw new BindingError(`The binding ${binding.name} returned no presentation`)
  }
  const { headers, url, body } = presentation as Presentation
  if (url !== undefined && !isSameResource(url, request.url)) {
    throw new BindingError(`The binding ${binding.name} changed the origin or the path of the URL`)
  }
  if (url === undefined && body === undefined) return driver.send(headers)
  return driver.send(headers, { ...(url !== undefined && { url }), ...(body !== undefined && { body }) })
}

function isSameResource(url: string, before: string): boolean {
  if (!URL.canParse(url)) return false
  const changed = new URL(url)
  const original = new URL(before)
  return changed.origin === original.origin && changed.pathname === original.pathname
}

/** Calls a function of the binding. Its errors become a `BindingError`. */
async function callBinding<T>(binding: Binding, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    throw findUmaError(cause) ?? new BindingError(`The binding ${binding.name} failed`, { cause })
  }
}

/** Why a request is sent again. */
export type ResendReason = Extract<UmaEventDetail, { type: 'resend' }>['reason']

/**
 * Sends the request again, and releases the answer before. While the send is under way, upgrades of the RPT wait.
 *
 * @throws BodyNotReplayableError, or as `send` does
 */
export async function sendAgain<R>(
  trust: Trust,
  run: RequestRun<R>,
  rpt: Rpt | undefined,
  reason: ResendReason,
): Promise<void> {
  const { driver, place, tell } = run
  if (!driver.replayable) {
    throw new BodyNotReplayableError(
      'The token is in the wallet, but the body could be read only once: send the request again (uma.body, uma.buffer)',
      { response: run.result },
    )
  }
  driver.signal?.throwIfAborted()
  tell({ type: 'resend', resource: bare(place.url), method: place.method, rpt: rpt !== undefined, reason })
  driver.answer(run.result).discard()
  notePresented(run, rpt)
  const sending = send(trust, run, rpt)
  rpt?.sends.add(sending)
  try {
    run.result = await sending
  } finally {
    rpt?.sends.delete(sending)
  }
}
