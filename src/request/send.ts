import type { Binding, Presentation, PresentedRequest } from '../bindings/binding.ts'
import { callBinding, checkedHeaders } from '../bindings/call-binding.ts'
import { BindingError, BodyNotReplayableError, withResponse } from '../errors/index.ts'
import { bare, type UmaEventDetail } from '../events.ts'
import type { Answer } from '../protocol/http/answer.ts'
import { issuerOf } from '../trust/authority.ts'
import type { Rpt } from '../wallet/rpt.ts'
import { type OwnTokenAccess, ownTokenHeaders } from './own-token.ts'
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
export async function send<R>(access: OwnTokenAccess, run: SendRun<R>, rpt: Rpt | undefined): Promise<R> {
  const { trust } = access
  const { driver, host } = run
  if (rpt?.headers) {
    run.release?.()
    return driver.send(rpt.headers)
  }
  const authority = rpt ? await trust.find(issuerOf(rpt.authority), host) : await trust.signerFor(host)
  if (!authority) {
    const headers = await ownTokenHeaders(access, run)
    run.release?.()
    return driver.send(headers)
  }
  return sendBound(authority.binding, run, rpt)
}

/** The facts of a request that its sends need. */
export type SendRun<R> = Pick<RequestRun<R>, 'driver' | 'host' | 'tell' | 'party' | 'place'> & {
  /** Releases the answer before, right before the request is sent. */
  release?: () => void
}

/** Presents the token for this very send. If the answer brings a nonce, the same request is sent once more. */
async function sendBound<R>(binding: Binding, run: SendRun<R>, rpt: Rpt | undefined): Promise<R> {
  const { driver, tell } = run
  const request = presentedRequest(driver)
  const result = await sendPresented(binding, run, request, rpt)
  const answer = driver.answer(result)
  if (!(await needsNonce(binding, answer, request, result)) || !driver.replayable) return result
  answer.discard()
  tell({ type: 'resend', resource: bare(driver.url), method: driver.method, rpt: rpt !== undefined, reason: 'nonce' })
  const second = await sendPresented(binding, { driver }, request, rpt)
  await needsNonce(binding, driver.answer(second), request, second)
  return second
}

/** Shows an answer to the binding. An error of the binding carries this answer. */
async function needsNonce(
  binding: Binding,
  answer: Answer,
  request: PresentedRequest,
  response: unknown,
): Promise<boolean> {
  try {
    return (await callBinding(binding, () => binding.answered?.(answer, request))) === true
  } catch (error) {
    throw withResponse(error, response)
  }
}

function presentedRequest({ method, url, form }: Sendable<unknown>): PresentedRequest {
  const withoutFragment = new URL(url)
  withoutFragment.hash = ''
  return { method, url: withoutFragment.href, form: form?.() }
}

async function sendPresented<R>(
  binding: Binding,
  { driver, release }: { driver: Sendable<R>; release?: (() => void) | undefined },
  request: PresentedRequest,
  rpt: Rpt | undefined,
): Promise<R> {
  const { headers, url, body } = await callBinding(binding, async () => {
    const presentation = await binding.present(rpt?.grant, request)
    return checkedPresentation(presentation)
  })
  if (url !== undefined && !isSameResource(url, request.url)) {
    throw new BindingError(`The binding ${binding.name} changed the origin or the path of the URL`)
  }
  release?.()
  if (url === undefined && body === undefined) return driver.send(headers)
  return driver.send(headers, { ...(url !== undefined && { url }), ...(body !== undefined && { body }) })
}

/** @throws TypeError if the binding returned something else */
function checkedPresentation({ headers, url, body }: Presentation): Presentation {
  const checked = checkedHeaders(headers)
  return {
    ...(checked && { headers: checked }),
    ...(url !== undefined && { url }),
    ...(body !== undefined && { body }),
  }
}

function isSameResource(url: string, before: string): boolean {
  if (!URL.canParse(url)) return false
  const changed = new URL(url)
  const original = new URL(before)
  return changed.origin === original.origin && changed.pathname === original.pathname
}

/** Why a request is sent again. */
export type ResendReason = Extract<UmaEventDetail, { type: 'resend' }>['reason']

/**
 * Sends the request again, and releases the answer before. While the send is under way, upgrades of the RPT wait.
 *
 * @throws BodyNotReplayableError, or as `send` does
 */
export async function sendAgain<R>(
  access: OwnTokenAccess,
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
  notePresented(run, rpt)
  const before = run.result
  let isReleased = false
  const release = (): void => {
    isReleased = true
    driver.answer(before).discard()
  }
  const sending = send(access, { ...run, release }, rpt)
  rpt?.sends.add(sending)
  try {
    run.result = await sending
  } catch (error) {
    // Nothing was sent, so the answer before is still unread.
    throw isReleased ? error : withResponse(error, before)
  } finally {
    rpt?.sends.delete(sending)
  }
}
