import { abortable } from '../async/abortable.ts'
import { later } from '../async/timers.ts'
import { UmaTimeoutError } from '../errors/index.ts'
import { cappedText } from '../protocol/http/capped-text.ts'
import { headersOf } from '../protocol/http/headers-of.ts'

/** How this package reaches authorization servers. */
export interface Caller {
  /** Gives the `fetch` to use. It is called for each request, so that a `fetch` that is installed later is used. */
  fetch: () => typeof globalThis.fetch
  /** The longest time for one call, including its body, in milliseconds. */
  timeout: number
  /**
   * Whether an error of `fetch` means that nothing was sent, because a limit of this program refused the call. Such a
   * call is not repeated. @default never
   */
  notSent?: ((error: unknown) => boolean) | undefined
}

/** An answer that was read to its end. */
export interface CallAnswer {
  status: number
  headers: Headers
  /** Empty if the body was longer than 1 MiB. */
  text: string
}

/** The longest body that is read, in bytes. */
const maxBody = 2 ** 20

/**
 * Makes one call within the time-out and reads the answer. It sends no cookies and follows no redirects.
 *
 * @param signal ends the call. Give none for a request that carries a ticket, a code or a token: the server may have
 * used it already, and its answer is needed.
 * @throws UmaTimeoutError, the reason of `signal`, or the error of `fetch`
 */
export async function call(
  caller: Caller,
  issuer: string,
  url: string,
  init: RequestInit,
  signal?: AbortSignal | undefined,
): Promise<CallAnswer> {
  signal?.throwIfAborted()
  // `end` ends the request itself. `leave` also leaves a `fetch` that does not obey its signal.
  const end = new AbortController()
  const leave = new AbortController()
  const abort = (): void => {
    end.abort(signal?.reason)
    leave.abort(signal?.reason)
  }
  const timeOut = (): void => {
    const error = timeoutError(issuer, caller.timeout)
    end.abort(error)
    // First a wrapper around `fetch`, such as a circuit breaker, sees that the request failed.
    later(() => leave.abort(error), 0)
  }
  const cancelTimer = later(timeOut, caller.timeout)
  signal?.addEventListener('abort', abort)
  try {
    return await abortable(send(caller, url, { ...init, signal: end.signal }), leave.signal)
  } catch (error) {
    // Some implementations of `fetch` wrap the reason of the signal in an error of their own.
    throw end.signal.aborted ? end.signal.reason : error
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', abort)
  }
}

async function send({ fetch }: Caller, url: string, init: RequestInit): Promise<CallAnswer> {
  // Called as a plain function: browsers refuse `fetch` as a method of another object.
  const plainFetch = fetch()
  const response = await plainFetch(url, { ...init, credentials: 'omit', redirect: 'manual' })
  return { status: response.status, headers: headersOf(response), text: await cappedText(response, maxBody) }
}

const timeoutError = (issuer: string, timeout: number): UmaTimeoutError =>
  new UmaTimeoutError(`${issuer} did not answer within ${timeout} ms`, { issuer, retryable: true })

/** The message about a server that was not reached. Browsers do not tell whether CORS is the cause. */
export function notReached(issuer: string): string {
  const hint = globalThis.document === undefined ? '' : ' (CORS?)'
  return `${issuer} was not reached${hint}`
}
