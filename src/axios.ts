/**
 * The way in for axios.
 *
 * @module
 */
import {
  type AxiosAdapter,
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
} from 'axios'
import type { Requester } from './create-requester.ts'
import { isUmaError } from './errors.ts'
import { baseUrl } from './requester/base-url.ts'
import { bufferBody, isOneShot } from './requester/body.ts'
import type { UmaRequestOptions } from './requester/options.ts'
import type { Answer } from './schemes/scheme.ts'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of uma-requester for this request; `false` leaves it alone. */
    uma?: UmaRequestOptions | false
  }
}

type Fetch = typeof globalThis.fetch
type CancelToken = { toAbortSignal(): AbortSignal }
type Config = InternalAxiosRequestConfig & { env?: { fetch?: Fetch } }

/** What an adapter came back with: a response, and the error that it would reject with for its status. */
interface Outcome {
  response: AxiosResponse
  error?: AxiosError
}

/** Whose adapters are ours, so that attaching twice changes nothing. */
const attached = new WeakMap<object, Requester>()

/**
 * Opens UMA-protected resources for an axios instance: its requests run through the requester's flow loop, around the adapter
 * that would have served them. Interceptors and transforms run once; the caller sees the last answer only.
 *
 * What goes wrong in a flow rejects with an `AxiosError` whose `cause` is the `UmaError` and whose `code` is that error's.
 *
 * @returns detaches the requester again
 */
export function attachRequester(instance: AxiosInstance, requester: Requester): () => void {
  const id = instance.interceptors.request.use((config: Config) => {
    const chosen = config.adapter ?? instance.defaults.adapter
    if (config.uma === false || attached.get(Object(chosen)) === requester) return config
    config.env = { ...config.env, fetch: watched(config.env?.fetch ?? globalThis.fetch) }
    const adapter = getAdapter(chosen, config)
    const wrapped: AxiosAdapter = (own) => {
      // What the caller gets to see, and may send again elsewhere, is not wrapped.
      own.adapter = chosen as AxiosAdapter
      return send(own, adapter, requester, instance.getUri(own))
    }
    attached.set(wrapped, requester)
    config.adapter = wrapped
    return config
  })
  return () => instance.interceptors.request.eject(id)
}

async function send(config: Config, adapter: AxiosAdapter, requester: Requester, uri: string): Promise<AxiosResponse> {
  const uma = (config.uma || {}) as UmaRequestOptions
  // Interceptors that were there before ours run after it.
  const url = config.uma !== false && URL.parse(uri, baseUrl())
  if (!url) return adapter(config)
  let { data } = config
  if (uma.buffer && isOneShot(data)) {
    // npm form-data knows its boundary.
    config.headers.set(data.getHeaders?.())
    data = await bufferBody(data)
  }
  const token = (config.cancelToken as CancelToken | undefined)?.toAbortSignal() as
    | (AbortSignal & { unsubscribe?(): void })
    | undefined

  const attempt = async (patch?: Record<string, string>, preflight?: boolean): Promise<Outcome> => {
    // Each attempt on its own copy: adapters write into the config and the headers that they are given.
    const copy: Config = { ...config, headers: config.headers.concat(), data: uma.body ? uma.body() : data }
    if (preflight) Object.assign(copy, { method: 'head', data: undefined })
    if (patch) {
      copy.headers.set(patch)
      // Adapters would put HTTP Basic in its place.
      delete copy.auth
      const { href } = Object.assign(new URL(url), { username: '', password: '' })
      if (href !== url.href) Object.assign(copy, { url: href, baseURL: undefined, params: undefined })
    }
    copy.beforeRedirect = (options, ...rest) => {
      // Node's adapter lets Authorization go to subdomains.
      if (new URL(options.href, url).origin !== url.origin) {
        for (const name in options.headers) if (/^authorization$/i.test(name)) delete options.headers[name]
      }
      config.beforeRedirect?.(options, ...rest)
    }
    try {
      return { response: clean(await adapter(copy), config) }
    } catch (error) {
      const failed = error as AxiosError
      if (!failed?.isAxiosError) throw error
      if (!clean(failed, config).response) throw failed
      return { response: clean(failed.response as AxiosResponse, config), error: failed }
    }
  }

  try {
    const { response, error } = await requester.run<Outcome>(
      {
        method: (config.method as string).toUpperCase(),
        url: url.href,
        authorized: config.headers.has('authorization') || !!config.auth || !!url.username,
        replayable: !!uma.body || !isOneShot(data),
        signal: AbortSignal.any([config.signal, token].filter(Boolean) as AbortSignal[]),
        send: attempt,
        status: (outcome) => outcome.response.status,
        answer,
      },
      uma,
    )
    if (error) throw error
    return response
  } catch (error) {
    if (!isUmaError(error)) throw error
    const response = (error.response as Outcome | undefined)?.response
    Object.assign(error, { response })
    const failure = new AxiosError(error.message, error.code, config, undefined, response)
    failure.cause = error
    throw clean(hidden(failure, 'response'), config)
  } finally {
    token?.unsubscribe?.()
  }
}

function answer({ response }: Outcome): Answer {
  const { status, data, request } = response
  return {
    status,
    headers: new Headers({ ...response.headers } as Record<string, string>),
    // Each adapter tells the final URL in its own way: XMLHttpRequest, Node's http, fetch. That of a socket names no host.
    url: response.config.socketPath
      ? ''
      : request?.responseURL || request?.res?.responseUrl || finalUrls.get(Object(request)) || '',
    text: async (cap) => String(data).slice(0, cap),
    discard: () => {
      // A response of type `stream` is still open.
      if (!isOneShot(data)) return
      data.destroy?.()
      data.cancel?.().catch(() => {})
    },
  }
}

/** The caller's own config, which carries no RPT, and the request, which does, where no logger looks. */
function clean<T extends { config?: InternalAxiosRequestConfig; request?: unknown }>(outcome: T, config: Config): T {
  outcome.config = config
  // A stream of Node that was sent leads to the request that it went into.
  if (config.data?.readableEnded) config.data.unpipe()
  return hidden(outcome, 'request')
}

function hidden<T extends object>(object: T, member: keyof T): T {
  if (member in object) Object.defineProperty(object, member, { enumerable: false })
  return object
}

/** The final URL by the request that the fetch adapter made: it does not tell it otherwise. */
const finalUrls = new WeakMap<object, string>()
/** One wrapper for each fetch, which is its own: axios keeps what it makes of every function that it is given. */
const watchers = new WeakMap<Fetch, Fetch>()

function watched(fetch: Fetch): Fetch {
  const watcher: Fetch =
    watchers.get(fetch) ??
    (async (input, init) => {
      const response = await fetch(input, init)
      finalUrls.set(Object(input), response.url)
      return response
    })
  watchers.set(fetch, watcher).set(watcher, watcher)
  return watcher
}
