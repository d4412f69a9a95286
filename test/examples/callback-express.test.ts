/** A server-rendered app with two users signed in at once: each with tokens and redirects of their own, never crossed. */
import { describe, expect, test } from 'vitest'
import { type App, enter, type Seen, type Stage, stages, startApp, tokenOf } from './callback-kit.ts'

type Browser = Awaited<ReturnType<typeof enter>>

const users = ['alice', 'bob'] as const

/** Goes where it is sent until the app answers: to the authorization server as `login`, and inside the app. */
async function follow(
  app: App,
  stage: Stage,
  login: string,
  browser: Browser,
  seen: Seen,
): Promise<Seen & { away: number }> {
  let away = 0
  let at = seen
  for (let hops = 0; at.status === 303 && hops < 10; hops++) {
    const outside = /^https?:/.test(at.location) && !at.location.startsWith(app.origin)
    if (outside) away++
    at = await browser.go(outside ? await stage.visit(login)(at.location) : at.location)
  }
  return { ...at, away }
}

/** Every RPT that the app presented, by the path that it was presented at: whose is it? */
const presented = (stage: Stage) =>
  stage
    .sent()
    .filter((request) => tokenOf(request))
    .map((request) => [request.path.split('?')[0], stage.ownerOf(tokenOf(request))])

describe.each(stages)('%s', (_name, start) => {
  const cast = async () => {
    const stage = await start()
    const app = await startApp(stage)
    const [alice, bob] = (await Promise.all(users.map((user) => enter(app, user)))) as [Browser, Browser]
    return { stage, app, alice, bob }
  }

  test('two users at once, step by step: signing in, claims, RPTs; then nobody is sent anywhere', async () => {
    const { stage, app, alice, bob } = await cast()
    const browsers = { alice, bob }
    const both = await Promise.all(
      users.map(async (user) => {
        const first = await browsers[user].go(`/photos${stage.own(user)}`)
        return follow(app, stage, user, browsers[user], first)
      }),
    )
    expect(both.map(({ status, away }) => [status, away])).toEqual([
      [200, 2],
      [200, 2],
    ])
    expect(stage.identities()).toBe(2)
    expect(stage.recorder.requests.filter(({ path }) => /\/register$/.test(path)).length).toBe(1)

    const many = await Promise.all(
      Array.from({ length: 20 }, (_, index) => users[index % 2] as (typeof users)[number]).map((user) =>
        browsers[user].go(`/photos${stage.own(user)}`),
      ),
    )
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set([200]))
    const seen = presented(stage)
    expect(seen.length).toBeGreaterThanOrEqual(22)
    const owners = new Map(users.map((user) => [stage.own(user), user]))
    // An RPT that was replaced is nobody's any more.
    for (const [path = '', owner] of seen) expect([owners.get(path), undefined]).toContain(owner)
    for (const user of users) expect(seen.filter(([, owner]) => owner === user).length).toBeGreaterThanOrEqual(10)
  })

  test('several tabs of one user: each goes its own way, and all end well', async () => {
    const { stage, app, alice } = await cast()
    const tabs = await Promise.all([1, 2, 3].map(() => alice.go(`/photos${stage.own('alice')}`)))
    expect(tabs.map(({ status }) => status)).toEqual([303, 303, 303])
    for (const tab of new Map(tabs.map((one) => [one.location, one])).values())
      expect((await follow(app, stage, 'alice', alice, tab)).status).toBe(200)
    expect((await alice.go(`/photos${stage.own('alice')}`)).status).toBe(200)
  })

  test("each other's ways back, and those of nobody: refused, spent by nobody, and still good for whom they belong to", async () => {
    const { stage, app, alice, bob } = await cast()
    const away = await Promise.all([alice.go(`/photos${stage.own('alice')}`), bob.go(`/photos${stage.own('bob')}`)])
    const [alices = '', bobs = ''] = await Promise.all(
      away.map(({ location }, index) => stage.visit(users[index] ?? '')(location)),
    )
    const before = stage.recorder.requests.length
    expect([(await bob.go(alices)).status, (await alice.go(bobs)).status]).toEqual([400, 400])
    expect((await fetch(alices, { redirect: 'manual' })).status).toBe(401)
    expect(stage.recorder.requests.length).toBe(before)
    const ends = await Promise.all([
      alice.go(alices).then((seen) => follow(app, stage, 'alice', alice, seen)),
      bob.go(bobs).then((seen) => follow(app, stage, 'bob', bob, seen)),
    ])
    expect(ends.map(({ status }) => status)).toEqual([200, 200])
    // The same return again: the person goes on or is refused, and nothing is sent.
    const sent = stage.recorder.requests.length
    expect([303, 400]).toContain((await alice.go(alices)).status)
    expect(stage.recorder.requests.length).toBe(sent)
  })

  test('what is being changed is changed once, after the redirects, by whom it was changed', async () => {
    const { stage, app, alice, bob } = await cast()
    const browsers = { alice, bob }
    const ends = await Promise.all(
      users.map(async (user) =>
        follow(
          app,
          stage,
          user,
          browsers[user],
          await browsers[user].post(`/photos${stage.own(user)}`, `new, by ${user}`),
        ),
      ),
    )
    expect(ends.map(({ status }) => status)).toEqual([200, 200])
    const byPath = (one: unknown, other: unknown) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)
    expect(stage.written().sort(byPath)).toEqual(
      users.map((user) => ({ path: stage.own(user), body: `new, by ${user}` })),
    )
  })

  test('the app starts anew while both are away: they come back to it', async () => {
    const { stage, app, alice, bob } = await cast()
    const away = await Promise.all([alice.go(`/photos${stage.own('alice')}`), bob.go(`/photos${stage.own('bob')}`)])
    app.restart()
    const ends = await Promise.all([
      follow(app, stage, 'alice', alice, away[0] as Seen),
      follow(app, stage, 'bob', bob, away[1] as Seen),
    ])
    expect(ends.map(({ status, away }) => [status, away])).toEqual([
      [200, 2],
      [200, 2],
    ])
    expect(stage.recorder.requests.filter(({ path }) => /\/register$/.test(path)).length).toBe(1)
  })

  test('the settings page shows what is kept for whom, and no secret; leaving forgets one of them', async () => {
    const { stage, app, alice, bob } = await cast()
    for (const [user, browser] of [
      ['alice', alice],
      ['bob', bob],
    ] as const)
      await follow(app, stage, user, browser, await browser.go(`/photos${stage.own(user)}`))
    const shown = await Promise.all([alice.go('/settings'), bob.go('/settings')])
    const kept = shown.map(({ text }) => JSON.parse(text))
    expect(kept.map(({ requestingParty }) => requestingParty)).toEqual(['alice', 'bob'])
    for (const [index, { authorizationServers }] of kept.entries()) {
      expect(authorizationServers).toMatchObject([{ issuer: stage.server.issuer, rpts: [{ host: stage.photos }] }])
      expect(JSON.stringify(authorizationServers)).not.toContain(stage.own(users[1 - index] ?? ''))
    }
    // Whatever reached a server as a token, code, secret or state, and whatever lies in storage.
    const secrets = new Set(stage.recorder.requests.map(tokenOf))
    for (const { path, body } of stage.recorder.requests)
      for (const text of [path.split('?')[1] ?? '', body.toString()])
        for (const [name, value] of new URLSearchParams(text))
          if (/token|ticket|code|secret|state|rpt|pct/.test(name)) secrets.add(value)
    for (const record of app.storage.values())
      for (const [, secret = ''] of record.matchAll(/"(?:token|accessToken|refreshToken|idToken|secret)":"([^"]+)"/g))
        secrets.add(secret)
    const long = [...secrets].filter((secret) => secret.length > 15)
    expect(long.length).toBeGreaterThan(6)
    for (const secret of long) {
      expect(shown.map(({ text }) => text).join()).not.toContain(secret)
      expect(JSON.stringify(app.events)).not.toContain(secret)
    }

    expect((await alice.post('/leave')).status).toBe(200)
    expect((await alice.go('/settings')).status).toBe(401)
    const back = await enter(app, 'alice')
    expect(JSON.parse((await back.go('/settings')).text).authorizationServers).toEqual([])
    expect((await bob.go(`/photos${stage.own('bob')}`)).status).toBe(200)
    expect((await back.go(`/photos${stage.own('alice')}`)).status).toBe(303)
  })
})
