/** The callback page in the popup: it calls `handleCallback(requester)`, or nothing at all (R10). */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { agreeAs, type Bench, bobOnly, ready, secretsOf, startBench, useBrowser } from './kit.ts'

useBrowser()

interface Asked {
  status?: number
  code?: string
  message?: string
}

/** Asks for a photo in a popup that comes back to `/callback`, whose page does nothing by itself. */
async function ask({ page, context, places }: Bench, redirectUri = `${places.app}/callback`): Promise<Page> {
  const opened = context.waitForEvent('page')
  await page.evaluate(
    ([places, redirectUri]) => {
      const { make, popupRedirect, thrown, results } = window.lib
      const requester = make(places, { redirectUri, onRedirect: popupRedirect() })
      const asked = requester.fetch(`${places.host}/alice/1.jpg`)
      results.push(asked.then(({ status }) => ({ status }), thrown))
    },
    [places, redirectUri] as const,
  )
  const popup = await opened
  await popup.waitForURL(/\/rqp_claims\?/)
  return popup
}

const outcome = ({ page }: Bench): Promise<Asked> => page.evaluate(() => window.lib.results[0] as Promise<Asked>)

const gone = async (popup: Page): Promise<void> => {
  if (!popup.isClosed()) await popup.waitForEvent('close')
}

/** The person agrees, and the callback page has run its script. */
async function comeBack({ places }: Bench, popup: Page): Promise<void> {
  await agreeAs(popup, 'bob')
  await popup.waitForURL(`${places.app}/callback?*`)
  await ready(popup)
}

/** The callback page calls `handleCallback` with a requester of its own, as an app would configure it. */
const finish = (popup: Page, { places }: Bench, handler: 'popup' | 'page' = 'popup') =>
  popup.evaluate(
    async ([places, handler]) => {
      const { make, popupRedirect, pageRedirect, webStorage, handleCallback, thrown } = window.lib
      // The window stays, so that the test can look at it.
      Object.assign(window, { close: () => {} })
      const requester = make(places, {
        requestingParty: 'bob',
        storage: webStorage(sessionStorage),
        redirectUri: `${places.app}/callback`,
        onRedirect: handler === 'popup' ? popupRedirect() : pageRedirect(),
      })
      const callback = handleCallback(requester)
      const cleaned = location.href
      return { cleaned, callback: await callback.catch(thrown) }
    },
    [places, handler] as const,
  )

test('handleCallback hands the URL to the page that opened the popup', async () => {
  const bench = await startBench(bobOnly)
  const popup = await ask(bench)
  await comeBack(bench, popup)
  expect(await finish(popup, bench)).toEqual({
    cleaned: `${bench.places.app}/callback`,
    callback: { finished: true, handedOver: true },
  })
  expect(await outcome(bench)).toEqual({ status: 200 })
  const left = await bench.page.evaluate(() => [location.href, window.lib.events, { ...sessionStorage }])
  const text = JSON.stringify([left, bench.said])
  expect(secretsOf(bench.world).filter((secret) => text.includes(secret))).toEqual([])
})

test('handleCallback closes the popup', async () => {
  const bench = await startBench(bobOnly)
  const popup = await ask(bench)
  await comeBack(bench, popup)
  await popup
    .evaluate((places) => {
      const { make, popupRedirect, handleCallback } = window.lib
      void handleCallback(make(places, { onRedirect: popupRedirect() }))
    }, bench.places)
    .catch(() => {})
  await gone(popup)
  expect(await outcome(bench)).toEqual({ status: 200 })
  expect(bench.context.pages()).toHaveLength(1)
})

test('a state that nobody waits for: invalid_state, and the address bar is clean', async () => {
  const bench = await startBench(bobOnly)
  const page = await bench.open('/callback?ticket=evil&state=made-up')
  const { cleaned, callback } = await finish(page, bench, 'page')
  expect(cleaned).toBe(`${bench.places.app}/callback`)
  expect(callback).toMatchObject({ code: 'invalid_state' })
})

test('R10: a callback page that calls neither function', async () => {
  const bench = await startBench(bobOnly)
  const popup = await ask(bench)
  await comeBack(bench, popup)
  const error = await outcome(bench)
  expect(error).toMatchObject({ code: 'redirect_failed' })
  expect(error.message).toContain('handleCallback()')
  expect(error.message).toContain('completePopup()')
  await gone(popup)
})

test('R10: a router that leaves the callback page', async () => {
  const bench = await startBench(bobOnly)
  const popup = await ask(bench)
  await comeBack(bench, popup)
  // Long enough for the page that opened the popup to see the callback page.
  await popup.waitForTimeout(1000)
  await popup.evaluate(() => history.replaceState(null, '', '/home')).catch(() => {})
  expect((await outcome(bench)).message).toContain('handleCallback()')
})

test('a redirect URI at another origin cannot work: the error says so, and no window opens', async () => {
  const bench = await startBench(bobOnly)
  const error = await bench.page.evaluate((places) => {
    const { make, popupRedirect, thrown } = window.lib
    const requester = make(places, { redirectUri: 'https://elsewhere.example/callback', onRedirect: popupRedirect() })
    return requester.fetch(`${places.host}/alice/1.jpg`).then(({ status }) => ({ status }), thrown)
  }, bench.places)
  expect(error).toMatchObject({ code: 'redirect_failed' })
  expect((error as Asked).message).toContain(bench.places.app)
  expect(bench.context.pages()).toHaveLength(1)
})
