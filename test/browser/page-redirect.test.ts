/** The redirect that leaves the page, with a real person's clicks (Grant §3.3.2, §3.3.3), and attacks on it. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Callback } from '../../src/callback.ts'
import { agreeAs, type Bench, bobOnly, keptSecrets, ready, secretsOf, startBench, useBrowser } from './kit.ts'

useBrowser()

interface Start {
  party?: string
  storeRequest?: boolean
  method?: string
  body?: string
  headers?: Record<string, string>
  path?: string
}

/** The page asks for a photo, and is sent away. */
async function leave(
  bench: Bench,
  { party = 'bob', storeRequest = false, path = '/alice/1.jpg?size=big', ...init }: Start = {},
): Promise<void> {
  await bench.page.evaluate(
    ([places, { party, storeRequest, path }, init]) => {
      const { make, pageRedirect, webStorage } = window.lib
      const requester = make(places, {
        requestingParty: party,
        storage: webStorage(sessionStorage),
        redirectUri: `${places.app}/callback`,
        onRedirect: pageRedirect({ storeRequest }),
      })
      const url = places.host + path
      // The page goes away: nobody waits for this.
      requester.fetch(url, init).catch(() => {})
    },
    [bench.places, { party, storeRequest, path }, init] as const,
  )
  await bench.page.waitForURL(/\/rqp_claims\?/)
}

/** The person agrees, and is back on the callback page, whose script has run. */
async function comeBack(bench: Bench, who = 'bob'): Promise<string> {
  await agreeAs(bench.page, who)
  return landed(bench)
}

async function landed({ page, places }: Bench): Promise<string> {
  await page.waitForURL(`${places.app}/callback?*`)
  await ready(page)
  return page.url()
}

/** What the callback page does. */
const finish = (page: Page, bench: Bench, { party = 'bob', issuer = '' } = {}) =>
  page.evaluate(
    async ([places, party, issuer]) => {
      const { make, pageRedirect, webStorage, thrown, requesters, handleCallback } = window.lib
      const requester = make(
        places,
        {
          requestingParty: party,
          storage: webStorage(sessionStorage),
          redirectUri: `${places.app}/callback`,
          onRedirect: pageRedirect(),
        },
        issuer ? { issuer } : {},
      )
      requesters[party] = requester
      const before = location.href
      const callback = await handleCallback(requester, location.href).catch(thrown)
      const { replay, ...rest } = callback as Callback & Record<string, unknown>
      return { ...rest, canReplay: !!replay, before, after: location.href }
    },
    [bench.places, party, issuer] as const,
  )

const pendings = (page: Page): Promise<string[]> =>
  page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('uma:pending:')))

/** Every URL in the history of this window. */
async function history({ page, context }: Bench): Promise<string[]> {
  const session = await context.newCDPSession(page)
  const { entries } = await session.send('Page.getNavigationHistory')
  return entries.map(({ url }) => url)
}

test('the person logs in and agrees; the callback page finishes and goes on where the app was', async () => {
  const bench = await startBench(bobOnly)
  const { page, places } = bench
  await leave(bench)
  await comeBack(bench)
  expect(await pendings(page)).toHaveLength(1)
  bench.clear()
  const callback = await finish(page, bench)
  expect(callback).toMatchObject({
    kind: 'ticket',
    request: { method: 'GET', url: `${places.host}/alice/1.jpg?size=big` },
    canReplay: true,
  })
  // The address bar is clean, and so is the history.
  expect(callback.before).toContain('ticket=')
  expect(callback.after).toBe(`${places.app}/callback`)
  expect((await history(bench)).filter((url) => url.startsWith(places.app))).toEqual([
    `${places.app}/`,
    `${places.app}/callback`,
  ])
  expect(await pendings(page)).toEqual([])
  expect(bench.lines()).toEqual(['GET as /.well-known/uma2-configuration 200', 'POST as /token 200'])

  bench.clear()
  const photo = await page.evaluate(async (url) => {
    const response = await window.lib.requesters.bob?.fetch(url)
    return { status: response?.status, body: await response?.json() }
  }, `${places.host}/alice/1.jpg?size=big`)
  expect(photo).toMatchObject({ status: 200, body: { path: '/alice/1.jpg' } })
  expect(bench.lines()).toEqual(['GET host /alice/1.jpg?size=big 200'])
})

test('nothing secret is left in history, storage, console or events', async () => {
  const bench = await startBench(bobOnly)
  const { page, places } = bench
  await leave(bench)
  await comeBack(bench)
  await finish(page, bench)
  await page.evaluate((url) => window.lib.requesters.bob?.fetch(url), `${places.host}/alice/1.jpg?size=big`)
  const secrets = secretsOf(bench.world)
  expect(secrets.length).toBeGreaterThanOrEqual(5)
  const left = await page.evaluate(() => ({
    here: location.href,
    referrer: document.referrer,
    state: window.history.state,
    cookie: document.cookie,
    events: window.lib.events,
    entries: (window as unknown as { navigation: { entries(): { url: string }[] } }).navigation
      .entries()
      .map(({ url }) => url),
  }))
  // The authorization server's own page is in the history with its spent ticket: that is its page.
  const own = (await history(bench)).filter((url) => url.startsWith(places.app))
  const text = JSON.stringify([left, own, bench.said])
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  const stored = await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }])
  expect(keptSecrets(bench.world, stored)).toEqual([])
})

test('a stored request is replayed as it was, without the Authorization of the caller', async () => {
  const bench = await startBench(bobOnly)
  const { page, places, world } = bench
  const headers = {
    'content-type': 'application/json',
    'x-requested-with': 'album',
    authorization: 'Bearer the-callers-own',
  }
  await leave(bench, { storeRequest: true, method: 'POST', path: '/alice/new', body: '{"title":"ü"}', headers })
  await comeBack(bench)
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage }))
  expect(stored).toContain('album')
  expect(stored).not.toContain('the-callers-own')
  const status = await page.evaluate(async (places) => {
    const { make, pageRedirect, webStorage, handleCallback } = window.lib
    const requester = make(places, {
      requestingParty: 'bob',
      storage: webStorage(sessionStorage),
      redirectUri: `${places.app}/callback`,
      onRedirect: pageRedirect(),
    })
    const { replay } = await handleCallback(requester, location.href)
    return (await replay?.())?.status
  }, places)
  expect(status).toBe(200)
  expect(
    world.host.bodies.map(({ path, method, contentType, bytes }) => [method, path, contentType, bytes.toString()]),
  ).toEqual([['POST', '/alice/new', 'application/json', '{"title":"ü"}']])
  expect(world.recorder.to('host', ({ method }) => method === 'POST').at(-1)?.headers).toMatchObject({
    'x-requested-with': 'album',
  })
})

test('a request with a body that was not stored is named, but cannot be replayed', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench, { method: 'POST', path: '/alice/new', body: 'text' })
  await comeBack(bench)
  expect(await finish(bench.page, bench)).toMatchObject({
    request: { method: 'POST', url: `${bench.places.host}/alice/new` },
    canReplay: false,
  })
})

test('the person declines: a typed error, and the way back is used up', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench)
  await bench.page.click('button[value=decline]')
  await landed(bench)
  const result = await finish(bench.page, bench)
  expect(result).toMatchObject({
    name: 'RedirectError',
    code: 'redirect_failed',
    after: `${bench.places.app}/callback`,
  })
  expect(await pendings(bench.page)).toEqual([])
})

test('somebody whom Alice did not mean is refused', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench)
  await comeBack(bench, 'alice')
  expect(await finish(bench.page, bench)).toMatchObject({ name: 'RequestDeniedError', code: 'request_denied' })
})

test('attack: a callback URL used a second time', async () => {
  const bench = await startBench(bobOnly)
  const { page } = bench
  await leave(bench)
  const url = await comeBack(bench)
  expect(await finish(page, bench)).toMatchObject({ kind: 'ticket' })
  await page.goto(url)
  await ready(page)
  bench.clear()
  expect(await finish(page, bench)).toMatchObject({ finished: true, after: `${bench.places.app}/callback` })
  expect(bench.lines()).toEqual([])
})

test('attack: a foreign, an empty and a missing state; the true way back still works afterwards', async () => {
  const bench = await startBench(bobOnly)
  const { page, places } = bench
  await leave(bench)
  const url = await comeBack(bench)
  for (const query of [
    '?ticket=evil&state=foreign',
    '?ticket=evil&state=',
    '?ticket=evil',
    '?error=access_denied&state=foreign',
    '',
  ]) {
    await page.goto(`${places.app}/callback${query}`)
    await ready(page)
    bench.clear()
    expect(await finish(page, bench), query).toMatchObject({ code: 'invalid_state', after: `${places.app}/callback` })
    expect(bench.lines(), query).toEqual([])
  }
  await page.goto(url)
  await ready(page)
  expect(await finish(page, bench)).toMatchObject({ kind: 'ticket' })
})

test('attack: another person sits at the browser by then', async () => {
  const bench = await startBench(bobOnly)
  const { page } = bench
  await leave(bench)
  const url = await comeBack(bench)
  bench.clear()
  expect(await finish(page, bench, { party: 'carol' })).toMatchObject({ code: 'invalid_state' })
  expect(bench.lines()).toEqual([])
  // It was not used up: it is Bob's.
  await page.goto(url)
  await ready(page)
  expect(await finish(page, bench)).toMatchObject({ kind: 'ticket' })
})

test('attack: the way back opened in another window, which never asked for anything', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench)
  const url = await comeBack(bench)
  const other = await bench.open(url.slice(bench.places.app.length))
  expect(await finish(other, bench)).toMatchObject({ code: 'invalid_state' })
})

for (const [what, change] of Object.entries({
  'two tickets': (url: URL) => url.searchParams.append('ticket', 'another'),
  'the `iss` of another server': (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
  'no ticket': (url: URL) => url.searchParams.delete('ticket'),
})) {
  test(`attack: ${what}`, async () => {
    const bench = await startBench(bobOnly)
    await leave(bench)
    const url = new URL(await comeBack(bench))
    change(url)
    await bench.page.goto(url.href)
    await ready(bench.page)
    bench.clear()
    expect(await finish(bench.page, bench)).toMatchObject({
      code: 'redirect_failed',
      after: `${bench.places.app}/callback`,
    })
    expect(bench.lines()).toEqual([])
  })
}

test('attack: an authorization server that is not trusted any more when the person comes back', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench)
  await comeBack(bench)
  bench.clear()
  expect(await finish(bench.page, bench, { issuer: 'https://other.example' })).toMatchObject({
    code: 'untrusted_authorization_server',
  })
  expect(bench.lines()).toEqual([])
})

test('the person comes back too late', async () => {
  const bench = await startBench(bobOnly)
  await leave(bench)
  await comeBack(bench)
  await bench.page.clock.setFixedTime(Date.now() + 600_000)
  bench.clear()
  expect(await finish(bench.page, bench)).toMatchObject({
    code: 'invalid_state',
    after: `${bench.places.app}/callback`,
  })
  expect(bench.lines()).toEqual([])
  expect(await pendings(bench.page)).toEqual([])
})

test('after signing out, the way back leads nowhere', async () => {
  const bench = await startBench(bobOnly)
  const { page, places } = bench
  await leave(bench)
  const url = await comeBack(bench)
  const other = await page.evaluate(async (places) => {
    const { make, webStorage } = window.lib
    await make(places, { requestingParty: 'bob', storage: webStorage(sessionStorage) }).signOut()
  }, places)
  expect(other).toBeUndefined()
  await page.goto(url)
  await ready(page)
  expect(await finish(page, bench)).toMatchObject({ code: 'invalid_state' })
})

test('the person comes back with the back button: the request ends, and the next one may ask again', async () => {
  const bench = await startBench(bobOnly)
  const result = await bench.page.evaluate(async (places) => {
    const { make, pageRedirect, webStorage, thrown } = window.lib
    const went: string[] = []
    const requester = make(places, {
      requestingParty: 'bob',
      storage: webStorage(sessionStorage),
      redirectUri: `${places.app}/callback`,
      onRedirect: pageRedirect({ navigate: (url) => void went.push(url) }),
    })
    const ask = async () => {
      const before = went.length
      const asked = requester.fetch(`${places.host}/alice/1.jpg`).then(({ status }) => ({ status }), thrown)
      while (went.length === before) await new Promise((resolve) => setTimeout(resolve, 10))
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
      return asked
    }
    return [await ask(), await ask(), went.length]
  }, bench.places)
  expect(result).toMatchObject([{ code: 'redirect_failed' }, { code: 'redirect_failed' }, 2])
})
