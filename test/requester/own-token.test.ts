/** `sendAccessToken`: requests without an RPT carry the party's own access token, at the listed hosts only. */
import { expect, onTestFinished, test } from 'vitest'
import { bearer } from '../../src/index.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { keycloak } from '../sign-in/kit.ts'

async function cast(server: object = {}, options: object = {}) {
  const { requester, url, world } = await keycloak()
  const seen = () =>
    world
      .sent()
      .filter(({ server: name }) => name === 'host')
      .map(({ headers }) => headers.authorization)
  return { requester: requester(options, { sendAccessToken: true, ...server } as object), url, world, seen }
}

test('the token of bearer()', async () => {
  const { requester, world, seen } = await cast({ client: { id: 'spa', auth: bearer(() => 'own-token') } })
  await requester.fetch(`${world.host.origin}/public/1.jpg`)
  expect(seen()).toEqual(['Bearer own-token'])
})

test('the token of the sign-in; nobody is signed in: no token', async () => {
  const { requester, url, world, seen } = await cast()
  expect((await requester.fetch(url)).status).toBe(200)
  const [first, second] = seen()
  expect(first).toBeUndefined()
  expect(second).toMatch(/^Bearer /)
  const other = requester.as('bob')
  await other.signIn(world.as.issuer)
  world.recorder.clear()
  await other.fetch(`${world.host.origin}/public/1.jpg`)
  const [own] = seen()
  expect(own).toMatch(/^Bearer /)
  expect(own).not.toBe(second)
})

test('never instead of the caller’s own Authorization', async () => {
  const { requester, world, seen } = await cast({ client: { id: 'spa', auth: bearer(() => 'own-token') } })
  await requester.fetch(`${world.host.origin}/public/1.jpg`, { headers: { Authorization: 'Basic eA==' } })
  expect(seen()).toEqual(['Basic eA=='])
})

test('never to another host', async () => {
  const { requester } = await cast({ client: { id: 'spa', auth: bearer(() => 'own-token') } })
  const other = await startPlainServer((request, response) => response.end(`${request.headers.authorization}`))
  onTestFinished(other.close)
  expect(await (await requester.fetch(other.origin)).text()).toBe('undefined')
})

test('without the option, nothing is added', async () => {
  const { requester, world, seen } = await cast({
    sendAccessToken: false,
    client: { id: 'spa', auth: bearer(() => 'own-token') },
  })
  await requester.fetch(`${world.host.origin}/public/1.jpg`)
  expect(seen()).toEqual([undefined])
})
