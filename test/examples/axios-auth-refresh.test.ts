/** examples/recipes/axios-auth-refresh.mjs: only a 401 that is no refusal of a flow renews the session. */
import type { AxiosInstance } from 'axios'
import { expect, test, vi } from 'vitest'
import type { Requester } from '../../src/index.ts'
import { path, umaRejection } from '../flows/kit.ts'
import { denyAll } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'

vi.mock('uma-requester', () => import('../../src/index.ts'))
vi.mock('uma-requester/axios', () => import('../../src/axios.ts'))

const { apiFor }: { apiFor(requester: Requester, refresh: () => Promise<unknown>): AxiosInstance } = await import(
  new URL('../../examples/recipes/axios-auth-refresh.mjs', import.meta.url).href
)

function apiOf(world: World) {
  let refreshes = 0
  const api = apiFor(world.requester(), async () => void refreshes++)
  return { api, refreshes: () => refreshes }
}

test('a place that opens: no refresh of the session', async () => {
  const world = await startWorld()
  const { api, refreshes } = apiOf(world)
  expect((await api.get(world.host.origin + path)).status).toBe(200)
  expect(refreshes()).toBe(0)
})

test('a denial: one flow, and no refresh of the session', async () => {
  const world = await startWorld({ as: { policy: denyAll } })
  const { api, refreshes } = apiOf(world)
  expect((await umaRejection(api.get(world.host.origin + path))).code).toBe('request_denied')
  expect(refreshes()).toBe(0)
  expect(world.as.stats.tokenRequests).toBe(1)
})

test('a 401 of the application: the session is refreshed, and the request is sent again', async () => {
  const world = await startWorld()
  const { api, refreshes } = apiOf(world)
  let answers = 0
  world.host.quirks.answer = (answer) => (answers++ === 0 ? { status: 401 } : answer)
  expect((await api.get(world.host.origin + path)).status).toBe(200)
  expect(refreshes()).toBe(1)
})
