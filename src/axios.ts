/**
 * The adapter for axios.
 *
 * @module
 */
import {
  Axios,
  type AxiosAdapter,
  AxiosError,
  type AxiosInstance,
  type AxiosResponse,
  getAdapter,
  isAxiosError,
} from 'axios'
import { answerOf, clean, hidden, tellingFinalUrl } from './axios/answer.ts'
import { attemptConfig, dataOf } from './axios/attempt-config.ts'
import { type CapturedRequest, type Config, capture, captureConfig } from './axios/captured-request.ts'
import type { HeaderPatch } from './bindings/binding.ts'
import { findUmaError } from './errors/index.ts'
import { baseUrl, hasUserinfo, withoutUserinfo } from './request/base-url.ts'
import { isOneShot } from './request/body.ts'
import { formOf } from './request/capture.ts'
import type { UmaRequestOptions } from './request/options.ts'
import type { RequestDriver, RunRequest, SendChanges } from './request/request-driver.ts'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of uma-requester for this request. `false`: send it as it is, without this package. */
    uma?: UmaRequestOptions | false
  }
}

type CancelToken = { toAbortSignal(): AbortSignal & { unsubscribe?(): void } }

/** The requester of each adapter that this module made, so that attaching a requester twice has no effect. */
const attached = new WeakMap<object, object>()

/** The error that an adapter rejected with for the status of a response. */
const statusErrors = new WeakMap<AxiosResponse, AxiosError>()

/** Computes URLs without the defaults of any instance, because the adapter knows no defaults either. */
const withoutDefaults = new Axios({})

/**
 * Makes the requests of an axios instance work for UMA-protected resources. Interceptors and transforms run once for each
 * request, and the caller sees the last answer only.
 *
 * If a flow fails, the request rejects with an `AxiosError` whose `cause` is the `UmaError` and whose `code` is that
 * error's code. `findUmaError(error)` returns the `UmaError`. `error.response` is the host's last response.
 *
 * A cache that is shared by several requesting parties must not stand in front of the instance: it does not see the token,
 * and gives one party's response to another party.
 *
 * @param instance an axios instance, or the global `axios`
 * @param requester sends the requests
 * @returns a function that detaches the requester again
 *
 * @example
 * const api = axios.create({ baseURL: 'https://photos.example.com' })
 * attachRequester(api, requester)
 * const { data } = await api.get('/alice/1.jpg')
 */
export function attachRequester(instance: AxiosInstance, requester: { run: RunRequest }): () => void {
  const wrap = (config: Config): Config => {
    const chosen = config.adapter ?? instance.defaults.adapter
    if (config.uma === false || attached.get(Object(chosen)) === requester) return config
    config.env = { ...config.env, fetch: tellingFinalUrl(config.env?.fetch ?? globalThis.fetch) }
    const adapter = getAdapter(chosen, config)
    const wrapped: AxiosAdapter = (final) => {
      // The caller sees this config and may send it again elsewhere.
      final.adapter = chosen as AxiosAdapter
      return send(final, adapter, requester)
    }
    attached.set(wrapped, requester)
    config.adapter = wrapped
    return config
  }
  // axios calls `runWhen` before `request()` returns, and interceptors later.
  const id = instance.interceptors.request.use(wrap, undefined, { runWhen: captureConfig })
  return () => instance.interceptors.request.eject(id)
}

async function send(config: Config, adapter: AxiosAdapter, requester: { run: RunRequest }): Promise<AxiosResponse> {
  // An interceptor that runs after ours may have set `uma: false`.
  const url = config.uma === false ? undefined : urlOf(config)
  if (!url) return adapter(config)
  const uma = config.uma || {}
  const token = (config.cancelToken as CancelToken | undefined)?.toAbortSignal()
  try {
    const driver = driverOf(capture(config, adapter, url, uma), signalOf(config, token))
    const response = await requester.run(driver, uma)
    const statusError = statusErrors.get(response)
    if (statusError) throw statusError
    return response
  } catch (error) {
    throw toAxiosError(error, config)
  } finally {
    token?.unsubscribe?.()
  }
}

/** The URL that the adapter will compute; `undefined` if there is none, because then the adapter rejects. */
function urlOf({ baseURL, url, allowAbsoluteUrls, params, paramsSerializer }: Config): URL | undefined {
  const config = { baseURL, url, allowAbsoluteUrls, params, paramsSerializer } as Config
  try {
    return new URL(withoutDefaults.getUri(config), baseUrl())
  } catch {
    return undefined
  }
}

function signalOf(config: Config, token: AbortSignal | undefined): AbortSignal | undefined {
  const signal = config.signal as AbortSignal | undefined
  return signal && token ? AbortSignal.any([signal, token]) : (signal ?? token)
}

function driverOf(captured: CapturedRequest, signal: AbortSignal | undefined): RequestDriver<AxiosResponse> {
  const { config, url, data, makeBody, bufferBody } = captured
  return {
    method: (config.method as string).toUpperCase(),
    url: hasUserinfo(url) ? withoutUserinfo(url).href : url.href,
    authorized: config.headers.has('authorization') || !!config.auth || hasUserinfo(url),
    replayable: !!makeBody || !!bufferBody || !isOneShot(data),
    signal,
    form: () => (makeBody ? undefined : formOf(data, () => config.headers.getContentType())),
    send: (headers, changes) => attempt(captured, headers, changes),
    status: (response) => response.status,
    answer: answerOf,
  }
}

async function attempt(
  captured: CapturedRequest,
  patch: HeaderPatch | undefined,
  changes: SendChanges = {},
): Promise<AxiosResponse> {
  const { adapter, config } = captured
  const copy = attemptConfig(captured, patch, changes)
  copy.data = changes.preflight ? undefined : await dataOf(captured, copy.headers, changes.body)
  try {
    const response = clean(await adapter(copy), config)
    statusErrors.delete(response)
    return response
  } catch (error) {
    if (!isAxiosError(error) || !clean(error, config).response) throw error
    const response = clean(error.response as AxiosResponse, config)
    statusErrors.set(response, error)
    return response
  }
}

function toAxiosError(error: unknown, config: Config): unknown {
  if (isAxiosError(error)) return error
  const umaError = findUmaError(error)
  if (!umaError) return error
  const response = umaError.response as AxiosResponse | undefined
  const failure = new AxiosError(umaError.message, umaError.code, config, undefined, response)
  failure.cause = umaError
  return clean(hidden(failure, 'response'), config)
}
