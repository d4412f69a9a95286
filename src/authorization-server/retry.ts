/**
 * All retries of this package. Metadata and JWKS requests, idempotent calls of the protection API and token requests by
 * client credentials go through here. A request that carries a ticket, a code or a refresh token never does.
 */
import pRetry from 'p-retry'
import { sleep } from '../async/timers.ts'
import { UmaError } from '../errors/index.ts'
import { type CallAnswer, type Caller, call } from './call.ts'

/** How often a request is sent at most. */
const maxAttempts = 3

/** The first pause between two attempts, in milliseconds. The next pause is twice as long. */
const firstPause = 200

/** The longest time for which a `Retry-After` is obeyed, in milliseconds. */
const longestWait = 60_000

/** How a request is repeated. */
export interface RetryOptions {
  /** Whether an error says that the server was not reached. Such a request is repeated. */
  isNetworkFault: (error: unknown) => boolean
  /** Repeats the request after every status from 500 on, also without `Retry-After`. @default false */
  serverErrors?: boolean | undefined
  /** Ends the waiting. The promise then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined
}

/** An attempt that did not succeed. `passing`: the next attempt may succeed. */
class FailedAttempt extends Error {
  readonly passing: boolean
  readonly error: unknown
  readonly answer: Pick<CallAnswer, 'status' | 'headers'> | undefined

  constructor(passing: boolean, failure: { error: unknown } | { answer: Pick<CallAnswer, 'status' | 'headers'> }) {
    super('The attempt failed')
    this.passing = passing
    this.error = 'error' in failure ? failure.error : undefined
    this.answer = 'answer' in failure ? failure.answer : undefined
  }
}

/**
 * Sends a request, and sends it again after a network fault, and after 429 or 503 with `Retry-After`: three times at
 * most. Before it is sent again, `Retry-After` is waited for, at most 60 s.
 *
 * @param attempt sends the request once
 * @returns the answer, or the last of several answers that did not help
 * @throws the error of the last attempt, or the reason of `signal`
 */
export async function repeat<Answer extends Pick<CallAnswer, 'status' | 'headers'>>(
  attempt: () => Promise<Answer>,
  { isNetworkFault, serverErrors = false, signal }: RetryOptions,
): Promise<Answer> {
  const once = async (): Promise<Answer> => {
    const answer = await attempt().catch((error: unknown) => {
      throw new FailedAttempt(isNetworkFault(error), { error })
    })
    if (isPassing(answer, serverErrors)) throw new FailedAttempt(true, { answer })
    return answer
  }
  try {
    return await pRetry(once, {
      retries: maxAttempts - 1,
      minTimeout: firstPause,
      factor: 2,
      signal,
      shouldRetry: ({ error }) => isPassingAttempt(error),
      async onFailedAttempt({ error, retriesLeft }) {
        if (retriesLeft === 0 || !isPassingAttempt(error)) return
        const wait = error.answer && retryAfter(error.answer.headers)
        if (wait) await sleep(Math.min(wait, longestWait), signal)
      },
    })
  } catch (error) {
    if (!(error instanceof FailedAttempt)) throw error
    if (error.answer) return error.answer as Answer
    throw error.error
  }
}

/**
 * One idempotent call, repeated as `repeat` does.
 *
 * @throws UmaTimeoutError, the reason of `signal`, or the error of `fetch`
 */
export function callAgain(
  caller: Caller,
  issuer: string,
  url: string,
  init: RequestInit,
  { serverErrors, signal }: Omit<RetryOptions, 'isNetworkFault'> = {},
): Promise<CallAnswer> {
  return repeat(() => call(caller, issuer, url, init, signal), {
    // A call that timed out has used up its time and is not repeated.
    isNetworkFault: (error) => !(error instanceof UmaError) && !caller.notSent?.(error),
    serverErrors,
    signal,
  })
}

const isPassingAttempt = (error: Error): error is FailedAttempt => error instanceof FailedAttempt && error.passing

function isPassing({ status, headers }: Pick<CallAnswer, 'status' | 'headers'>, serverErrors: boolean): boolean {
  if (serverErrors && status >= 500) return true
  return (status === 429 || status === 503) && retryAfter(headers) !== undefined
}

/** `Retry-After` in milliseconds from now (RFC 9110 §10.2.3); undefined if it is absent or unreadable. */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  // Every form of an HTTP date begins with the name of a day. `Date.parse` also accepts other texts, such as "-5".
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(date - Date.now(), 0)
}
