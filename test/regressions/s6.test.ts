/** S6: the recipe for axios-cache-interceptor keeps the answers of each requesting party apart. */
import axios, { type AxiosInstance } from 'axios'
import { setupCache } from 'axios-cache-interceptor'
import { expect, test, vi } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { Requester } from '../../src/index.ts'
import { claim, path, umaRejection } from '../flows/kit.ts'
import { onlySubjects } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'

vi.mock('uma-requester/axios', () => import('../../src/axios.ts'))

interface Recipe {
  cachedApis(requester: Requester): { apiOf(user: string): AxiosInstance; signOut(user: string): Promise<void> }
}
const { cachedApis }: Recipe = await import(
  new URL('../../examples/recipes/axios-cache-interceptor.mjs', import.meta.url).href
)

/** Only Alice may see the photo. */
async function photos(): Promise<{ world: World; requester: Requester; url: string }> {
  const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
  const requester = world.requester({
    requestingParty: 'nobody',
    claims: (_required, { requestingParty }) => claim(requestingParty),
  })
  return { world, requester, url: world.host.origin + path }
}

test('S6: Alice is served from the cache, and Bob is not', async () => {
  const { world, requester, url } = await photos()
  const { apiOf } = cachedApis(requester)
  const first = await apiOf('alice').get(url)
  world.recorder.clear()
  const second = await apiOf('alice').get(url)
  expect(second.data).toEqual(first.data)
  expect(world.lines()).toEqual([])
  expect((await umaRejection(apiOf('bob').get(url))).code).toMatch(/need_info|request_denied/)
})

test('S6: after the sign-out of Alice nothing comes from her cache', async () => {
  const { world, requester, url } = await photos()
  const { apiOf, signOut } = cachedApis(requester)
  await apiOf('alice').get(url)
  await signOut('alice')
  world.recorder.clear()
  await apiOf('alice').get(url)
  expect(world.lines()[0]).toBe(`GET host ${path} 401`)
})

test('S6: the recipe is needed: one cache for two parties gives Bob the photo of Alice', async () => {
  const { world, requester, url } = await photos()
  const shared = setupCache(axios.create())
  const detach = attachRequester(shared, requester.as('alice'))
  await shared.get(url)
  detach()
  attachRequester(shared, requester.as('bob'))
  world.recorder.clear()
  expect((await shared.get(url)).status).toBe(200)
  expect(world.lines()).toEqual([])
})
