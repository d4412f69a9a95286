/** R9: a sign-out elsewhere while a request is under way, and a 401 without a challenge: the caller gets that 401. */

import { expect, onTestFinished, test, vi } from 'vitest'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path } from '../flows/kit.ts'
import { signal, until } from '../helpers/wait.ts'
import { startWorld } from '../helpers/world.ts'

test.each([
  ['in another process', true],
  ['in this process', false],
])('R9: a sign-out %s', async (_where, elsewhere) => {
  const world = await startWorld()
  const options = { storage: keyValueStorage(new Map<string, string>()), requestingParty: 'alice' }
  const requester = world.requester(options)
  const url = world.host.origin + path
  expect((await requester.fetch(url)).status).toBe(200)

  // The host answers this request after the sign-out, and never with a challenge.
  const signedOut = signal()
  world.host.quirks.answer = (answer, { path: at }) =>
    at === path
      ? { status: 401, headers: { 'www-authenticate': 'Bearer realm="other"' }, body: { by: 'host' } }
      : answer
  const slow = world.requester({ ...options })
  const held = slow.wrapFetch(async (input, init) => {
    const answer = await fetch(input, init)
    await signedOut.given
    return answer
  })
  const late = held(url)
  await until(() => world.sent().at(-1)?.status === 401)
  await (elsewhere ? requester : slow).signOut()
  const now = performance.now.bind(performance)
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + 5_001)
  onTestFinished(() => spy.mockRestore())
  // Another request of this process notices the sign-out.
  expect((await slow.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  signedOut.give()
  const response = await late
  expect([response.status, await response.json()]).toEqual([401, { by: 'host' }])
})

test('R9: the party signs out while the request is sent again without its RPT', async () => {
  const world = await startWorld()
  const requester = world.requester({ requestingParty: 'alice' })
  const url = world.host.origin + path
  expect((await requester.fetch(url)).status).toBe(200)
  let signingOut: Promise<void> | undefined
  world.host.quirks.answer = (_answer, { headers }) => {
    if (!headers.authorization) signingOut = requester.signOut()
    return { status: 401, body: { by: headers.authorization ? 'rpt' : 'none' } }
  }
  const response = await requester.fetch(url)
  expect([response.status, await response.json()]).toEqual([401, { by: 'rpt' }])
  expect(signingOut).toBeInstanceOf(Promise)
  await signingOut
})
