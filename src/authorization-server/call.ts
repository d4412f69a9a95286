import { UmaTimeoutError } from '../errors.ts'
import { cappedText } from '../protocol/capped-text.ts'

/** How this package reaches authorization servers. */
export interface Caller {
  /** Looked up for each call, so that one that is installed later (a test's, a proxy's) counts. */
  fetch: () => typeof globalThis.fetch
  /** Longest time for one call, its body included, in milliseconds. */
  timeout: number
}

/** An answer, read to the end. */
export interface CallAnswer {
  status: number
  text: string
}

/** No document and no token answer is longer, in bytes. */
const cap = 2 ** 20

/**
 * Makes one call within the time-out and reads the answer. No cookies, no redirects followed.
 *
 * @param send makes the request with the `fetch` and signal that it is handed
 * @returns undefined when the answer is too long
 * @throws UmaTimeoutError, the reason of `signal`, or what `fetch` throws
 */
export async function call(
  caller: Caller,
  signal: AbortSignal | undefined,
  issuer: string,
  send: (fetch: typeof globalThis.fetch, signal: AbortSignal) => Promise<Response>,
): Promise<CallAnswer | undefined> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const timer = setTimeout(
    () => controller.abort(new UmaTimeoutError(`The authorization server did not answer within ${caller.timeout} ms`, { issuer })),
    caller.timeout,
  )
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  try {
    // Called as a plain function: browsers refuse `fetch` as a method of something else.
    const fetch = caller.fetch()
    const response = await send(
      (url, init) => fetch(url, { ...init, credentials: 'omit', redirect: 'manual' }),
      controller.signal,
    )
    const text = await cappedText(response, cap)
    return text === undefined ? undefined : { status: response.status, text }
  } catch (error) {
    // Whoever stopped it says why, whatever the platform made of that.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
