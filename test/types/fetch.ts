/** Compiled by tsc, never run: `requester.fetch` stands wherever `fetch` does, and `uma` is ours alone. */

import crossFetch from 'cross-fetch'
import nodeFetch from 'node-fetch'
import * as undici from 'undici'
import {
  createRequester,
  none,
  type Requester,
  type UmaFetch,
  type UmaRequestInit,
  type UmaStorage,
} from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'

declare const requester: Requester

export const standsIn: typeof fetch = requester.fetch
export const wrapped: typeof fetch = requester.wrapFetch(fetch)
// Any function like `fetch` may send (R17).
export const byUndici: typeof fetch = requester.wrapFetch(undici.fetch)
export const byNodeFetch: typeof fetch = requester.wrapFetch(nodeFetch)
export const byCrossFetch: typeof fetch = requester.wrapFetch(crossFetch)
export const byMock: typeof fetch = requester.wrapFetch(async () => ({ status: 200, text: async () => 'x' }))
export const byOwn: typeof fetch = requester.wrapFetch((input, init) => fetch(input, init))
createRequester({ authorizationServers: [], fetch: (input, init) => fetch(input, { ...init, keepalive: false }) })
// @ts-expect-error: an answer has a status
requester.wrapFetch(async () => 'x')
export const named: UmaFetch = requester.fetch
globalThis.fetch = requester.fetch

const url = 'https://photos.example.com/alice/1.jpg'
await requester.fetch(url, {
  method: 'PUT',
  body: 'x',
  uma: { maxFlowsPerRequest: 2, scope: 'read write', parameters: { audience: 'x', permission: ['a', 'b'] } },
})
await requester.fetch(new Request(url), { uma: false })
await requester.fetch(new URL(url), {
  uma: { body: () => new Blob(['x']).stream(), preflight: true, interactive: false },
})
await requester.fetch(url, { uma: { buffer: true } })
// @ts-expect-error: no such option
await requester.fetch(url, { uma: { maxFlow: 2 } })
// @ts-expect-error: false or options
await requester.fetch(url, { uma: true })

// The global RequestInit is not augmented.
// @ts-expect-error: `uma` is not an option of fetch
await fetch(url, { uma: false })
// @ts-expect-error: nor of RequestInit
export const init: RequestInit = { uma: false }
export const ours: UmaRequestInit = { uma: false, method: 'GET' }
export const goes: RequestInit = ours

// A `Map` has the functions of a storage.
export const storage: UmaStorage = new Map()
export const typed: UmaStorage = new Map<string, string>()
createRequester({
  authorizationServers: [{ issuer: 'https://as.example.com', hosts: 'any', client: { id: 'spa', auth: none() } }],
  storage: keyValueStorage(new Map()),
})
createRequester({
  authorizationServers: [{ issuer: 'https://as.example.com', hosts: 'any', client: { id: 'spa', auth: none() } }],
  // @ts-expect-error: a storage function makes a storage of a Map
  storage: new Map(),
})
// @ts-expect-error: values are strings
export const numbers: UmaStorage = new Map<string, number>()

// @ts-expect-error: hosts is required
createRequester({ authorizationServers: [{ issuer: 'https://as.example.com', client: { id: 'spa' } }] })
