/** The ways in, made alike: a test written once runs through fetch, both adapters of axios, and ky. */

import { inspect } from 'node:util'
import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios'
import ky from 'ky'
import { expect } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { findUmaError } from '../../src/errors/index.ts'
import { isUmaError, type Requester, type UmaError, type UmaRequestOptions } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'

export interface SendOptions {
  method?: string
  headers?: Record<string, string>
  body?: unknown
  uma?: UmaRequestOptions | false
  signal?: AbortSignal
}

export interface Received {
  status: number
  text: string
}

/** Sends one request and gives the answer, whatever its status; rejects with what the way in rejects with. */
export type Send = (url: string, options?: SendOptions) => Promise<Received>

export interface WayIn {
  name: 'fetch' | 'axios http' | 'axios fetch' | 'ky'
  attach(requester: Requester): Send
}

/** Options as `RequestInit`: a stream needs `duplex` in Node. */
export function initOf({ body, ...rest }: SendOptions): RequestInit & { uma?: UmaRequestOptions | false } {
  const init = body === undefined ? rest : { ...rest, body: body as BodyInit }
  return (isStream(body) ? { ...init, duplex: 'half' } : init) as RequestInit
}

const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)

const received = async (response: Response): Promise<Received> => ({
  status: response.status,
  text: await response.text(),
})

export function axiosSend(api: AxiosInstance): Send {
  return async (url, { body, ...rest } = {}) => {
    try {
      const { status, data } = await api.request({
        url,
        ...(body !== undefined && { data: body }),
        transformResponse: [(text) => text],
        ...rest,
      })
      return { status, text: String(data ?? '') }
    } catch (error) {
      if (!axios.isAxiosError(error) || isUmaError(error.cause) || !error.response) throw error
      return { status: error.response.status, text: String(error.response.data ?? '') }
    }
  }
}

export function attachedAxios(requester: Requester, defaults: CreateAxiosDefaults): AxiosInstance {
  const api = axios.create(defaults)
  attachRequester(api, requester)
  return api
}

export const byFetch: WayIn = {
  name: 'fetch',
  attach:
    (requester) =>
    async (url, options = {}) =>
      received(await requester.fetch(url, initOf(options))),
}
export const byAxiosHttp: WayIn = {
  name: 'axios http',
  attach: (requester) => axiosSend(attachedAxios(requester, { adapter: 'http' })),
}
export const byAxiosFetch: WayIn = {
  name: 'axios fetch',
  attach: (requester) => axiosSend(attachedAxios(requester, { adapter: 'fetch' })),
}
export const byKy: WayIn = {
  name: 'ky',
  attach: (requester) => {
    const api = extendKy(ky, requester)
    return async (url, options = {}) =>
      received(await api(url, { ...(initOf(options) as object), throwHttpErrors: false }))
  },
}

export const waysIn: WayIn[] = [byFetch, byAxiosHttp, byAxiosFetch, byKy]

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`resolved with ${inspect(value)}`),
    (error: unknown) => error,
  )
}

/** The `UmaError` that a way in rejected with: itself, or an `AxiosError`'s cause. */
export function umaErrorOf(error: unknown): UmaError & { flows?: number } {
  const found = findUmaError(error)
  if (!found) throw new Error('not a UmaError', { cause: error })
  return found
}

/** The same of a promise that must reject. */
export const umaRejection = async (promise: Promise<unknown>): Promise<UmaError & { flows?: number }> =>
  umaErrorOf(await rejection(promise))

/** The host's last answer from an error, read to its end: a `Response`, or axios's response. */
export async function responseOf(error: unknown): Promise<Received> {
  const { response } = umaErrorOf(error)
  if (response instanceof Response) return received(response)
  const { status, data } = response as { status: number; data: unknown }
  return { status, text: typeof data === 'string' ? data : JSON.stringify(data) }
}
