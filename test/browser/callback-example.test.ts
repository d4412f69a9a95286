/** examples/callback-browser.mjs, as its reader would bundle it, with a real person's clicks. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Policy, REDIRECT_URI, UMA_TICKET_GRANT } from '../helpers/authorization-server.ts'
import { bundleForBrowser, launchChromium, servePage } from '../helpers/chromium.ts'
import { startWorld } from '../helpers/world.ts'

let browser: Browser
let script = ''

beforeAll(async () => {
  const source = readFileSync(new URL('../../examples/callback-browser.mjs', import.meta.url), 'utf8')
  ;[browser, script] = await Promise.all([launchChromium(), bundleForBrowser(source)])
})
afterAll(() => browser?.close())

/** By their access token, and at the claims page besides. */
const both: Policy = ({ bearerSubject, account }) =>
  account === undefined ? { needInfo: { redirectUser: true } } : account === bearerSubject ? 'grant' : 'deny'

async function stage(policy: Policy) {
  const world = await startWorld({ as: { policy, quirks: { clientAuth: 'bearer-only' } } })
  const html =
    `<!doctype html><html lang="en" data-issuer="${world.as.issuer}" data-host="${world.host.origin}" data-client="page">` +
    '<meta charset="utf-8"><title>One callback</title><button id="show">Show</button>' +
    '<button id="sign-out">Sign out</button><p id="message"></p>'
  const app = await servePage({ html, scripts: [script] })
  const redirect_uris = [`${app.origin}/callback`, REDIRECT_URI]
  await world.as.addClient({
    client_id: 'page',
    token_endpoint_auth_method: 'none',
    redirect_uris,
    claims_redirect_uris: redirect_uris,
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  onTestFinished(async () => {
    await context.close()
    await app.close()
  })
  const page = await context.newPage()
  await page.goto(app.origin)
  await page.waitForSelector('html[data-ready]', { state: 'attached' })
  return { world, app, page }
}

/** Signs in, and agrees to what the app asks for. */
async function signIn(page: Page, who: string): Promise<void> {
  await page.waitForURL(/\/interaction\//)
  await page.selectOption('select[name=login]', who)
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('button[value=continue]')
  await page.waitForSelector('text=asks for')
  await page.click('button[value=continue]')
}

/** Says who they are where the owner wants to know. */
async function agree(page: Page, who: string): Promise<void> {
  await page.waitForURL(/\/rqp_claims/)
  await page.selectOption('select[name=login]', who)
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('button[value=share]')
}

const message = async (page: Page): Promise<string> => {
  await page.waitForFunction(() => document.querySelector('#message')?.textContent)
  return (await page.textContent('#message')) ?? ''
}

test('sign-in, then the claims page, then the photo: one callback for both ways back', async () => {
  const { world, app, page } = await stage(both)
  await page.click('#show')
  await signIn(page, 'bob')
  await agree(page, 'bob')
  expect(await message(page)).toContain('/alice/1.jpg')
  expect(await page.getAttribute('html', 'data-came-back-by')).toBe('ticket')
  expect(page.url()).toBe(`${app.origin}/callback`)
  expect(world.as.stats.rptsIssued).toBe(1)
})

test('sign-in alone; signed out, the next photo needs another', async () => {
  const { app, page } = await stage(({ bearerSubject }) => (bearerSubject ? 'grant' : 'deny'))
  await page.click('#show')
  await signIn(page, 'bob')
  expect(await message(page)).toContain('/alice/1.jpg')
  expect([await page.getAttribute('html', 'data-came-back-by'), page.url()]).toEqual(['code', `${app.origin}/callback`])
  await page.click('#sign-out')
  await page.waitForSelector('text=Good-bye.')
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toMatch(/accessToken|"token"/)
})

test('the owner says no, and the person is told', async () => {
  const { page } = await stage(() => 'deny')
  await page.click('#show')
  await signIn(page, 'bob')
  expect(await message(page)).toBe('The owner does not want you to see this.')
})

test('a way back that nobody waits for', async () => {
  const { app, page } = await stage(both)
  await page.goto(`${app.origin}/callback?code=stolen&state=other`)
  expect([await message(page), page.url()]).toEqual(['Nobody waits for this. Start again.', `${app.origin}/callback`])
})
