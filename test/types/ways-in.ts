/** Compiled by tsc, never run: the `uma` option of axios and ky. */
import axios, { type AxiosRequestConfig } from 'axios'
import ky, { type Options } from 'ky'
import { attachRequester } from '../../src/axios.ts'
import type { Requester } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'

declare const requester: Requester
const url = 'https://photos.example.com/alice/1.jpg'

const api = axios.create({ baseURL: url, uma: { maxFlowsPerRequest: 2 } })
export const detach: () => void = attachRequester(api, requester)
attachRequester(axios, requester)
await api.get(url, { uma: false })
await api.post(url, 'x', { uma: { scope: 'write', body: () => 'x' } })
export const config: AxiosRequestConfig = { uma: { interactive: false } }
api.interceptors.request.use((own) => (own.uma === false ? own : { ...own, uma: { ...own.uma, preflight: true } }))
// @ts-expect-error: no such option
await api.get(url, { uma: { flows: 1 } })

const extended = extendKy(ky, requester)
await extended.get(url, { uma: false }).json()
await extended.post(url, { json: {}, uma: { parameters: { audience: 'x' } } })
export const again = extendKy(ky.create({ retry: 0 }), requester).extend({ uma: { maxFlowsPerRequest: 3 } })
export const options: Options = { uma: { buffer: true } }
// @ts-expect-error: no such option
await extended.get(url, { uma: { flows: 1 } })
