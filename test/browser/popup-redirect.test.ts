/** The redirect in a popup, with real windows and real clicks. */
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import type { UmaRequestInit } from '../../src/index.ts'
import { send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { agreeAs, type Bench, bobOnly, keptSecrets, secretsOf, startBench, useBrowser } from './kit.ts'

useBrowser()

interface Setup {
  /** Opens a window in the click (`openEarly`). Default: true. */
  early?: boolean
  paths?: string[]
  uma?: NonNullable<UmaRequestInit['uma']>
  closedGrace?: number
  /** The window that asked has not got the focus, as a popup has it in a browser that somebody looks at. */
  behind?: boolean
  /** So long after they came, in ms, the page gets to see what the authorization server answered. */
  slowAnswers?: number
  /** Asks on its own, without a click. */
  atOnce?: boolean
}

interface Asked {
  status?: number
  code?: string
  name?: string
  text?: string
}

declare global {
  interface Window {
    asked: Promise<Asked[]>
    abort: () => void
  }
}

/** Headless Chromium blocks no popup; this is how browsers that do decide. */
const blockPopups = (): void => {
  const open = window.open.bind(window)
  window.open = (...args) => (navigator.userActivation.isActive ? open(...args) : null)
}

/** The button of the page asks for photos, in a popup where need be. */
function setUp({ page, places }: Bench, setup: Setup = {}): Promise<void> {
  return page.evaluate(
    ([
      places,
      {
        early = true,
        paths = ['/alice/1.jpg'],
        uma = {},
        closedGrace = 1500,
        behind = false,
        slowAnswers = 0,
        atOnce = false,
      },
    ]) => {
      const { make, popupRedirect, webStorage, thrown, requesters } = window.lib
      if (behind) document.hasFocus = () => false
      const popup = popupRedirect({ closedGrace, openEarly: early })
      const requester = make(places, {
        requestingParty: 'bob',
        storage: webStorage(sessionStorage),
        redirectUri: `${places.app}/popup-callback`,
        onRedirect: popup,
        async fetch(...args) {
          const answer = await fetch(...args)
          if (slowAnswers) await new Promise((resolve) => setTimeout(resolve, slowAnswers))
          return answer
        },
      })
      requesters.bob = requester
      const ask = (): void => {
        const release = popup.early?.() ?? (() => {})
        const controller = new AbortController()
        window.abort = () => controller.abort()
        const { signal } = controller
        const asked = paths.map((path) =>
          requester.fetch(places.host + path, { signal, uma }).then(({ status }) => ({ status }) as Asked, thrown),
        )
        window.asked = Promise.all(asked).finally(release)
      }
      const button = document.querySelector('#go') as HTMLButtonElement
      button.onclick = ask
      if (atOnce) ask()
    },
    [places, setup] as const,
  )
}

/** Clicks, and gives the popup at the authorization server. */
async function popUp({ page, context }: Bench, at: string | RegExp = /\/rqp_claims\?/): Promise<Page> {
  const [popup] = await Promise.all([context.waitForEvent('page'), page.click('#go')])
  await popup.waitForURL(at)
  return popup
}

const outcome = ({ page }: Bench): Promise<Asked[]> => page.evaluate(() => window.asked)
const gone = async (popup: Page): Promise<void> => {
  if (!popup.isClosed()) await popup.waitForEvent('close')
}

test('a window opened on the click, the person agrees, it closes itself, and the photo is there', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const popup = await popUp(bench)
  await agreeAs(popup, 'bob')
  await gone(popup)
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  expect(bench.context.pages()).toHaveLength(1)
  expect(bench.lines().map((line) => line.replace(/\?.*(?= )/, ''))).toEqual([
    'GET host /alice/1.jpg 401',
    'GET as /.well-known/uma2-configuration 200',
    'POST as /token 403',
    'GET as /rqp_claims 200',
    expect.stringMatching(/^POST as \/rqp_claims\/\S+ 302$/),
    'POST as /token 200',
    'GET host /alice/1.jpg 200',
  ])
  const types = await bench.page.evaluate(() => window.lib.events.map(({ type }) => type))
  expect(types).toContain('redirect')
  expect(types).toContain('redirect-returned')
})

test('nothing secret in storage, console, events, or the address bar of the popup', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const urls: string[] = []
  bench.context.on('page', (page) => page.on('framenavigated', (frame) => urls.push(frame.url())))
  const popup = await popUp(bench)
  // Where the window cannot be closed, what stays in it must be clean too.
  await popup.addInitScript(() => {
    window.close = () => {}
  })
  await agreeAs(popup, 'bob')
  await popup.waitForURL(`${bench.places.app}/popup-callback`)
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  const secrets = secretsOf(bench.world)
  expect(secrets.length).toBeGreaterThanOrEqual(5)
  const left = await bench.page.evaluate(() => [location.href, history.state, window.lib.events])
  const text = JSON.stringify([left, bench.said])
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  const stored = await bench.page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])
  expect(keptSecrets(bench.world, stored)).toEqual([])
  expect(urls.at(-1)).toBe(`${bench.places.app}/popup-callback`)
})

test('without a gesture the popup is blocked: InteractionRequiredError, at once', async () => {
  const bench = await startBench(bobOnly)
  await bench.context.addInitScript(blockPopups)
  // A script of the page's own does it, long after it was loaded: nothing that Playwright evaluates, for that counts as a gesture.
  const page = await bench.context.newPage()
  await page.addInitScript(
    ([places]) => {
      const timer = setInterval(async () => {
        if (!document.documentElement.dataset.ready) return
        clearInterval(timer)
        const { make, popupRedirect, thrown } = window.lib
        const requester = make(places, { redirectUri: `${places.app}/popup-callback`, onRedirect: popupRedirect() })
        const error = await requester.fetch(`${places.host}/alice/1.jpg`).catch(thrown)
        console.log('outcome', JSON.stringify(error))
      }, 20)
    },
    [bench.places] as const,
  )
  const told = page.waitForEvent('console', (message) => message.text().startsWith('outcome'))
  await page.goto(bench.places.app)
  const error = JSON.parse((await told).text().slice(8))
  expect(error).toMatchObject({ name: 'InteractionRequiredError', code: 'interaction_required' })
  expect(error.message).toContain('openEarly')
  expect(bench.context.pages()).toHaveLength(2)
})

test('`interactive: false` opens nothing; then, on a click, the same request goes through', async () => {
  const bench = await startBench(bobOnly)
  await bench.context.addInitScript(blockPopups)
  await bench.page.reload()
  await bench.page.waitForSelector('html[data-ready]', { state: 'attached' })
  await setUp(bench, { early: false, uma: { interactive: false }, atOnce: true })
  expect(await outcome(bench)).toMatchObject([{ name: 'InteractionRequiredError', code: 'interaction_required' }])
  expect(bench.context.pages()).toHaveLength(1)
  await setUp(bench)
  const popup = await popUp(bench)
  await agreeAs(popup, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
})

test('a popup that the person closes is noticed, and the next click may ask again', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const popup = await popUp(bench)
  await popup.close()
  expect(await outcome(bench)).toMatchObject([{ name: 'RedirectError', code: 'redirect_failed' }])
  // The popup's own time-out is far away: nothing but its end was noticed.
  const again = await popUp(bench)
  await agreeAs(again, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
})

test('the person declines', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const popup = await popUp(bench)
  await popup.click('button[value=decline]')
  await gone(popup)
  expect(await outcome(bench)).toMatchObject([{ name: 'RedirectError', code: 'redirect_failed' }])
})

test('a login page that severs the opener (COOP): `closed` is only a hint, the flow completes', async () => {
  const portal = await startPlainServer((req, res) => {
    const headers = { 'content-type': 'text/html', 'cross-origin-opener-policy': 'same-origin' }
    const { as } = Object(bench.places)
    const query = new URL(req.url ?? '/', portal.origin).search
    send(res, {
      status: 200,
      headers,
      body: `<!doctype html><title>Portal</title><a href="${as}/rqp_claims${query.replace(/"/g, '')}">Go on</a>`,
    })
  })
  onTestFinished(portal.close)
  const bench = await startBench({
    as: {
      policy: ({ account }) => (account === 'bob' ? 'grant' : { needInfo: { redirectUser: `${portal.origin}/login` } }),
    },
  })
  await setUp(bench, { behind: true, closedGrace: 300 })
  const popup = await popUp(bench, /\/login\?/)
  // The window looks closed from here, for longer than the grace.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const go = (selector: string) =>
    popup.evaluate((selector) => document.querySelector<HTMLElement>(selector)?.click(), selector)
  await go('a')
  await popup.waitForURL(/\/rqp_claims\?/)
  await popup.evaluate(() => {
    const login = document.querySelector<HTMLSelectElement>('select[name=login]')
    if (login) login.value = 'bob'
  })
  await go('button[value=share]')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  await gone(popup)
})

test('an abort ends the wait and closes the popup', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const popup = await popUp(bench)
  await Promise.all([gone(popup), bench.page.evaluate(() => window.abort())])
  expect(await outcome(bench)).toMatchObject([{ name: 'AbortError' }])
  expect(bench.context.pages()).toHaveLength(1)
})

test('two flows at once share one popup', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench, { paths: ['/alice/1.jpg', '/alice/2.jpg', '/alice/3.jpg'] })
  const opened: Page[] = []
  bench.context.on('page', (page) => opened.push(page))
  const popup = await popUp(bench)
  await agreeAs(popup, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }, { status: 200 }, { status: 200 }])
  expect(opened).toHaveLength(1)
  expect(bench.lines().filter((line) => line.startsWith('GET as /rqp_claims'))).toHaveLength(1)
})

test('who was just granted something is not hurt by the next upgrade, which revokes that token', async () => {
  // The host looks at the token when the next one has been asked for; and its challenge is here before that one is.
  const bench = await startBench({ ...bobOnly, host: { quirks: { delayMs: 40 } } })
  const paths = ['/alice/1.jpg', '/alice/2.jpg', '/alice/3.jpg']
  await setUp(bench, { paths, slowAnswers: 150, uma: { maxFlowsPerRequest: 5 } })
  const popup = await popUp(bench)
  await agreeAs(popup, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }, { status: 200 }, { status: 200 }])
  // An upgrade waits 250 ms for what is under way. Only what takes longer, on a busy machine, may be refused.
  const outrun = await bench.page.evaluate((host) => {
    const sends = performance.getEntriesByType('resource').filter(({ name }) => name.startsWith(host))
    return sends.filter(({ duration }) => duration >= 250).length
  }, bench.places.host)
  expect(bench.world.as.stats.supersededRptsPresented).toBeLessThanOrEqual(outrun)
})

test('a window that was opened early and not needed is closed again', async () => {
  const bench = await startBench()
  await setUp(bench)
  const opened: Page[] = []
  bench.context.on('page', (page) => opened.push(page))
  await bench.page.click('#go')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  await Promise.all(opened.map(gone))
  expect(opened).toHaveLength(1)
  expect(bench.context.pages()).toHaveLength(1)
})

test('E10: without openEarly, a window opens only if a person is needed', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench, { early: false })
  const opened: Page[] = []
  bench.context.on('page', (page) => opened.push(page))
  await agreeAs(await popUp(bench), 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  await bench.page.click('#go')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  expect(opened).toHaveLength(1)
})

test('two clicks in a row open one window early', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const opened: Page[] = []
  bench.context.on('page', (page) => opened.push(page))
  await bench.page.evaluate(() => {
    const button = document.querySelector('#go') as HTMLButtonElement
    button.click()
    button.click()
  })
  const [popup] = await Promise.all([opened[0] ?? bench.context.waitForEvent('page')])
  await popup.waitForURL(/\/rqp_claims\?/)
  expect(opened).toHaveLength(1)
  await agreeAs(popup, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
})

test('a foreign page cannot answer: another state reaches nobody, and the window says so', async () => {
  const bench = await startBench(bobOnly)
  await setUp(bench)
  const popup = await popUp(bench)
  const strays = ['?ticket=evil&state=made-up', ''].map(async (query) => {
    const stray = await bench.context.newPage()
    await stray.goto(`${bench.places.app}/popup-callback${query}`)
    expect(new URL(stray.url()).search).toBe('')
    await stray.waitForFunction(() => document.body.textContent === 'Nobody waits for this.')
  })
  await agreeAs(popup, 'bob')
  expect(await outcome(bench)).toEqual([{ status: 200 }])
  await Promise.all(strays)
})

for (const [what, change] of Object.entries({
  'two tickets': (url: URL) => url.searchParams.append('ticket', 'another'),
  'the `iss` of another server': (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
  'the ticket that was sent': (url: URL, sent: string) => url.searchParams.set('ticket', sent),
})) {
  test(`attack: a way back with ${what}`, async () => {
    const bench = await startBench(bobOnly)
    await setUp(bench)
    const popup = await popUp(bench)
    const at = new URL(popup.url())
    const back = new URL(`${bench.places.app}/popup-callback?ticket=forged`)
    back.searchParams.set('state', at.searchParams.get('state') ?? '')
    change(back, at.searchParams.get('ticket') ?? '')
    await popup.goto(back.href).catch(() => {})
    expect(await outcome(bench)).toMatchObject([{ code: 'redirect_failed' }])
    expect(bench.lines().filter((line) => line.startsWith('POST as /token'))).toHaveLength(1)
  })
}
