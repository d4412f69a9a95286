/** `npm run demo:web`, as somebody sees it who has just found this package. With UMA_SCREENSHOTS=1 it takes the README's pictures. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchChromium } from '../helpers/chromium.ts'
import { agreeAs } from './kit.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const image = (name: string): string => `${root}docs/images/${name}.png`
const pictures = process.env.UMA_SCREENSHOTS === '1'

let browser: Browser
let demo: ChildProcess
let places: { app: string; host: string; as: string }

/** Starts the demo; resolves with what it printed, when it is ready or has ended. */
async function start(...args: string[]): Promise<{ child: ChildProcess; output: string; code: number | null }> {
  const child = spawn(process.execPath, ['demo/web.ts', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const code = await new Promise<number | null>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk
      if (output.includes('Ctrl-C')) resolve(null)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('close', resolve)
  })
  return { child, output, code }
}

beforeAll(async () => {
  const [launched, started] = await Promise.all([launchChromium(), start('--port', '0')])
  browser = launched
  demo = started.child
  const [app = '', host = '', as = ''] = started.output.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? []
  places = { app, host, as }
})
afterAll(async () => {
  await browser?.close()
  demo?.kill('SIGKILL')
})

async function visit(): Promise<{ page: Page; context: BrowserContext; problems: string[] }> {
  await fetch(`${places.app}/demo/reset`, { method: 'POST' })
  const context = await browser.newContext({ viewport: { width: 1400, height: 1410 }, deviceScaleFactor: 1.5 })
  context.setDefaultTimeout(90_000)
  onTestFinished(() => context.close())
  const problems: string[] = []
  context.on('page', (page) => page.on('pageerror', (error) => problems.push(String(error))))
  const page = await context.newPage()
  await page.goto(places.app)
  await page.waitForSelector('.photos li')
  return { page, context, problems }
}

/** All six photos, loaded. */
const photos = async (page: Page): Promise<unknown> =>
  page.waitForFunction(() => {
    const images = [...document.querySelectorAll<HTMLImageElement>('.frame img')]
    return images.length === 6 && images.every(({ complete, naturalWidth }) => complete && naturalWidth > 0)
  })

/** The arrows as lines, without what differs each time. */
async function arrows(page: Page): Promise<string[]> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  const lines = await page.$$eval('#diagram .row:not(.note)', (rows) =>
    rows.map(
      (row) =>
        `${(row as SVGElement).dataset.from} > ${(row as SVGElement).dataset.to}: ${row.querySelector('.label')?.textContent}`,
    ),
  )
  return lines.map((line) => line.replace(/\b(ticket=|rpt=|pct=|RPT )[\w~.-]{4}…/g, '$1…'))
}

const challenged = [
  'app > host: GET /alice/album',
  'host > as: POST /perm',
  'as > host: 201 ticket=…',
  'host > app: 401 UMA ticket=…',
  'app > as: GET /.well-known/uma2-configuration',
  'as > app: 200 OK',
  'app > as: POST /token ticket=…',
  'as > app: 403 need_info ticket=…',
  'app > as: GET /rqp_claims ticket=…',
  'as > app: 200 a page',
]
const agreed = ['app > as: POST /rqp_claims', 'as > app: 302 ticket=…']
/** On the callback page, which is another page and knows nothing yet. */
const discovery = ['app > as: GET /.well-known/uma2-configuration', 'as > app: 200 OK']
const granted = [
  'app > as: POST /token ticket=…',
  'as > app: 200 RPT …',
  'app > host: GET /alice/album RPT …',
  'host > as: POST /introspect',
  'as > host: 200 active: true',
  'host > app: 200 OK',
  // The photo server remembers what the token is good for.
  'app > host: GET /alice/*.svg RPT …  ×6',
  'host > app: 200 OK (a photo)  ×6',
]

async function picture(page: Page, name: string): Promise<void> {
  if (!pictures) return
  await page.waitForTimeout(700)
  await page.screenshot({ path: image(name) })
}

test('by page: Bob goes to the authorization server, comes back, and sees the photos', async () => {
  const { page, problems } = await visit()
  expect(await page.textContent('#diagram')).toContain('appear here')
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  await agreeAs(page, 'bob')
  await page.waitForURL(`${places.app}/`)
  await photos(page)
  const all = [...challenged, ...agreed, ...discovery, ...granted]
  expect(await arrows(page)).toEqual(all)
  await picture(page, 'album-page')
  // Shown again, each photo costs one request.
  await page.click('#show')
  await photos(page)
  expect((await arrows(page)).slice(all.length).filter((line) => line.startsWith('app > as'))).toEqual([])
  await page.uncheck('#behind')
  expect((await arrows(page)).filter((line) => line.startsWith('host > as'))).toEqual([])
  expect(problems).toEqual([])
})

test('by popup: the page stays, the popup closes itself', async () => {
  const { page, context, problems } = await visit()
  await page.check('input[value=popup]', { force: true })
  const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#show')])
  await popup.waitForURL(/\/rqp_claims\?/)
  if (pictures) await withPopup(page, popup)
  const closed = popup.waitForEvent('close')
  await agreeAs(popup, 'bob')
  await closed
  await photos(page)
  expect(await arrows(page)).toEqual([...challenged, ...agreed, ...granted])
  expect(problems).toEqual([])
})

/** Both windows in one picture, as they are on the screen. */
async function withPopup(page: Page, popup: Page): Promise<void> {
  await page.setViewportSize({ width: 1400, height: 960 })
  await popup.setViewportSize({ width: 460, height: 560 })
  await popup.waitForTimeout(300)
  const inside = (await popup.screenshot()).toString('base64')
  await page.evaluate((inside) => {
    const frame = document.createElement('div')
    frame.id = 'picture'
    frame.style.cssText =
      'position:fixed;left:212px;top:300px;width:460px;border-radius:12px;overflow:hidden;background:#fff;box-shadow:0 30px 80px -20px rgb(20 20 50/.5),0 0 0 1px rgb(20 20 50/.12);z-index:9'
    const bar = `<div style="height:36px;background:#eceaf0;display:flex;gap:7px;align-items:center;padding:0 13px">${['#e5675c', '#e9b44c', '#6dbb63'].map((c) => `<i style="width:11px;height:11px;border-radius:50%;background:${c}"></i>`).join('')}</div>`
    frame.innerHTML = `${bar}<img style="display:block;width:100%" src="data:image/png;base64,${inside}">`
    document.body.append(frame)
  }, inside)
  await picture(page, 'album-popup')
  await page.evaluate(() => document.getElementById('picture')?.remove())
}

test('somebody else logs in, Bob declines, Bob closes the popup: each is said in words', async () => {
  const { page, context } = await visit()
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  await agreeAs(page, 'carol')
  await page.waitForSelector('#problem:not([hidden])')
  expect(await page.textContent('#problem')).toContain('request_denied')
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  await page.click('button[value=decline]')
  await page.waitForSelector('#problem:not([hidden])')
  expect(await page.textContent('#problem')).toContain('redirect_failed')
  await page.check('input[value=popup]', { force: true })
  const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#show')])
  await popup.waitForURL(/\/rqp_claims\?/)
  await popup.close()
  await page.waitForSelector('#problem:not([hidden])')
  expect(await page.textContent('#problem')).toContain('redirect_failed')
})

test('starting over signs Bob out and empties the diagram', async () => {
  const { page, context } = await visit()
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  await agreeAs(page, 'bob')
  await page.waitForURL(`${places.app}/`)
  await photos(page)
  await page.click('#reset')
  await page.waitForFunction(
    () =>
      document.querySelectorAll('.frame img').length === 0 &&
      document.getElementById('diagram')?.textContent?.includes('appear here'),
  )
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  expect(context.pages()).toHaveLength(1)
})

/** Alice signs in at the photo server, and is back in the album with a panel beneath each photo. */
async function asAlice(page: Page): Promise<(title: string) => Promise<Frame>> {
  await page.click('[data-person=alice]')
  await page.click('text=Sign in at the photo server')
  await page.waitForURL(`${places.host}/sign-in`)
  await page.fill('input[name=password]', 'secret of the person')
  await page.click('text=Sign in >> nth=-1')
  await page.waitForURL(`${places.app}/alice`)
  await page.waitForSelector('#own-photos li:nth-child(6) iframe')
  return async (title) => {
    const frame = await (await page.waitForSelector(`iframe[title="Sharing of ${title}"]`)).contentFrame()
    if (!frame) throw new Error('no frame')
    await frame.waitForSelector('.actions')
    return frame
  }
}

test('Alice stops sharing a photo, and shares it again: Bob sees what she shares', async () => {
  const { page, context, problems } = await visit()
  const panel = await asAlice(page)
  await page.waitForFunction(() => [...document.images].every(({ naturalWidth }) => naturalWidth > 0))
  const lake = await panel('Still water')
  expect(await page.textContent('#own-status')).toContain('6 of 6 photos are shared')
  await lake.click('text=stop sharing')
  await lake.waitForSelector('text=share!')
  await page.waitForSelector('text=5 of 6 photos are shared')
  expect(await arrows(page)).toEqual([
    'app > host: POST /uma/panel',
    expect.stringMatching(/^host > as: DELETE \/rreg\/[\w-]{4}…$/),
    'as > host: 204',
    'host > app: 303 See Other',
  ])
  await picture(page, 'album-owner')

  const bob = await context.newPage()
  await bob.goto(places.app)
  await bob.click('#show')
  await bob.waitForURL(/\/rqp_claims\?/)
  await agreeAs(bob, 'bob')
  await bob.waitForURL(`${places.app}/`)
  await bob.waitForFunction(() => document.querySelectorAll('.frame img').length === 5)
  expect(await bob.textContent('#photos')).not.toContain('Still water')

  await lake.click('text=share!')
  await lake.waitForSelector('text=stop sharing')
  expect((await arrows(page)).slice(-4)).toEqual([
    'app > host: POST /uma/panel',
    'host > as: POST /rreg/',
    expect.stringMatching(/^as > host: 201 _id=[\w-]{4}…$/),
    'host > app: 303 See Other',
  ])
  // His token does not know the photo yet; his agreement is remembered.
  await bob.click('#show')
  await photos(bob)
  expect(problems).toEqual([])
})

test('Alice sets at her authorization server who may see a photo', async () => {
  const { page, context } = await visit()
  const panel = await asAlice(page)
  const lake = await panel('Still water')
  const [settings] = await Promise.all([context.waitForEvent('page'), lake.click('text=settings')])
  expect(await settings.textContent('h1')).toBe('Still water')
  expect(new URL(settings.url()).origin).toBe(places.as)
  await settings.uncheck('input[value=bob]')
  await settings.click('text=Save')
  await settings.waitForSelector('[role=status]')
  await settings.close()
  const bob = await context.newPage()
  await bob.goto(places.app)
  await bob.click('#show')
  await bob.waitForURL(/\/rqp_claims\?/)
  await agreeAs(bob, 'bob')
  await bob.waitForSelector('text=5 of 6 photos')
  const open = await bob.$$eval('.photos li', (items) =>
    items.filter((item) => item.querySelector('img')).map((item) => item.querySelector('b')?.textContent),
  )
  expect(open).toHaveLength(5)
  expect(open).not.toContain('Still water')
})

test('without a session at the photo server nobody is Alice', async () => {
  const { page } = await visit()
  await page.goto(`${places.app}/alice`)
  await page.waitForSelector('#own-sign-in:not([hidden])')
  expect(await page.$$('#own-photos li')).toEqual([])
  const panel = await page.goto(`${places.host}/uma/panel?uri=/alice/lake.svg`)
  expect(panel?.status()).toBe(401)
})

test('it fits a telephone', async () => {
  const { page } = await visit()
  await page.setViewportSize({ width: 375, height: 740 })
  await page.click('#show')
  await page.waitForURL(/\/rqp_claims\?/)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
  await agreeAs(page, 'bob')
  await page.waitForURL(`${places.app}/`)
  await photos(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375)
})

test('a port that is taken is said plainly, and nothing is left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  const { code, output } = await start('--port', String(port))
  expect(code).toBe(1)
  expect(output).toMatch(
    new RegExp(`port ${port} on 127.0.0.1 is taken by another program. Other ports: npm run demo:web -- --port \\d+`),
  )
  expect(output).not.toContain(' at ')
  // The same where one of the other two is taken: the servers that were started are closed again.
  expect(await start('--port', String(port - 2))).toMatchObject({
    code: 1,
    output: expect.stringContaining('is taken by another program'),
  })
})

test('Ctrl-C ends it at once, with a page still listening', async () => {
  const { child, output } = await start('--port', '0')
  const app = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? ''
  const stream = await fetch(`${app}/demo/messages`)
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])))
  child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
  await stream.body?.cancel().catch(() => {})
  await expect(fetch(app)).rejects.toThrow('fetch failed')
})
