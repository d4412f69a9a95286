/** Several tabs of one page on one IndexedDB, in a real Chromium: they share tokens and keep each other's work. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundleForBrowser, launchChromium, servePage } from '../helpers/chromium.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import type { Asked } from './tabs-page.ts'

let browser: Browser
let script: string
beforeAll(async () => {
  ;[browser, script] = await Promise.all([
    launchChromium(),
    bundleForBrowser(`import { tab } from './browser/tabs-page.ts'; globalThis.umaTab = tab`),
  ])
})
afterAll(() => browser?.close())

interface Tab {
  page: Page
  ask(photos: (number | string)[], atOnce?: number, every?: number): Promise<Asked>
}

/** A world, and a function that opens tabs of one profile. `spoil` runs in each page before anything else. */
async function startTabs(options: WorldOptions = {}, spoil?: string) {
  const world = await startWorld(options)
  const app = await servePage({ scripts: [script] })
  const context = await browser.newContext()
  context.setDefaultTimeout(90_000)
  if (spoil) await context.addInitScript(spoil)
  onTestFinished(async () => {
    await context.close()
    await app.close()
  })
  const places = { as: world.as.issuer, host: world.host.origin }
  const load = async (page: Page, tokens?: Record<string, string>): Promise<void> => {
    await page.goto(app.origin)
    await page.waitForSelector('html[data-ready]', { state: 'attached' })
    await page.evaluate(([places, tokens]) => globalThis.umaTab.start(places, tokens), [places, tokens] as const)
  }
  const open = async (tokens?: Record<string, string>): Promise<Tab> => {
    const page = await context.newPage()
    await load(page, tokens)
    const url = (photo: number | string): string =>
      `${places.host}${typeof photo === 'number' ? `/alice/${photo}.jpg` : photo}`
    const ask: Tab['ask'] = (photos, atOnce = 1, every = 0) =>
      page.evaluate(([urls, atOnce, every]) => globalThis.umaTab.ask(urls, atOnce, every), [
        photos.map(url),
        atOnce,
        every,
      ] as const)
    return { page, ask }
  }
  return { world, open, load }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
/** Until what was learned is written, and the other tabs have heard of it. */
const settled = (): Promise<void> => pause(400)
const rotating = { refreshTokens: true, rotateRefresh: true }
const sent = (world: World): string[] =>
  world.lines().filter((line) => line.includes(' host ') || line.includes('/token'))
const bearers = (world: World): (string | undefined)[] =>
  world
    .sent()
    .filter(({ server }) => server === 'host')
    .map(({ headers }) => headers.authorization)

describe('4 tabs, 50 requests each over the same 20 resources', () => {
  const run = async (quirks: object, every = 0): Promise<{ world: World; tabs: Tab[] }> => {
    const { world, open } = await startTabs({ host: { direct: true }, as: { quirks: { ...rotating, ...quirks } } })
    const tabs = await Promise.all([0, 1, 2, 3].map(() => open()))
    const all = await Promise.all(
      tabs.map(({ ask }, n) =>
        ask(
          Array.from({ length: 50 }, (_, i) => (i + n * 5) % 20),
          5,
          every,
        ),
      ),
    )
    for (const { statuses } of all) expect(statuses.filter((status) => status !== 200)).toEqual([])
    for (const { page } of tabs) expect(await page.evaluate(() => globalThis.umaTab.rejections)).toEqual([])
    expect([world.as.stats.ticketsReplayed, world.as.stats.refreshTokensReplayed]).toEqual([0, 0])
    return { world, tabs }
  }

  test('at most 20 token requests, no permission lost', async () => {
    const { world } = await run({})
    expect(world.as.stats.tokenRequests).toBeLessThanOrEqual(20)
    expect(world.as.stats.supersededRptsPresented).toBe(0)
    expect(Math.max(...bearers(world).map((value) => world.as.grants(value?.slice(7) ?? '').length))).toBe(20)
  })

  test('while RPTs end all the time: no refresh token is used twice', async () => {
    const rptLifetimeMs = 2_000
    const { world, tabs } = await run({ rptLifetimeMs }, 300)
    // By now every RPT has ended: all tabs want the same one refreshed.
    await pause(rptLifetimeMs)
    for (const { statuses } of await Promise.all(tabs.map(({ ask }) => ask([0])))) expect(statuses).toEqual([200])
    expect(world.as.stats.refreshRequests).toBeGreaterThan(0)
    expect([world.as.stats.ticketsReplayed, world.as.stats.refreshTokensReplayed]).toEqual([0, 0])
  })
})

describe('two tabs', () => {
  test('an upgrade in one is presented by the other, without a request that is refused', async () => {
    const { world, open } = await startTabs()
    const [one, other] = [await open(), await open()]
    await one.ask([1])
    await settled()
    expect((await other.ask([1])).statuses).toEqual([200])
    await one.ask([2])
    await settled()
    world.recorder.clear()
    expect((await other.ask([1, 2])).statuses).toEqual([200, 200])
    expect(sent(world)).toEqual(['GET host /alice/1.jpg 200', 'GET host /alice/2.jpg 200'])
  })

  test('a tab that met the host before there was anything hears of the first RPT too', async () => {
    const { world, open } = await startTabs()
    const [one, other] = [await open(), await open()]
    expect((await other.ask(['/public/1.jpg'])).statuses).toEqual([200])
    await one.ask([1])
    await settled()
    world.recorder.clear()
    expect((await other.ask([1])).statuses).toEqual([200])
    expect(sent(world)).toEqual(['GET host /alice/1.jpg 200'])
  })

  test('a sign-out in one is a sign-out in the other', async () => {
    const { world, open } = await startTabs()
    // Nothing is revoked: what the other tab still had would be good.
    world.as.quirks.metadata = ({ revocation_endpoint: _none, ...rest }) => rest
    const [one, other] = [await open(), await open()]
    await one.ask([1])
    await other.ask([1])
    await settled()
    await one.page.evaluate(() => globalThis.umaTab.signOut())
    await settled()
    const old = new Set(bearers(world).filter(Boolean))
    world.recorder.clear()
    expect((await other.ask([1, 1])).statuses).toEqual([200, 200])
    expect((await one.ask([1, 1])).statuses).toEqual([200, 200])
    expect(bearers(world).filter((value) => old.has(value))).toEqual([])
    expect(sent(world).filter((line) => line.includes('/token')).length).toBeLessThanOrEqual(2)
  })
})

test('100 parties at once: each has tokens of its own, also after the page is loaded again', async () => {
  const accounts = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`p${n}`, { name: `P ${n}` }]))
  const { world, open, load } = await startTabs({ host: { direct: true }, as: { accounts } })
  const names = [
    'a',
    'a ',
    ' a',
    'é',
    'e\u0301',
    'a%20',
    'a:b',
    '',
    '\0',
    '👩‍👧',
    `a ${world.host.origin} ${world.as.issuer} spa`,
  ]
  while (names.length < 100) names.push(`person ${names.length}`)
  const tokens: Record<string, string> = {}
  for (const [n, name] of names.entries())
    tokens[name] = await world.as.issueAccessToken({ account: `p${n}`, clientId: 'spa' })
  const { page } = await open(tokens)
  for (const tokenRequests of [100, 100]) {
    const found = await page.evaluate(([names, url]) => globalThis.umaTab.everybody(names, url), [
      names,
      `${world.host.origin}/alice/1.jpg`,
    ] as const)
    expect(found.filter((status) => status !== 200)).toEqual([])
    expect(world.as.stats.tokenRequests).toBe(tokenRequests)
    for (const { headers, status, server } of world.sent()) {
      if (server !== 'host' || status !== 200) continue
      expect(world.as.introspect(headers.authorization?.slice(7) ?? '', world.host.clientId).sub).toBe(
        headers['x-requested-with'],
      )
    }
    await settled()
    await load(page, tokens)
  }
})

describe('IndexedDB that', () => {
  const failing = (what: string): string => `${what}; const no = (name) => { throw new DOMException('not here', name) }`
  test.each([
    ['may not be used', failing(`Object.defineProperty(globalThis, 'indexedDB', { get: () => no('SecurityError') })`)],
    ['is not there', `Object.defineProperty(globalThis, 'indexedDB', { value: undefined })`],
    ['throws when it is opened', failing(`IDBFactory.prototype.open = () => no('InvalidStateError')`)],
    [
      'reports an error when it is opened',
      `IDBFactory.prototype.open = () => {
        const request = { error: new DOMException('broken', 'UnknownError') }
        setTimeout(() => request.onerror?.())
        return request
      }`,
    ],
    ['never answers', `IDBFactory.prototype.open = () => ({ addEventListener() {} })`],
    ['has no room', failing(`IDBObjectStore.prototype.put = () => no('QuotaExceededError')`)],
    [
      'finds that it has no room when it writes',
      `const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = function (...values) {
        const request = put.apply(this, values)
        this.transaction.abort()
        return request
      }`,
    ],
  ])('%s: requests go on, and an event tells', async (_name, spoil) => {
    const { world, open } = await startTabs({}, spoil)
    const { page, ask } = await open()
    const { statuses, slowest } = await ask([1, 2, 1, 2])
    expect(statuses).toEqual([200, 200, 200, 200])
    expect(slowest).toBeLessThan(10_000)
    expect(world.as.stats.tokenRequests).toBe(2)
    expect(
      await page.evaluate(() => [globalThis.umaTab.events.includes('storage-failed'), globalThis.umaTab.rejections]),
    ).toEqual([true, []])
    await page.evaluate(() => globalThis.umaTab.signOut())
    expect((await ask([1])).statuses).toEqual([200])
  })
})
