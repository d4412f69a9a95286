/**
 * `npm run bench:storage`: a requester on IndexedDB with 1,000 entries in Chromium, beside version 1, which is built from
 * its commit. Another tab of the origin is open and has read everything, so that BroadcastChannel is a part of the time.
 * Alternating pairs; the medians and the spread.
 */
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { bundleForBrowser, launchChromium, servePage } from '../test/helpers/chromium.ts'
import { median, rounded } from './measure.ts'
import type { ServerKind, Times } from './storage-flow-page.ts'
import { buildVersion1 } from './version-1.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pairs = 5
const rounds = 7
const flowTarget = 15
const kinds: ServerKind[] = ['never', 'upgrading']

/** A page of one version, with the other tab beside it. */
interface Tabs {
  page: Page
  context: BrowserContext
}

/** The script of a page with the built modules of one version. */
function scriptOf(dist: string, storageOfMap: string): Promise<string> {
  const page = fileURLToPath(new URL('storage-flow-page.ts', import.meta.url))
  return bundleForBrowser(`
    import { createRequester, none } from ${JSON.stringify(`${dist}/index.js`)}
    import { indexedDBStorage } from ${JSON.stringify(`${dist}/storage/indexed-db.js`)}
    import { measuring } from ${JSON.stringify(page)}
    ${storageOfMap}
    globalThis.umaBenchPage = measuring({ createRequester, none, indexedDBStorage, inMemory })`)
}

const scripts = {
  before: await scriptOf(buildVersion1(), 'const inMemory = (map) => map'),
  now: await scriptOf(
    `${root}dist`,
    `import { keyValueStorage as inMemory } from ${JSON.stringify(`${root}dist/storage/key-value.js`)}`,
  ),
}
type Name = keyof typeof scripts

const browser = await launchChromium()
const served = await Promise.all(Object.values(scripts).map((script) => servePage({ scripts: [script] })))
const origins: Record<Name, string> = { before: served[0]?.origin ?? '', now: served[1]?.origin ?? '' }

async function open(name: Name): Promise<Tabs> {
  const context = await browser.newContext()
  const pages: Page[] = []
  for (let tab = 0; tab < 2; tab++) {
    const page = await context.newPage()
    await page.goto(origins[name])
    await page.waitForFunction(() => 'umaBenchPage' in globalThis)
    pages.push(page)
  }
  const [page, other] = pages as [Page, Page]
  for (const kind of kinds) {
    await page.evaluate((one) => umaBenchPage.fill(one), kind)
    await other.evaluate((one) => umaBenchPage.stayOpen(one), kind)
  }
  return { page, context }
}

const measure = ({ page }: Tabs, kind: ServerKind): Promise<Times> =>
  page.evaluate(([one, times]) => umaBenchPage.measure(one, times), [kind, rounds] as const)

const spread = (numbers: number[]): string =>
  `${rounded(median(numbers), 1)} ms (${rounded(Math.min(...numbers), 1)} to ${rounded(Math.max(...numbers), 1)})`

try {
  const tabs: Record<Name, Tabs> = { before: await open('before'), now: await open('now') }
  for (const kind of kinds) {
    const times: Record<Name, Times[]> = { before: [], now: [] }
    for (let pair = 1; pair <= pairs; pair++) {
      for (const name of ['before', 'now'] as const) times[name].push(await measure(tabs[name], kind))
      const [before, now] = [times.before.at(-1), times.now.at(-1)] as [Times, Times]
      console.log(
        `${kind}, pair ${pair}: first request ${rounded(before.first, 1)} and ${rounded(now.first, 1)} ms, ` +
          `flow ${rounded(before.flow, 1)} and ${rounded(now.flow, 1)} ms (version 1 and now)`,
      )
    }
    const of = (name: Name, what: keyof Times): number[] => times[name].map((time) => time[what])
    console.log(`${kind}: first request: version 1 ${spread(of('before', 'first'))}, now ${spread(of('now', 'first'))}`)
    console.log(`${kind}: flow: version 1 ${spread(of('before', 'flow'))}, now ${spread(of('now', 'flow'))}`)
    // A target is missed only if the whole spread is above it.
    const isSlowFlow = Math.min(...of('now', 'flow')) > flowTarget
    const isSlowFirst = Math.min(...of('now', 'first')) > Math.max(...of('before', 'first'))
    if (isSlowFlow || isSlowFirst) process.exitCode = 1
  }
} finally {
  await browser.close()
  await Promise.all(served.map((one) => one.close()))
}
