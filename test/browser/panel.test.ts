/** The share panel in a frame, in Chromium: who may show it, and that it works there, by mouse, by keyboard and without script. */
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { toNodeListener } from '../../src/host/node-handler.ts'
import { createPanel, type PanelOptions } from '../../src/host/panel.ts'
import { launchChromium, servePage } from '../helpers/chromium.ts'
import { listen, send } from '../helpers/http.ts'
import { byCookie, type ListedHost, listedHost } from '../host/panel-kit.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

const uri = '/alice/lake.jpg'
const query = `?uri=${encodeURIComponent(uri)}&name=${encodeURIComponent('Still <b>water</b>')}`

interface Scene {
  host: ListedHost
  photos: string
  as: string
  context: BrowserContext
  said: string[]
  /** Opens a page of another server that shows the panel in a frame. */
  embedded(by: string): Promise<{ page: Page; frame: Frame }>
}

async function scene(
  ancestors: (names: Names) => string[],
  more: BrowserContextOptions = {},
  options: Partial<PanelOptions> = {},
): Promise<Scene> {
  const names: Names = { album: '', evil: '', stranger: '' }
  const as = await listen((_req, res) =>
    send(res, { status: 200, headers: { 'content-type': 'text/html' }, body: '<title>AS</title>' }),
  )
  const host = listedHost()
  host.authorizationUrl = async () => `${as.origin}/authorize`
  const policy = host.protect
  host.protect = async (wanted) => Object.assign(await policy(wanted), { policyUri: `${as.origin}/policy` })
  let panel: ReturnType<typeof createPanel> | undefined
  const photos = await listen(
    toNodeListener(
      (request) =>
        (request.url.endsWith('/sign-in') ? undefined : panel?.(request)) ??
        new Response('hello', { headers: { 'set-cookie': 'session=alice; SameSite=None; Secure' } }),
    ),
  )
  const html = `<!doctype html><title>page</title><iframe src="${photos.origin}/panel${query}" width="320" height="90"></iframe>`
  // Another port is another origin, of the same site; another name is another site.
  const [album, evil, stranger] = await Promise.all([
    servePage({ html }),
    servePage({ html }),
    servePage({ html, host: 'stranger.localhost' }),
  ])
  Object.assign(names, { album: album.origin, evil: evil.origin, stranger: stranger.origin })
  panel = createPanel(host, {
    owner: byCookie,
    mayShare: (owner, path) => path.startsWith(`/${owner}/`),
    frameAncestors: ancestors(names),
    ...options,
  })
  const context = await browser.newContext({ viewport: { width: 400, height: 200 }, ...more })
  context.setDefaultTimeout(90_000)
  // A session that other sites' frames and forms carry too: the panel may not lean on SameSite.
  const signIn = await context.newPage()
  await signIn.goto(`${photos.origin}/sign-in`)
  await signIn.close()
  onTestFinished(async () => {
    await context.close()
    await Promise.all([photos, album, evil, stranger, as].map(({ close }) => close()))
  })
  const said: string[] = []
  context.on('console', (message) => said.push(message.text()))
  return {
    host,
    photos: photos.origin,
    as: as.origin,
    context,
    said,
    async embedded(by) {
      const page = await context.newPage()
      await page.goto(by)
      const frame = page.frames()[1]
      if (!frame) throw new Error('no frame')
      await frame.waitForLoadState()
      return { page, frame }
    },
  }
}

interface Names {
  album: string
  evil: string
  stranger: string
}

let places: Names
const albumOnly = (names: Names): string[] => {
  places = names
  return [names.album]
}

test('in a frame of the page that may show it: share!, settings in a window of its own, stop sharing', async () => {
  const { embedded, host, as, context, said } = await scene(albumOnly)
  const { page, frame } = await embedded(places.album)
  expect(await frame.textContent('.what')).toBe('Still <b>water</b>')
  await frame.click('text=share!')
  await frame.waitForSelector('text=stop sharing')
  expect(host.resources.get(uri)).toMatchObject({ owner: 'alice', name: 'Still <b>water</b>' })
  const [settings] = await Promise.all([context.waitForEvent('page'), frame.click('text=settings')])
  await settings.waitForURL(`${as}/policy`)
  expect(await settings.evaluate(() => [globalThis.opener, document.referrer])).toEqual([null, ''])
  await frame.click('text=stop sharing')
  await frame.waitForSelector('text=share!')
  expect(host.resources.size).toBe(0)
  expect(page.url()).toBe(`${places.album}/`)
  expect(said).toEqual([])
})

test('in a frame of any other page there is nothing to click, of the same site or another', async () => {
  const { embedded, host, photos } = await scene(albumOnly)
  for (const by of [places.evil, places.stranger]) {
    const { page, frame } = await embedded(by)
    expect(frame.url()).toBe('chrome-error://chromewebdata/')
    expect(await frame.$$('button, a[target]')).toEqual([])
    await page.close()
  }
  expect(host.calls).toEqual([])
  // A frame in an allowed frame is no better than the page around both.
  const { page, frame } = await embedded(places.evil)
  await page.evaluate((album) => {
    const outer = document.querySelector('iframe')
    if (outer) outer.src = album
  }, places.album)
  await page.waitForTimeout(500)
  const inner = page.frames().find((one) => one.parentFrame() === frame)
  expect(inner?.url().startsWith(photos)).not.toBe(true)
})

test('by default only a page of the same origin may', async () => {
  const { embedded } = await scene((names) => {
    places = names
    return ['self']
  })
  const { frame } = await embedded(places.album)
  expect(frame.url()).toBe('chrome-error://chromewebdata/')
})

test("another site's form is refused, even with a token that is good", async () => {
  const { embedded, host, photos, context } = await scene(albumOnly)
  const { frame } = await embedded(places.album)
  const token = await frame.getAttribute('input[name=token]', 'value')
  for (const site of [places.evil, places.stranger]) {
    const page = await context.newPage()
    await page.goto(site)
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.evaluate(
        ([action, token]) => {
          document.body.innerHTML = `<form method="post" action="${action}"><input name="token" value="${token}"><input name="action" value="share"></form>`
          document.forms[0]?.submit()
        },
        [`${photos}/panel${query}`, token],
      ),
    ])
    const sent = await answer.request().allHeaders()
    expect([answer.status(), sent.cookie]).toEqual([403, 'session=alice'])
  }
  expect(host.calls).toEqual([])
})

test('by keyboard: the button is reached and seen, and the next one has the focus after it', async () => {
  const { context, photos } = await scene(albumOnly)
  const page = await context.newPage()
  await page.goto(`${photos}/panel${query}`)
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement as Element)
      return [activeElement?.textContent, outlineStyle, outlineWidth]
    })
  await page.keyboard.press('Tab')
  expect(await focused()).toEqual(['share!', 'solid', '3px'])
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=stop sharing')
  expect(await focused()).toEqual(['settings', 'solid', '3px'])
  await page.keyboard.press('Tab')
  expect((await focused())[0]).toBe('stop sharing')
  expect(await page.getByRole('link').getAttribute('aria-label')).toBe('settings (opens a new window)')
  expect(await page.getByRole('status').textContent()).toBe('shared')
})

test('without script', async () => {
  const { embedded, host } = await scene(albumOnly, { javaScriptEnabled: false })
  const { frame } = await embedded(places.album)
  await frame.click('text=share!')
  await frame.waitForSelector('text=stop sharing')
  expect(host.resources.size).toBe(1)
})

test('who has not agreed yet is taken to the authorization server with the whole window', async () => {
  const { embedded, host, as, said } = await scene(albumOnly)
  host.strangers.add('alice')
  const { page, frame } = await embedded(places.album)
  await frame.click('text=share!')
  await page.waitForURL(`${as}/authorize`)
  expect(said).toEqual([])
})

test('its style is let in by the policy, follows the system in the dark, and fits a narrow frame', async () => {
  const { embedded, host, said } = await scene(
    albumOnly,
    { colorScheme: 'dark' },
    { theme: { accent: 'rgb(1, 2, 3)', dark: { accent: 'rgb(7, 8, 9)' } } },
  )
  await host.protect({ url: uri, owner: 'alice' })
  await host.unprotect(uri)
  const { page, frame } = await embedded(places.album)
  const background = () => frame.$eval('.share', (button) => getComputedStyle(button).backgroundColor)
  expect(await background()).toBe('rgb(7, 8, 9)')
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await background()).toBe('rgb(1, 2, 3)')
  await page.$eval('iframe', (element) => {
    element.width = '150'
  })
  expect(await frame.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(150)
  expect(said).toEqual([])
})
