/** The code that keeps a flow in the storage is loaded by the handlers that need it, when they need it. */

import { afterEach, expect, test, vi } from 'vitest'
import { LoadError, RedirectNeededError, type RequesterOptions } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { redirectOf, serverRedirect } from '../../src/redirect/server.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path, person, REDIRECT_URI, umaRejection } from '../flows/kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

const part = '../../src/flow/people/keep-flow.ts'

afterEach(() => {
  vi.doUnmock(part)
  vi.resetModules()
})

async function stage(options: Partial<RequesterOptions>) {
  const world = await startWorld({ as: { policy: onlyPeople('alice') } })
  const requester = world.requester({
    storage: keyValueStorage(new Map()),
    requestingParty: 'alice',
    redirectUri: REDIRECT_URI,
    ...options,
  })
  return { world, ask: () => requester.fetch(world.host.origin + path) }
}

function breakPart(): void {
  vi.doMock(part, () => {
    throw new Error('offline')
  })
}

test.each([
  ['pageRedirect', pageRedirect({ navigate: () => {} })],
  ['serverRedirect', serverRedirect()],
])('%s: LoadError, and nobody is sent away', async (name, onRedirect) => {
  breakPart()
  const { world, ask } = await stage({ onRedirect })
  const error = await umaRejection(ask())
  expect(error).toBeInstanceOf(LoadError)
  expect(error.message).toContain(name)
  expect(world.events.map(({ type }) => type)).not.toContain('redirect')
})

test('the next request loads the part again', async () => {
  breakPart()
  const { ask } = await stage({ onRedirect: serverRedirect() })
  expect((await umaRejection(ask())).code).toBe('load_failed')
  vi.doUnmock(part)
  const error = await umaRejection(ask())
  expect(error).toBeInstanceOf(RedirectNeededError)
  expect(redirectOf(error)).toBeDefined()
})

test('a plain function needs no part', async () => {
  breakPart()
  const { ask } = await stage({ onRedirect: person() })
  expect((await ask()).status).toBe(200)
})

test('navigate may reject, and the request rejects with that error', async () => {
  const fault = new Error('no browser')
  const { ask } = await stage({ onRedirect: pageRedirect({ navigate: () => Promise.reject(fault) }) })
  await expect(ask()).rejects.toBe(fault)
  const { ask: askAgain } = await stage({
    onRedirect: pageRedirect({
      navigate() {
        throw fault
      },
    }),
  })
  await expect(askAgain()).rejects.toBe(fault)
})
