/** The adapters over a `run` that a test writes, and a server that records their requests. */
import axios from 'axios'
import ky from 'ky'
import { onTestFinished } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import { createFetch } from '../../src/fetch.ts'
import { extendKy } from '../../src/ky.ts'
import type { RunRequest } from '../../src/request/request-driver.ts'
import { type PlainServer, startPlainServer } from '../helpers/plain-server.ts'
import { axiosSend, initOf, type Send } from '../ways-in/kit.ts'

export interface Adapter {
  name: 'fetch' | 'fetch(Request)' | 'axios http' | 'axios fetch' | 'ky'
  /** Sends requests through `run`. */
  over(run: RunRequest): Send
}

const received = async (response: Response) => ({ status: response.status, text: await response.text() })

const axiosOver =
  (adapter: 'http' | 'fetch') =>
  (run: RunRequest): Send => {
    const api = axios.create({ adapter })
    attachRequester(api, { run })
    return axiosSend(api)
  }

export const adapters: Adapter[] = [
  {
    name: 'fetch',
    over: (run) => {
      const fetch = createFetch(run, () => globalThis.fetch)
      return async (url, options = {}) => received(await fetch(url, initOf(options)))
    },
  },
  {
    name: 'fetch(Request)',
    over: (run) => {
      const fetch = createFetch(run, () => globalThis.fetch)
      return async (url, { uma, ...options } = {}) =>
        received(await fetch(new Request(url, initOf(options)), uma === undefined ? {} : { uma }))
    },
  },
  { name: 'axios http', over: axiosOver('http') },
  { name: 'axios fetch', over: axiosOver('fetch') },
  {
    name: 'ky',
    over: (run) => {
      const api = extendKy(ky, { wrapFetch: (fetch) => createFetch(run, () => fetch) })
      return async (url, options = {}) =>
        received(await api(url, { ...(initOf(options) as object), throwHttpErrors: false, retry: 0 }))
    },
  },
]

/** A server that answers every request with 200. It is closed when the test is over. */
export async function startEcho(): Promise<PlainServer> {
  const server = await startPlainServer(async (req, res) => {
    await req.toArray()
    res.setHeader('content-type', 'text/plain')
    res.end('echo')
  })
  onTestFinished(() => server.close())
  return server
}
