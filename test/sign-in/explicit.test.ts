/** `requester.signIn(issuer)`: a sign-in that the application asks for. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { inspect } from '../../src/inspect.ts'
import { pageRedirect } from '../../src/redirect/page.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { until } from '../helpers/wait.ts'
import { grants, keycloak, people, person, rejection, umaRejection } from './kit.ts'

async function cast(options: object = {}) {
  const onRedirect = people('alice')
  const { requester, url, world } = await keycloak()
  return { requester: requester({ onRedirect, ...options }), url, world, asked: onRedirect.asked }
}

test('signs the person in, and the next request asks nobody', async () => {
  const { requester, url, world, asked } = await cast()
  expect(await requester.signIn(world.as.issuer)).toBeUndefined()
  expect(asked).toHaveLength(1)
  expect(grants(world)).toEqual(['code'])
  expect((await inspect(requester)).authorizationServers[0]?.signedIn).toBeDefined()
  expect((await requester.fetch(url)).status).toBe(200)
  expect(asked).toHaveLength(1)
  expect(world.events.filter(({ type }) => type === 'flow-ended')).toMatchObject([
    { outcome: 'granted' },
    { outcome: 'granted' },
  ])
})

test('a person who is signed in is sent nowhere', async () => {
  const { requester, world, asked } = await cast()
  await requester.signIn(world.as.issuer)
  await requester.signIn(`${world.as.issuer}/`)
  expect([asked.length, grants(world)]).toEqual([1, ['code']])
})

test('several at once: one sign-in, and as often as the person likes', async () => {
  const { requester, world, asked } = await cast()
  await Promise.all([1, 2, 3].map(() => requester.signIn(world.as.issuer)))
  expect([asked.length, grants(world)]).toEqual([1, ['code']])
  // The count of redirects that open nothing starts again with each sign-in.
  for (let round = 0; round < 8; round++) {
    await requester.signOut()
    await requester.signIn(world.as.issuer)
  }
  expect(asked).toHaveLength(9)
})

test('a request and a sign-in at the same time: one sign-in', async () => {
  const { requester, url, world, asked } = await cast()
  const [answer] = await Promise.all([requester.fetch(url), requester.signIn(world.as.issuer)])
  expect([answer.status, asked.length]).toEqual([200, 1])
})

test('a sign-in that leaves the page: the callback page finishes it, and there is no request to go on with', async () => {
  const storage = new Map<string, string>()
  const left: string[] = []
  const onRedirect = pageRedirect({ navigate: (url) => void left.push(url) })
  const { requester, url, world } = await keycloak()
  const load = () => requester({ storage: keyValueStorage(storage), onRedirect })
  for (const times of [1, 2]) {
    load()
      .signIn(world.as.issuer)
      .catch(() => {})
    await until(() => left.length === times)
    const page = load()
    const callback = await handleCallback(page, await person('alice')(left.at(-1) as string))
    expect(callback).toEqual({ kind: 'code', request: undefined })
    expect((await page.fetch(url)).status).toBe(200)
    expect(left).toHaveLength(times)
    await page.signOut()
  }
})

describe('that cannot be', () => {
  test('an issuer that is not configured: nothing is sent', async () => {
    const { requester, world } = await cast()
    for (const issuer of ['https://other.example/?secret=1', 'no url']) {
      const error = await umaRejection(requester.signIn(issuer))
      expect(error.code).toBe('untrusted_authorization_server')
      expect(error.message).not.toContain('secret')
    }
    expect(world.sent()).toEqual([])
  })

  test('a server without a sign-in', async () => {
    const { requester, world } = await keycloak()
    const app = requester({}, { signIn: undefined } as object)
    expect(await rejection(app.signIn(world.as.issuer))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining('codeFlow'),
    })
  })

  test('nobody to send away', async () => {
    const { requester, world } = await cast({ onRedirect: undefined })
    expect((await umaRejection(requester.signIn(world.as.issuer))).code).toBe('interaction_required')
  })

  test('a person who comes back without a code', async () => {
    const { requester, world } = await cast({ onRedirect: async () => 'https://app.example/elsewhere' })
    expect((await umaRejection(requester.signIn(world.as.issuer))).code).toBe('redirect_failed')
  })
})
