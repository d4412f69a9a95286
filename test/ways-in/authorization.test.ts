/** A caller's own `Authorization`: it wins, except at places that an RPT was learned for. */
import { describe, expect, test } from 'vitest'
import { bearer } from '../../src/index.ts'
import { products } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { attachedAxios, waysIn } from './kit.ts'

const path = '/alice/1.jpg'
const own = { authorization: 'Bearer of-my-own' }
const presented = (world: World): string[] =>
  world
    .sent()
    .filter((r) => r.server === 'host')
    .map(({ headers: { authorization } }) =>
      authorization === undefined
        ? 'none'
        : authorization === own.authorization
          ? 'own'
          : authorization.split(' ')[0] === 'Basic'
            ? 'basic'
            : 'rpt',
    )

describe.each(waysIn)('$name', ({ attach }) => {
  test('goes with the first send, the RPT with the second, and at that place from then on', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    for (let turn = 0; turn < 2; turn++)
      expect((await send(world.host.origin + path, { headers: own })).status).toBe(200)
    expect(presented(world)).toEqual(['own', 'rpt', 'rpt'])
  })

  test('wins where no RPT was learned, whatever is held for the host', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    await send(world.host.origin + path)
    world.recorder.clear()
    await send(`${world.host.origin}/public/1.jpg`, { headers: own })
    await send(`${world.host.origin}/alice/2.jpg`, { headers: own })
    expect(presented(world).slice(0, 2)).toEqual(['own', 'own'])
  })

  test('comes back when an RPT is dropped', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    await send(world.host.origin + path, { headers: own })
    world.as.revoke(world.sent().at(-1)?.headers.authorization?.slice(7) as string)
    world.recorder.clear()
    // Whoever does not come with the caller's own token is told nothing.
    world.host.quirks.answer = (answer, { headers }) =>
      headers.authorization !== own.authorization && answer.status === 401 ? { status: 401, body: 'stale' } : answer
    expect((await send(world.host.origin + path, { headers: own })).status).toBe(200)
    expect(presented(world)).toEqual(['rpt', 'own', 'rpt'])
  })

  test('Keycloak: a host that challenges only requests with a bearer token', async () => {
    const world = await startWorld({
      as: { quirks: { ...products.keycloak, clientAuth: 'bearer-only' } },
      host: { quirks: { onlyWithBearer: true, challengeStyle: 'keycloak' } },
    })
    const token = await world.as.issueAccessToken({ account: 'alice', clientId: 'spa' })
    const send = attach(world.requester({}, { client: { id: 'spa', auth: bearer(() => token) }, staleStatuses: [403] }))
    expect((await send(world.host.origin + path)).status).toBe(403)
    world.recorder.clear()
    const headers = { authorization: `Bearer ${token}` }
    for (let turn = 0; turn < 2; turn++) expect((await send(world.host.origin + path, { headers })).status).toBe(200)
    expect(world.lines()).toEqual([
      `GET host ${path} 401`,
      'GET as /.well-known/uma2-configuration 200',
      'POST as /token 200',
      `GET host ${path} 200`,
      `GET host ${path} 200`,
    ])
  })

  test('uma: false leaves the request alone, with and without an RPT at hand', async () => {
    const world = await startWorld()
    const send = attach(world.requester())
    expect((await send(world.host.origin + path, { uma: false })).status).toBe(401)
    await send(world.host.origin + path)
    world.recorder.clear()
    expect((await send(world.host.origin + path, { uma: false })).status).toBe(401)
    expect(presented(world)).toEqual(['none'])
  })
})

describe.each(['http', 'fetch'] as const)('axios, %s adapter: config.auth (A5)', (adapter) => {
  test('counts as an Authorization of the caller, and gives way to the RPT', async () => {
    const world = await startWorld()
    const api = attachedAxios(world.requester(), { adapter, auth: { username: 'u', password: 'p' } })
    const first = await api.get(world.host.origin + path)
    await api.get(world.host.origin + path)
    expect(presented(world)).toEqual(['basic', 'rpt', 'rpt'])
    expect(first.config.auth).toEqual({ username: 'u', password: 'p' })
  })
})

test('axios, http adapter: credentials in the URL, the same', async () => {
  const world = await startWorld()
  const api = attachedAxios(world.requester(), { adapter: 'http' })
  await api.get(world.host.origin.replace('//', '//u:p@') + path, { params: { a: '1' } })
  expect(presented(world)).toEqual(['basic', 'rpt'])
  expect(
    world
      .sent()
      .filter((r) => r.server === 'host')
      .map((r) => r.path),
  ).toEqual([`${path}?a=1`, `${path}?a=1`])
})
