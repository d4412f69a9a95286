/** A response of axios, as the engine and the caller see it. */
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Answer } from '../protocol/http/answer.ts'
import { discardBody } from '../protocol/http/discard-body.ts'
import { isOneShot } from '../request/body.ts'
import type { Config } from './captured-request.ts'

type Fetch = typeof globalThis.fetch

export function answerOf(response: AxiosResponse): Answer {
  const { status, headers, data } = response
  return {
    status,
    headers: new Headers({ ...headers } as Record<string, string>),
    url: finalUrlOf(response),
    text: async (cap) => textOf(data).slice(0, cap),
    // A response of type `stream` is still open.
    discard: () => discardBody(data),
  }
}

/** The body of a response as text, unless it is a stream, which only the caller may read. */
function textOf(data: unknown): string {
  if (isOneShot(data)) return ''
  return data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data)
}

/** Each adapter tells the final URL in its own way. */
function finalUrlOf({ request }: AxiosResponse): string {
  return request?.responseURL || request?.res?.responseUrl || finalUrls.get(Object(request)) || ''
}

/**
 * Shows the caller's own config, which carries no RPT. The request carries the RPT, so loggers must not see it. A
 * response that is a Node stream leads to the request, too.
 */
export function clean<T extends { config?: InternalAxiosRequestConfig; request?: unknown; data?: unknown }>(
  outcome: T,
  config: Config,
): T {
  outcome.config = config
  // A Node stream that was sent leads to the request that it was piped into.
  if (config.data?.readableEnded) config.data.unpipe()
  const { data } = outcome
  if (isOneShot(data)) for (const member of ['req', 'socket', 'client']) hidden(data as Members, member)
  return hidden(outcome, 'request')
}

type Members = Record<string, unknown>

/** Makes a member not enumerable, so that loggers do not print it. */
export function hidden<T extends object>(object: T, member: keyof T): T {
  if (Object.hasOwn(object, member)) Object.defineProperty(object, member, { enumerable: false })
  return object
}

/** The final URL by the request that the fetch adapter made. The adapter does not tell it. */
const finalUrls = new WeakMap<object, string>()

/** One wrapper for each fetch, and for the wrapper itself: axios caches an adapter for every fetch that it receives. */
const wrappers = new WeakMap<Fetch, Fetch>()

/** A fetch whose responses tell their final URL, although axios's fetch adapter does not. */
export function tellingFinalUrl(fetch: Fetch): Fetch {
  const known = wrappers.get(fetch)
  if (known) return known
  const wrapper: Fetch = async (input, init) => {
    const response = await fetch(input, init)
    finalUrls.set(Object(input), response.url)
    return response
  }
  wrappers.set(fetch, wrapper).set(wrapper, wrapper)
  return wrapper
}
