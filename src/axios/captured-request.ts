/** The request as it was when the caller made it, and when axios called the adapter. */
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios'
import type { HeaderPatch } from '../bindings/binding.ts'
import { bufferOnce, isOneShot } from '../request/body.ts'
import { captureBody, copiedView } from '../request/capture.ts'
import type { UmaRequestOptions } from '../request/options.ts'

export type Config = InternalAxiosRequestConfig & { env?: { fetch?: typeof globalThis.fetch } }

/** A request of axios as it was when its adapter was called. */
export interface CapturedRequest {
  adapter: AxiosAdapter
  /** The config that the caller gets to see. Attempts are sent with copies. */
  config: Config
  /** The URL as the adapter computes it, userinfo included. */
  url: string
  data: unknown
  /** Makes a body for each send. */
  makeBody: (() => unknown) | undefined
  /** Reads the one-shot body into memory. */
  bufferBody: (() => Promise<ArrayBuffer>) | undefined
}

/** Bodies that were copied when the request was made, and need no second copy when the adapter is called. */
const copies = new WeakSet<object>()

/** Copies the caller's objects that axios itself does not copy. axios must call this before `request()` returns. */
export function captureConfig(config: Config): true {
  if (config.uma === false) return true
  config.data = captureData(config.data)
  if (config.params instanceof URLSearchParams) config.params = new URLSearchParams(config.params)
  const { url } = config as { url?: unknown }
  if (url instanceof URL) config.url = url.href
  return true
}

function captureData(data: unknown): unknown {
  if (copies.has(Object(data))) return data
  const copy = captureBody(data, copiedView)
  if (copy === data) return data
  copies.add(copy as object)
  // The default transform sends the buffer of a view.
  if (ArrayBuffer.isView(copy)) copies.add(copy.buffer)
  return copy
}

/** The request, when axios has called the adapter. An interceptor may have given the body. */
export function capture(config: Config, adapter: AxiosAdapter, url: string, uma: UmaRequestOptions): CapturedRequest {
  const data = copies.delete(Object(config.data)) ? config.data : captureBody(config.data, copiedView)
  const buffers = uma.buffer === true && isOneShot(data)
  // An instance of npm form-data knows its boundary.
  if (buffers) config.headers.set((data as { getHeaders?(): HeaderPatch }).getHeaders?.() ?? {})
  return { adapter, config, url, data, makeBody: uma.body, bufferBody: buffers ? bufferOnce(data) : undefined }
}
