/** The examples of the public API that run in pages, in Chromium. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { agreeAs, bobOnly } from '../browser/kit.ts'
import { bundleForBrowser, launchChromium, servePage } from '../helpers/chromium.ts'
import type { World } from '../helpers/world.ts'
import { photo, redirectPages, startServers } from './design-kit.ts'

let browser: Browser
let script = ''

beforeAll(async () => {
  const source = readFileSync(new URL('design-page.ts', import.meta.url), 'utf8')
  // The bundler resolves the imports from the folder `test`.
  const entry = source.replaceAll("'../../examples/", "'../examples/")
  ;[browser, script] = await Promise.all([launchChromium(), bundleForBrowser(entry)])
})
afterAll(() => browser?.close())

const html =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Album</title><button>Show</button><output></output>'

/** Opens a page of the app. */
async function openPage(path: string): Promise<{ world: World; page: Page; origin: string }> {
  const app = await servePage({ html, scripts: [script] })
  const world = await startServers([`${app.origin}/page/callback`, `${app.origin}/popup/callback`], bobOnly)
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  onTestFinished(async () => {
    await context.close()
    await app.close()
  })
  await redirectPages(world, context)
  const page = await context.newPage()
  await page.goto(app.origin + path)
  await page.waitForSelector('html[data-ready]', { state: 'attached' })
  return { world, page, origin: app.origin }
}

/** The photo that the page shows. */
async function shown(page: Page): Promise<unknown> {
  await page.waitForFunction(() => document.querySelector('output')?.textContent)
  return JSON.parse((await page.textContent('output')) ?? '')
}

test('the person leaves the page and comes back to the callback page', async () => {
  const { world, page, origin } = await openPage('/page')
  await page.click('button')
  await page.waitForURL(/\/rqp_claims/)
  await agreeAs(page, 'bob')
  await page.waitForURL(`${origin}/page/callback`)
  expect(await shown(page)).toMatchObject({ path: '/alice/1.jpg' })
  expect([await page.title(), page.url()]).toEqual([`Back for ${photo}`, `${origin}/page/callback`])
  expect(world.as.stats.rptsIssued).toBe(1)
})

test('the person goes away in a popup, and the page stays', async () => {
  const { world, page, origin } = await openPage('/popup')
  const opening = page.waitForEvent('popup')
  await page.click('button')
  const popup = await opening
  await popup.waitForURL(/\/rqp_claims/)
  const closing = popup.waitForEvent('close')
  await agreeAs(popup, 'bob')
  expect(await shown(page)).toMatchObject({ path: '/alice/1.jpg' })
  await closing
  expect(page.url()).toBe(`${origin}/popup`)
  expect(world.as.stats.rptsIssued).toBe(1)
  const other = await page.context().newPage()
  await other.goto(`${origin}/popup`)
  await other.click('button')
  expect(await shown(other)).toMatchObject({ path: '/alice/1.jpg' })
  expect(world.as.stats.rptsIssued).toBe(1)
})
