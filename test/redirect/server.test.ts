/** `serverRedirect` in a real Express app, with two people at once, on each storage that servers use. */
import { describe, expect, test } from 'vitest'
import { inspect } from '../../src/inspect.ts'
import { visit } from '../flows/kit.ts'
import { until } from '../helpers/wait.ts'
import { person } from '../sign-in/kit.ts'
import { byBoth, byClaims, bySignIn, follow, go, type Seen, type Stage, startStage, storages } from './server-kit.ts'

const users = ['alice', 'bob'] as const
const photoOf = (user: string): string => `/photos/${user}/1.jpg`

describe.each(storages.filter(({ there }) => there))('with $name', ({ make }) => {
  test.each([
    ['sign-in', bySignIn, ['code']],
    ['claims', byClaims, ['ticket']],
    ['sign-in and claims: two redirects in a row', byBoth, ['away', 'ticket']],
  ] as const)('two people at once: %s', async (_what, policy, kinds) => {
    const stage = await startStage(policy, make())
    const first = await Promise.all(users.map((user) => go(stage, user, photoOf(user))))
    expect(first.map(({ status }) => status)).toEqual([303, 303])
    const ends = await Promise.all(users.map((user, index) => follow(stage, user, first[index] as Seen)))
    expect(ends.map(({ status, kinds }) => [status, kinds])).toEqual([
      [200, kinds],
      [200, kinds],
    ])
    expect(ends.map(({ text }) => JSON.parse(text).path)).toEqual(users.map((user) => `/${user}/1.jpg`))
    // From now on, nobody is sent away.
    expect((await go(stage, 'alice', photoOf('alice'))).status).toBe(200)
    // Each person's RPT is the person's own.
    const shown = stage.world.sent().filter(({ server, status }) => server === 'host' && status === 200)
    const owners = shown.map(({ path, headers }) => [path, rptOf(headers)])
    expect(new Set(owners.filter(([path]) => path === '/alice/1.jpg').map(([, rpt]) => rpt)).size).toBe(1)
    expect(new Set(owners.map(([, rpt]) => rpt)).size).toBe(2)
    expect(stage.world.as.stats.ticketsReplayed).toBe(0)
  })

  test('a declined consent, at the claims page and at the sign-in', async () => {
    const claims = await startStage(byClaims, make())
    const atClaims = await go(claims, 'alice', photoOf('alice'))
    expect((await go(claims, 'alice', await visit(atClaims.location, 'alice', 'decline'))).text).toMatch(
      /^redirect_failed/,
    )
    const signIn = await startStage(bySignIn, make())
    const atSignIn = await go(signIn, 'bob', photoOf('bob'))
    const back = await person('bob', 'abort')(atSignIn.location)
    expect((await go(signIn, 'bob', back)).text).toBe('redirect_failed access_denied')
    // The next request asks the person again.
    expect((await go(signIn, 'bob', photoOf('bob'))).status).toBe(303)
  })

  test('a callback of the wrong person is refused, and still good for the right one', async () => {
    const stage = await startStage(byBoth, make())
    const away = await Promise.all(users.map((user) => go(stage, user, photoOf(user))))
    const backs = await Promise.all(users.map((user, index) => person(user)((away[index] as Seen).location)))
    const [alices = '', bobs = ''] = backs
    stage.world.recorder.clear()
    for (const [user, back] of [
      ['bob', alices],
      ['alice', bobs],
      ['the app itself', alices],
    ] as const)
      expect((await go(stage, user, back)).text).toBe('invalid_state ')
    expect(stage.world.sent()).toEqual([])
    for (const [index, user] of users.entries()) {
      expect((await follow(stage, user, await go(stage, user, backs[index] as string))).status).toBe(200)
    }
  })

  test('a callback twice, one after the other: the second is finished, and nothing is sent', async () => {
    const stage = await startStage(byBoth, make())
    const visitAs = person('alice')
    const away = await go(stage, 'alice', photoOf('alice'))
    const signedIn = await visitAs(away.location)
    const toClaims = await go(stage, 'alice', signedIn)
    expect(new URL(toClaims.location).origin).toBe(stage.world.as.issuer)
    stage.world.recorder.clear()
    // The first return is finished, although its flow has sent the person away once more.
    expect((await go(stage, 'alice', signedIn)).location).toBe('/done')
    expect(stage.world.sent()).toEqual([])
    const claimed = await visitAs(toClaims.location)
    expect((await go(stage, 'alice', claimed)).location).toBe(photoOf('alice'))
    stage.world.recorder.clear()
    expect((await go(stage, 'alice', claimed)).location).toBe('/done')
    expect(stage.world.sent()).toEqual([])
  })

  test('a callback twice at the same time: both are sent to the same page', async () => {
    const stage = await startStage(byBoth, make())
    const visitAs = person('alice')
    const signedIn = await visitAs((await go(stage, 'alice', photoOf('alice'))).location)
    const [one, two] = await Promise.all([go(stage, 'alice', signedIn), go(stage, 'alice', signedIn)])
    expect(one.location).toBe(two.location)
    expect((await follow(stage, 'alice', one)).status).toBe(200)
    expect(stage.world.as.stats.ticketsReplayed).toBe(0)
  })

  test('the app starts again while people are away', async () => {
    const stage = await startStage(byBoth, make())
    const visits = users.map((user) => person(user))
    const away = await Promise.all(users.map((user) => go(stage, user, photoOf(user))))
    await stage.restart()
    const again = await Promise.all(
      users.map(async (user, index) => go(stage, user, (await visits[index]?.((away[index] as Seen).location)) ?? '')),
    )
    // Now they are at the claims page.
    await stage.restart()
    const ends = await Promise.all(users.map((user, index) => follow(stage, user, again[index] as Seen)))
    expect(ends.map(({ status, kinds }) => [status, kinds])).toEqual([
      [200, ['ticket']],
      [200, ['ticket']],
    ])
    // A flow does not wait for its write.
    await until(() => isStored(stage, 'alice'))
    await stage.restart()
    stage.world.recorder.clear()
    expect((await go(stage, 'alice', photoOf('alice'))).status).toBe(200)
    expect(stage.world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  })
})

/** Whether another process finds an RPT of the user in the storage. */
async function isStored(stage: Stage, user: string): Promise<boolean> {
  await stage.restart()
  const { authorizationServers } = await inspect(stage.requester.as(user))
  return authorizationServers.some(({ rpts }) => rpts.length > 0)
}

const rptOf = ({ authorization }: Record<string, string | string[] | undefined>): string => String(authorization)
