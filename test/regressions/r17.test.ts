/** R17: the types accept the fetch functions that work at run time. `test/types/fetch.ts` has the types alone. */

import * as undici from 'undici'
import { expect, test } from 'vitest'
import { path } from '../flows/kit.ts'
import { startWorld } from '../helpers/world.ts'

test('R17: the fetch of undici', async () => {
  const world = await startWorld()
  const fetch = world.requester().wrapFetch(undici.fetch)
  const response = await fetch(world.host.origin + path, { method: 'PUT', body: 'x', uma: { scope: 'write' } })
  expect(response.status).toBe(200)
})

test('R17: the fetch of undici with a dispatcher', async () => {
  const world = await startWorld()
  const dispatcher = new undici.Agent({ keepAliveTimeout: 10 })
  const fetch = world
    .requester()
    .wrapFetch((input: string, init?: undici.RequestInit) => undici.fetch(input, { ...init, dispatcher }))
  expect((await fetch(world.host.origin + path)).status).toBe(200)
  await dispatcher.close()
})
