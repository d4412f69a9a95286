import { UmaTimeoutError } from '../errors.ts'
import { cappedText } from '../protocol/capped-text.ts'

/** How this package reaches authorization servers. */
export interface Caller {
  /** Looked up for each call, so that one that is installed later (a test's, a proxy's) counts. */
  fetch: () => typeof globalThis.fetch
  /** Longest time for one call, its body included, in milliseconds. */
  timeout: number
}

/** An answer, read to its end; the text is empty if there was more than 1 MiB of it. */
export interface CallAnswer {
  status: number
  headers: Headers
  text: string
}

/**
 * Makes one call within the time-out and reads the answer. No cookies, no redirects followed. It cannot be aborted: what was
 * sent may be spent, and what comes back is worth storing.
 *
 * @throws UmaTimeoutError, or what `fetch` throws
 */
export async function call(
  { fetch, timeout }: Caller,
  issuer: string,
  url: string,
  init: RequestInit,
): Promise<CallAnswer> {
  const signal = AbortSignal.timeout(timeout)
  // Called as a plain function: browsers refuse `fetch` as a method of something else.
  const plain = fetch()
  try {
    const response = await plain(url, { ...init, credentials: 'omit', redirect: 'manual', signal })
    return { status: response.status, headers: response.headers, text: await cappedText(response, 2 ** 20) }
  } catch (error) {
    throw signal.aborted ? new UmaTimeoutError(`${issuer} did not answer within ${timeout} ms`, { issuer }) : error
  }
}
