/**
 * The step that brings a person back.
 *
 * @module
 */
import type { Requester } from './create-requester.ts'
import { LoadError } from './errors/index.ts'
import { cleanAddressBar, restoreAddressBar, returnParameters } from './flow/people/clean-address-bar.ts'
import { type FinishedReturn, finishReturn, type RepeatedReturn, type Return } from './flow/people/handle-callback.ts'
import { openHandle } from './requester/handles.ts'

export type { FinishedReturn, RepeatedReturn } from './flow/people/handle-callback.ts'
export type { PendingRequest } from './flow/people/pending.ts'

/** The result of `handleCallback`. */
export type Callback =
  | (FinishedReturn & {
      /** Sends the request again, if that is possible: a GET or HEAD, or a stored request (`storeRequest`). */
      replay?: () => Promise<Response>
    })
  | (RepeatedReturn & { replay?: undefined })

/**
 * Finishes the step of a person who came back on this URL. The flow goes on, and may send the person away once more.
 *
 * - In a page, the address bar is cleaned before anything is awaited. If code could not be loaded, so that the return
 *   is not used, the address bar gets the URL back: a reload finishes the return.
 * - The same return again, within 10 minutes, gives `{ finished: true }`.
 * - In the popup of a `popupRedirect`, the page that opened the popup gets the URL, and the window closes.
 *
 * @param requester the requester for the party that was sent away
 * @param url on a server: the public URL, or its path and query. @default `location.href`
 * @throws TypeError if there is no URL and no page; InvalidStateError if nobody waits for this return; RedirectError;
 * RedirectNeededError with `serverRedirect()`, if the person is sent away once more; LoadError; or the error that the
 * flow ends with. The error of a flow has `request` and `kind`.
 *
 * @example
 * const { request, replay } = await handleCallback(requester)
 * @example
 * // On a server
 * const { request } = await handleCallback(requester.as(user), originalUrl)
 */
export async function handleCallback(
  requester: Pick<Requester, 'fetch'>,
  url: string = urlOfThisPage(),
): Promise<Callback> {
  // React's StrictMode calls twice. The second call finds a clean address bar.
  const back = returns.get(url) ?? url
  const cleanUrl = cleanAddressBar(back, returnParameters)
  if (cleanUrl === undefined) return finishCallback(requester, { url: back, isThisPage: false })
  returns.set(cleanUrl, back)
  try {
    return await finishCallback(requester, { url: back, isThisPage: true }, cleanUrl)
  } catch (error) {
    // The flow still waits: a reload of the page finishes the return.
    if (isBeforeFlow(error)) restoreAddressBar(cleanUrl, back)
    throw error
  } finally {
    returns.delete(cleanUrl)
  }
}

/** Whether code could not be loaded before the flow was taken out of the storage. Later errors have a `kind`. */
const isBeforeFlow = (error: unknown): boolean => error instanceof LoadError && error.kind === undefined

/** Returns of this page that are being finished, by the clean URL in the address bar. */
const returns = new Map<string, string>()

function urlOfThisPage(): string {
  if (globalThis.location === undefined) {
    throw new TypeError('handleCallback: there is no page; give the URL of the return as the second argument')
  }
  return globalThis.location.href
}

async function finishCallback(requester: Pick<Requester, 'fetch'>, back: Return, cleanUrl?: string): Promise<Callback> {
  const { parts, party } = await openHandle(requester, 'handleCallback')
  const ofSchemes = parts.trust.schemes.flatMap(({ redirect }) => redirect?.parameters ?? [])
  if (cleanUrl !== undefined) cleanAddressBar(cleanUrl, ofSchemes)
  const tell = parts.tellFor(party.name, parts.nextRequest())
  const finished = await finishReturn(parts.callback, party, back, tell)
  if (finished.finished || !finished.request) return finished
  const { method, stored, url: target, operation } = finished.request
  if (!stored && method !== 'GET' && method !== 'HEAD') return finished
  const uma = operation === undefined ? {} : { uma: { operation } }
  return { ...finished, replay: () => requester.fetch(target, { method, ...(stored as RequestInit), ...uma }) }
}
