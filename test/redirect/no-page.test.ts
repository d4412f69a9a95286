/** Handlers that need a page, in a program without one (finding E9), and the address bar of a page. */
import { afterEach, expect, test, vi } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import type { OpenableRedirectHandler, Requester } from '../../src/index.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { completePopup, popupRedirect } from '../../src/redirect/popup.ts'
import { REDIRECT_URI, umaRejection } from '../flows/kit.ts'
import { pages } from '../flows/page-kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'

afterEach(() => void vi.unstubAllGlobals())

test.each<[string, OpenableRedirectHandler]>([
  ['pageRedirect', pageRedirect()],
  ['popupRedirect', popupRedirect()],
  ['popupRedirect', popupRedirect({ openEarly: true })],
])('E9: %s on a server', async (name, onRedirect) => {
  const world = await startWorld({ as: { policy: onlyPeople('alice') } })
  const close = onRedirect.early?.()
  const error = await umaRejection(
    world.requester({ onRedirect, redirectUri: REDIRECT_URI }).fetch(`${world.host.origin}/alice/1.jpg`),
  )
  close?.()
  expect(error).toMatchObject({ code: 'interaction_required', issuer: world.as.issuer })
  expect(error.message).toBe(`${name} needs a page; it was called on a server`)
})

test('E9: completePopup on a server', async () => {
  await expect(completePopup()).rejects.toThrow('completePopup needs a page; it was called on a server')
})

test('handleCallback without a URL on a server', async () => {
  const world = await startWorld()
  await expect(handleCallback(world.requester())).rejects.toThrow('give the URL of the return as the second argument')
})

test.each<[string, (requester: Requester) => ReturnType<typeof handleCallback>]>([
  ['without a URL', (requester) => handleCallback(requester)],
  ['with location.href', (requester) => handleCallback(requester, globalThis.location.href)],
])('%s, the address bar is cleaned before anything is awaited', async (_how, call) => {
  const { world, load, leave } = await pages()
  const location = { href: await leave(load()) }
  const requester = load()
  vi.stubGlobal('location', location)
  vi.stubGlobal('history', {
    replaceState(_state: unknown, _title: string, url: URL) {
      location.href = url.href
    },
  })
  const first = call(requester)
  expect(location.href).toBe(REDIRECT_URI)
  // React's StrictMode calls twice. The second call finds a clean address bar.
  const second = call(requester)
  expect([(await first).kind, (await second).kind]).toEqual(['ticket', 'ticket'])
  expect(world.as.stats.ticketsReplayed).toBe(0)
  await expect(call(requester)).rejects.toMatchObject({ code: 'invalid_state' })
})
