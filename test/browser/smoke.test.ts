import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleForBrowser, launchChromium, servePage } from '../helpers/chromium.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

test('Chromium starts, opens a page and runs the library in it', async () => {
  const script = await bundleForBrowser(`
    import { createRequester, none } from 'uma-requester'
    const issuer = 'http://127.0.0.1:9'
    const requester = createRequester({ authorizationServers: [{ issuer, hosts: [issuer], client: { id: 'spa', auth: none() } }] })
    const response = await requester.fetch('/anything')
    document.title = [response.status, (await response.text()).includes('hello')].join()
  `)
  const page = await servePage({ html: '<!doctype html><p>hello</p>', scripts: [script] })
  try {
    const tab = await browser.newPage()
    const problems: string[] = []
    tab.on('pageerror', (error) => problems.push(String(error)))
    await tab.goto(page.origin)
    await tab.waitForFunction(() => document.title !== '')
    expect(problems).toEqual([])
    expect(await tab.title()).toBe('200,true')
  } finally {
    await page.close()
  }
})

test('secure context, storage and locks are there on loopback', async () => {
  const page = await servePage({})
  try {
    const tab = await browser.newPage()
    await tab.goto(page.origin)
    const has = await tab.evaluate(() => [
      isSecureContext,
      typeof indexedDB,
      typeof navigator.locks,
      typeof crypto.subtle,
    ])
    expect(has).toEqual([true, 'object', 'object', 'object'])
  } finally {
    await page.close()
  }
})
