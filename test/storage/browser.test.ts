/** IndexedDB, Web Storage and Web Locks in a real Chromium. */
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bundleForBrowser, launchChromium, type ServedPage, servePage } from '../helpers/chromium.ts'
import { contract, type Extra, pause } from './contract.ts'
import type {} from './page.ts'

let browser: Browser
let script: string
let served: ServedPage
let context: BrowserContext

beforeAll(async () => {
  browser = await launchChromium()
  script = await bundleForBrowser(`
    import { page } from ${JSON.stringify(fileURLToPath(new URL('page.ts', import.meta.url)))}
    globalThis.umaPage = page`)
  served = await servePage({ scripts: [script] })
})
afterAll(async () => {
  await browser?.close()
  await served?.close()
})
beforeEach(async () => {
  context = await browser.newContext()
})
afterEach(() => context.close())

/** A tab with the page's script; `before` runs ahead of it. */
async function tab(before?: () => void): Promise<Page> {
  const page = await context.newPage()
  if (before) await page.addInitScript(before)
  await page.goto(served.origin)
  await page.waitForFunction(() => 'umaPage' in globalThis, undefined, { timeout: 90_000 })
  return page
}

/** Web Storage has no `add` and no `getMany`. */
const isLeftOut = (need: Extra): boolean => need === 'add' || need === 'getMany'

const kinds = ['indexedDB', 'localStorage', 'sessionStorage']

describe.each(kinds)('%s', (kind) => {
  test('keeps the contract', async () => {
    const page = await tab()
    const found: Record<string, string | undefined> = {}
    const kept = kind === 'indexedDB' ? contract : contract.filter(({ needs }) => !needs?.some(isLeftOut))
    for (const { name } of kept)
      found[name] = await page.evaluate(([k, n]) => umaPage.check(k, n), [kind, name] as const)
    expect(Object.entries(found).filter(([, wrong]) => wrong !== undefined)).toEqual([])
  })

  test('keeps it without Web Locks, in one tab', async () => {
    const page = await tab(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
    const locks = contract.filter(({ needs }) => needs?.includes('lock'))
    expect(locks.length).toBeGreaterThan(3)
    for (const { name } of locks)
      expect([name, await page.evaluate(([k, n]) => umaPage.check(k, n), [kind, name] as const)]).toEqual([
        name,
        undefined,
      ])
  })

  test('the lock of a tab that is closed is free at once', async () => {
    const [one, two] = [await tab(), await tab()]
    expect(await one.evaluate((k) => umaPage.hold(k, 'shared'), kind)).toBe('held')
    let taken = false
    const waiting = two
      .evaluate((k) => umaPage.take(k, 'shared'), kind)
      .then(() => {
        taken = true
      })
    await pause(300)
    expect(taken).toBe(false)
    await one.close()
    await waiting
  })
})

test.each(['indexedDB', 'localStorage'])(
  '4 tabs with 50 increments each under the lock of %s lose none',
  async (kind) => {
    const tabs = await Promise.all(Array.from({ length: 4 }, () => tab()))
    await Promise.all(tabs.map((page) => page.evaluate((k) => umaPage.increment(k, 'shared', 50), kind)))
    expect(await tabs[0]?.evaluate(async (k) => await umaPage.open(k, 'shared').get('n'), kind)).toBe('200')
  },
)

test('nothing is opened by importing and making a storage', async () => {
  const page = await tab()
  const databases = await page.evaluate(async () => {
    umaPage.open('indexedDB', 'lazy')
    await new Promise((resolve) => setTimeout(resolve, 50))
    return (await indexedDB.databases()).map(({ name }) => name)
  })
  expect(databases).toEqual([])
})

test('a connection that the browser has closed is opened again', async () => {
  const page = await tab()
  const found = await page.evaluate(async () => {
    const storage = umaPage.open('indexedDB', 'closing')
    await storage.set('a', '1')
    const real = IDBDatabase.prototype.transaction
    // What Safari does: no event, and from then on each transaction on this connection throws.
    const broken = new WeakSet<IDBDatabase>()
    let first = true
    IDBDatabase.prototype.transaction = function (...args: Parameters<typeof real>) {
      if (first) broken.add(this)
      first = false
      if (broken.has(this)) throw new DOMException('The database connection is closing.', 'InvalidStateError')
      return real.apply(this, args)
    }
    return [await Promise.all([storage.get('a'), storage.set('b', '2'), storage.get('a')]), await storage.get('b')]
  })
  expect(found).toEqual([['1', undefined, '1'], '2'])
})

test('a connection that cannot be opened again rejects, and later ones are tried', async () => {
  const page = await tab()
  const found = await page.evaluate(async () => {
    const storage = umaPage.open('indexedDB', 'closing')
    await storage.set('a', '1')
    const real = IDBDatabase.prototype.transaction
    let tries = 0
    IDBDatabase.prototype.transaction = () => {
      tries++
      throw new DOMException('The database connection is closing.', 'InvalidStateError')
    }
    const name = await (storage.get('a') as Promise<unknown>).catch((error) => error.name)
    IDBDatabase.prototype.transaction = real
    return [name, tries, await storage.get('a')]
  })
  expect(found).toEqual(['InvalidStateError', 2, '1'])
})

test('a database that is deleted under our hands is not held, and made anew', async () => {
  const [page, other] = [await tab(), await tab()]
  await page.evaluate(async () => {
    const storage = umaPage.open('indexedDB', 'deleted')
    await storage.set('a', '1')
    Object.assign(globalThis, { storage })
  })
  await other.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase('deleted')
        request.onsuccess = () => resolve()
        request.onerror = () => reject(request.error)
        request.onblocked = () => reject(new Error('blocked'))
      }),
  )
  const found = await page.evaluate(async () => {
    const { storage } = globalThis as never as { storage: ReturnType<typeof umaPage.open> }
    const gone = (await storage.get('a')) ?? 'gone'
    await storage.set('a', '2')
    return [gone, await storage.get('a')]
  })
  expect(found).toEqual(['gone', '2'])
})

test('site data that is cleared under our hands', async () => {
  const page = await tab()
  const session = await context.newCDPSession(page)
  await page.evaluate(async () => {
    const storage = umaPage.open('indexedDB', 'cleared')
    await storage.set('a', '1')
    Object.assign(globalThis, { storage })
  })
  await session.send('Storage.clearDataForOrigin', { origin: served.origin, storageTypes: 'indexeddb' })
  const found = await page.evaluate(async () => {
    const { storage } = globalThis as never as { storage: ReturnType<typeof umaPage.open> }
    await storage.set('b', '2')
    return [(await storage.get('a')) ?? 'gone', await storage.get('b')]
  })
  expect(found).toEqual(['gone', '2'])
})

test.each(['indexedDB', 'localStorage'])(
  '%s without room rejects, what is there stays, and it goes on when there is room',
  async (kind) => {
    const page = await tab()
    const session = await context.newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: served.origin, quotaSize: 1_000_000 })
    // Not before: the browser remembers for a while how much room there was.
    await page.evaluate((k) => umaPage.open(k, 'full').set('old', '1'), kind)
    const tooMuch = (n: number) =>
      page.evaluate(([k, size]) => umaPage.outcomes(umaPage.open(k, 'full'), 'x'.repeat(size)), [kind, n] as const)
    const full = await tooMuch(8_000_000)
    expect(full).toMatchObject({ set: expect.stringContaining('QuotaExceededError'), keys: [] })
    expect(await page.evaluate(async (k) => await umaPage.open(k, 'full').get('old'), kind)).toBe('1')
    await session.send('Storage.overrideQuotaForOrigin', { origin: served.origin })
    expect(await tooMuch(10)).toMatchObject({ get: 'x'.repeat(10), keys: ['a'] })
  },
)

test('where IndexedDB is forbidden or missing, everything rejects', async () => {
  const nowhere = await context.newPage() // about:blank has no origin to keep anything for
  await nowhere.addScriptTag({ content: script, type: 'module' })
  await nowhere.waitForFunction(() => 'umaPage' in globalThis, undefined, { timeout: 90_000 })
  const forbidden = await nowhere.evaluate(() => umaPage.outcomes(umaPage.open('indexedDB', 'x')))
  expect(new Set(Object.values(forbidden))).toEqual(new Set(['DOMException SecurityError']))
  const missing = await tab(() => Reflect.deleteProperty(globalThis, 'indexedDB'))
  const outcomes = await missing.evaluate(() => umaPage.outcomes(umaPage.open('indexedDB', 'x')))
  expect(new Set(Object.values(outcomes))).toEqual(new Set(['ReferenceError ReferenceError']))
})
