/**
 * The adapter for axios.
 *
 * @module
 */
import { type AxiosAdapter, AxiosError, type AxiosInstance, type AxiosResponse, getAdapter, isAxiosError } from 'axios'
import { answerOf, clean, hidden, tellingFinalUrl } from './axios/answer.ts'
import { attemptConfig, dataOf } from './axios/attempt-config.ts'
import { type CapturedRequest, type Config, capture, captureConfig } from './axios/captured-request.ts'
import { urlOf } from './axios/url-of.ts'
import type { HeaderPatch } from './bindings/binding.ts'
import { findUmaError } from './errors/find-uma-error.ts'
import type { Answer } from './protocol/http/answer.ts'
import { absoluteUrl, targetUrl, urlWithUserinfo } from './request/base-url.ts'
import { isOneShot } from './request/body.ts'
import { formOf } from './request/capture.ts'
import type { InstanceOptions, UmaRequestOptions } from './request/options.ts'
import type { RequestDriver, RunRequest, SendChanges } from './request/request-driver.ts'
import type { Requester } from './requester/requester.ts'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of uma-requester for this request. `false`: send it as it is, without this package. */
    uma?: UmaRequestOptions | false
  }
}

type CancelToken = { toAbortSignal(): AbortSignal & { unsubscribe?(): void } }

/** A requester, as far as the adapter uses it. */
type Attached = { run: RunRequest } & Partial<Pick<Requester, 'begin'>>

/** A requester that is attached to an instance, and the options of the instance. */
interface Attachment {
  requester: Attached
  options: InstanceOptions
}

/** Names the requester of an adapter that this module made, so that attaching a requester twice has no effect. */
const attachedTo = Symbol('the requester of this adapter')

/** The error that an adapter rejected with for the status of a response. */
const statusErrors = new WeakMap<AxiosResponse, AxiosError>()

/**
 * Makes the requests of an axios instance work for UMA-protected resources. Interceptors and transforms run once for each
 * request, and the caller sees the last answer only.
 *
 * If a flow fails, the request rejects with an `AxiosError` whose `cause` is the `UmaError` and whose `code` is that
 * error's code. `findUmaError(error)` returns the `UmaError`. `error.response` is the host's last response.
 *
 * A request over a unix socket (`socketPath`) is sent as it is, without this package: its URL does not tell the host.
 *
 * A cache that is shared by several requesting parties must not stand in front of the instance: it does not see the token,
 * and gives one party's response to another party.
 *
 * @param instance an axios instance, or the global `axios`
 * @param requester sends the requests
 * @param options options for all requests of the instance
 * @throws TypeError if one of the two is missing
 * @returns a function that detaches the requester again
 *
 * @example
 * const api = axios.create({ baseURL: 'https://photos.example.com' })
 * attachRequester(api, requester)
 * const { data } = await api.get('/alice/1.jpg')
 */
export function attachRequester(
  instance: AxiosInstance,
  requester: { run: RunRequest } & Partial<Pick<Requester, 'begin'>>,
  options: InstanceOptions = {},
): () => void {
  if (typeof instance?.interceptors?.request?.use !== 'function') {
    throw new TypeError('attachRequester: the first argument must be axios, or an instance of axios.create()')
  }
  if (typeof requester?.run !== 'function') {
    throw new TypeError('attachRequester: the second argument must be the requester of createRequester()')
  }
  const attachment: Attachment = { requester, options }
  const wrap = (config: Config): Config => {
    const chosen = config.adapter ?? instance.defaults.adapter
    if (config.uma === false || isAttached(chosen, requester)) return config
    config.env = { ...config.env, fetch: tellingFinalUrl(config.env?.fetch ?? globalThis.fetch) }
    config.adapter = attachedAdapter(chosen, attachment)
    return config
  }
  // axios calls `runWhen` before `request()` returns, and interceptors later, unless all of them are synchronous.
  const whenMade = (config: Config): boolean => captureRequest(config, attachment)
  const id = instance.interceptors.request.use(wrap, undefined, { runWhen: whenMade, synchronous: true })
  return () => instance.interceptors.request.eject(id)
}

/** Copies the caller's objects, and remembers whose request this is. axios must call this before `request()` returns. */
function captureRequest(config: Config, { requester, options }: Attachment): true {
  captureConfig(config)
  if (config.uma === false || !requester.begin) return true
  const uma = requester.begin(config.uma, options)
  if (uma) config.uma = uma
  return true
}

const isAttached = (chosen: Config['adapter'], requester: Attached): boolean =>
  (chosen as { [attachedTo]?: Attached } | undefined)?.[attachedTo] === requester

/** An adapter that sends through the requester. */
function attachedAdapter(chosen: Config['adapter'], attachment: Attachment): AxiosAdapter {
  const adapter: AxiosAdapter = (config) => {
    // The caller sees this config and may send it again elsewhere.
    config.adapter = chosen as AxiosAdapter
    return send(config, getAdapter(chosen, config), attachment)
  }
  return Object.assign(adapter, { [attachedTo]: attachment.requester })
}

/** Sends a request with the adapter that the application chose. */
function send(config: Config, adapter: AxiosAdapter, attachment: Attachment): Promise<AxiosResponse> {
  // An interceptor that runs after ours may have set `uma: false`. Two sockets under one name must not share RPTs.
  const url = config.uma === false || config.socketPath ? undefined : urlOf(config)
  if (url === undefined) return adapter(config)
  const uma = config.uma || noOptions
  return runDriver(new AxiosDriver(capture(config, adapter, absoluteUrl(url), uma)), uma, attachment)
}

async function runDriver(
  driver: AxiosDriver,
  uma: UmaRequestOptions,
  { requester, options }: Attachment,
): Promise<AxiosResponse> {
  try {
    const response = await requester.run(driver, uma, options)
    const statusError = statusErrors.get(response)
    if (statusError) throw statusError
    return response
  } catch (error) {
    throw toAxiosError(error, driver.captured.config)
  } finally {
    driver.release()
  }
}

const noOptions: UmaRequestOptions = {}

/** A request, as the engine drives it. The parts that most requests never use are computed when they are asked for. */
class AxiosDriver implements RequestDriver<AxiosResponse> {
  readonly captured: CapturedRequest
  readonly method: string
  readonly url: string
  readonly replayable: boolean
  /** The signal that the CancelToken of the request was turned into. */
  private token: ReturnType<CancelToken['toAbortSignal']> | undefined
  private combined: AbortSignal | undefined

  constructor(captured: CapturedRequest) {
    const { config, url, data, makeBody, bufferBody } = captured
    this.captured = captured
    this.method = (config.method as string).toUpperCase()
    this.url = targetUrl(url)
    this.replayable = !!makeBody || !!bufferBody || !isOneShot(data)
  }

  get authorized(): boolean {
    const { config, url } = this.captured
    return config.headers.has('authorization') || !!config.auth || urlWithUserinfo(url) !== undefined
  }

  get signal(): AbortSignal | undefined {
    this.combined ??= this.combineSignals()
    return this.combined
  }

  get form(): () => URLSearchParams | undefined {
    const { config, data, makeBody } = this.captured
    return () => (makeBody ? undefined : formOf(data, () => config.headers.getContentType()))
  }

  send(headers: HeaderPatch | undefined, changes?: SendChanges): Promise<AxiosResponse> {
    return attempt(this.captured, headers, changes)
  }

  status(response: AxiosResponse): number {
    return response.status
  }

  answer(response: AxiosResponse): Answer {
    return answerOf(response)
  }

  /** Leaves no listener on the CancelToken. */
  release(): void {
    this.token?.unsubscribe?.()
  }

  private combineSignals(): AbortSignal | undefined {
    const { signal, cancelToken } = this.captured.config
    this.token = (cancelToken as CancelToken | undefined)?.toAbortSignal()
    const own = signal as AbortSignal | undefined
    return own && this.token ? AbortSignal.any([own, this.token]) : (own ?? this.token)
  }
}

async function attempt(
  captured: CapturedRequest,
  patch: HeaderPatch | undefined,
  changes: SendChanges = {},
): Promise<AxiosResponse> {
  const { adapter, config } = captured
  const copy = attemptConfig(captured, patch, changes)
  const data = changes.preflight ? undefined : dataOf(captured, copy.headers, changes.body)
  copy.data = data instanceof Promise ? await data : data
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
