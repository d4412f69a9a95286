/** E4: under each library that retries, a certain denial costs one flow, and an error that may pass is retried. */
import type { QueryClient } from '@tanstack/query-core'
import type { AxiosInstance } from 'axios'
import { describe, expect, test, vi } from 'vitest'
import { findUmaError, type Requester } from '../../src/index.ts'
import { path, rejection, tokenRequests } from '../flows/kit.ts'
import { denyAll } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

vi.mock('uma-requester', () => import('../../src/index.ts'))
vi.mock('uma-requester/axios', () => import('../../src/axios.ts'))

interface Recipes {
  withPRetry(requester: Requester, url: string): Promise<Response>
  queryClient: QueryClient
  ofetchFor(requester: Requester): (url: string) => Promise<unknown>
  wretchFor(requester: Requester): { get(url: string): { res(): Promise<Response> } }
  axiosFor(requester: Requester): AxiosInstance
}
const recipes: Recipes = await import(new URL('../../examples/recipes/retries.mjs', import.meta.url).href)

const libraries: [string, (requester: Requester, url: string) => Promise<unknown>][] = [
  ['p-retry', (requester, url) => recipes.withPRetry(requester, url)],
  [
    'TanStack Query',
    (requester, url) => recipes.queryClient.fetchQuery({ queryKey: [url], queryFn: () => requester.fetch(url) }),
  ],
  ['ofetch', (requester, url) => recipes.ofetchFor(requester)(url)],
  ['wretch', (requester, url) => recipes.wretchFor(requester).get(url).res()],
  ['axios-retry', (requester, url) => recipes.axiosFor(requester).get(url)],
]

describe.each(libraries)('E4: %s', (_name, send) => {
  test('E4: a certain denial: one flow', async () => {
    const world = await startWorld({ as: { policy: denyAll } })
    const error = await rejection(send(world.requester(), world.host.origin + path))
    expect(findUmaError(error)).toMatchObject({ code: 'request_denied', retryable: false })
    expect(tokenRequests(world).length).toBe(1)
    expect(world.lines().filter((line) => line.startsWith('GET host'))).toEqual([`GET host ${path} 401`])
  })

  test('E4: an error that may pass: the library retries, and the retry succeeds', async () => {
    const world = await startWorld()
    let failures = 0
    const requester = world.requester({
      fetch: (input, init) => {
        if (!String(input).endsWith('/token') || failures > 0) return fetch(input, init)
        failures += 1
        return Promise.reject(new TypeError('fetch failed'))
      },
    })
    await send(requester, world.host.origin + path)
    expect(failures).toBe(1)
    expect(world.lines().at(-1)).toBe(`GET host ${path} 200`)
  })
})
