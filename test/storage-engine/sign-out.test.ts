/** Signing out: here, in another process, and in the middle of a flow (docs/decisions/0004). */
import { expect, test } from 'vitest'
import type { Requester, RequesterOptions } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { startHost } from '../helpers/host.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { ask, backends, costs, get, moody, pause, settled, together, until } from './kit.ts'

const shared = backends.filter(({ name, there }) => there && ['Map', 'SQLite', 'Redis'].includes(name))
const bob = (world: World, storage: RequesterStorage, more: Partial<RequesterOptions> = {}): Requester =>
  world.requester({ storage, requestingParty: 'bob', ...more })
/** RPTs that went to the host, and refresh tokens and RPTs that went to the token endpoint. */
const presented = (world: World): string[] =>
  world.sent().flatMap(({ headers, path, body }) => {
    const form = path === '/token' ? new URLSearchParams(body.toString()) : undefined
    return [headers.authorization?.slice(7), form?.get('rpt'), form?.get('refresh_token')].flatMap(
      (token) => token ?? [],
    )
  })
/** An AS that cannot revoke: what is forgotten would still be good. */
const unrevoking = ({ revocation_endpoint: _none, ...rest }: Record<string, unknown>) => rest
const revoked = (world: World): (string | null)[] =>
  world
    .sent()
    .filter(({ path }) => path === '/revoke')
    .map(({ body }) => new URLSearchParams(body.toString()).get('token'))

/** As `new Keyv()` over a network. */
const slow = async () => {
  const held = new Map<string, string>()
  const after = async <T>(work: () => T): Promise<T> => pause(20).then(work)
  const storage = keyValueStorage({
    get: (key) => after(() => held.get(key)),
    set: (key, value) => after(() => held.set(key, value)),
    delete: (key) => after(() => held.delete(key)),
  })
  return async () => storage
}

/** A test that runs on each of these at once. */
const onEach = (name: string, scenario: (make: (typeof shared)[0]['make']) => Promise<void>): void =>
  test(name, () => together(Object.fromEntries(shared.map((backend) => [backend.name, () => scenario(backend.make)]))))

onEach('in this process: records are erased, tokens revoked, others untouched, and life goes on', async (make) => {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const storage = await (await make())()
  const requester = bob(world, storage)
  const carol = requester.as('carol')
  await ask(requester, world, [1, 2])
  await ask(carol, world, [1])
  await settled()
  const old = new Set(presented(world).slice(0, -1))
  const carols = presented(world).at(-1)
  world.recorder.clear()
  await requester.signOut()
  expect(revoked(world)).toHaveLength(2)
  const keys = await (storage.keys?.('uma:') as Promise<string[]>)
  expect([...keys].filter((key) => /^uma:(rpts?|places|index|pct):\W*bob/.test(key))).toEqual([])
  world.recorder.clear()
  expect((await ask(carol, world, [1])).statuses).toEqual([200])
  expect(presented(world)).toEqual([carols])
  world.recorder.clear()
  expect((await ask(requester, world, [1])).statuses).toEqual([200])
  expect(presented(world).filter((token) => old.has(token))).toEqual([])
  world.recorder.clear()
  // What came after the sign-out is kept as ever.
  expect((await ask(requester, world, [1])).statuses).toEqual([200])
  expect(costs(world)).toEqual({ host: 1, token: 0 })
})

onEach('in another process: nothing old is used once it has looked', async (make) => {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const open = await make()
  const [here, there] = [bob(world, await open()), bob(world, await open())]
  await ask(here, world, [1])
  await ask(there, world, [1, 2])
  await settled()
  const old = new Set(presented(world))
  await here.signOut()
  // The next flow looks; the AS has revoked the RPT, so that there is one.
  expect((await ask(there, world, [3, 1, 2])).statuses).toEqual([200, 200, 200])
  world.recorder.clear()
  expect((await ask(there, world, [1, 2, 3, 4])).statuses).toEqual([200, 200, 200, 200])
  expect(presented(world).filter((token) => old.has(token))).toEqual([])
  expect(world.as.stats.refreshRequests).toBe(0)
})

for (const where of ['here', 'there'])
  onEach(`in mid-flow, ${where}: the token that arrives later is not kept`, async (make) => {
    const world = await startWorld({ as: { quirks: { delayMs: { token: 400 }, refreshTokens: true } } })
    const open = await make()
    const requester = bob(world, await open())
    const asking = get(requester, world, 1)
    await until(() => world.as.stats.tokenRequests > 0)
    await (where === 'here' ? requester : bob(world, await open())).signOut()
    await asking
    await settled()
    const late = new Set(presented(world))
    world.as.quirks.delayMs = {}
    const storage = await open()
    for (const one of [requester, bob(world, storage), bob(world, await open())]) {
      world.recorder.clear()
      expect((await ask(one, world, [1, 2])).statuses).toEqual([200, 200])
      expect(presented(world).filter((token) => late.has(token))).toEqual([])
    }
  })

onEach('while a refresh is under way: what it brings is not kept', async (make) => {
  const world = await startWorld({
    as: { quirks: { refreshTokens: true, rotateRefresh: true, rptLifetimeMs: 1000 } },
  })
  const open = await make()
  // Otherwise the refresh token is revoked before it is used.
  world.as.quirks.metadata = unrevoking
  const requester = bob(world, await open())
  await ask(requester, world, [1])
  await pause(1100)
  world.as.quirks.delayMs = { token: 400 }
  const asking = get(requester, world, 1)
  await until(() => world.as.stats.refreshRequests > 0)
  await bob(world, await open()).signOut()
  await asking
  await settled()
  const late = new Set(presented(world))
  world.as.quirks.delayMs = {}
  world.recorder.clear()
  expect((await ask(bob(world, await open()), world, [1])).statuses).toEqual([200])
  expect((await ask(requester, world, [1])).statuses).toEqual([200])
  expect(presented(world).filter((token) => late.has(token))).toEqual([])
})

onEach('revokes what this process never saw', async (make) => {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const other = await startHost({ authorizationServer: world.as, label: 'other', recorder: world.recorder })
  const open = await make()
  const hosts = { hosts: [world.host.origin, other.origin] }
  const first = world.requester({ storage: await open(), requestingParty: 'bob' }, hosts)
  await Promise.all([world.host, other].map(({ origin }) => first.fetch(`${origin}/alice/1.jpg`)))
  await settled()
  const rpts = world.sent().filter(({ status, server }) => status === 200 && ['host', 'other'].includes(server))
  world.recorder.clear()
  await world.requester({ storage: await open(), requestingParty: 'bob' }, hosts).signOut()
  expect(revoked(world)).toHaveLength(4)
  for (const { headers } of rpts) expect(revoked(world)).toContain(headers.authorization?.slice(7))
  await other.close()
})

test.each([{ name: 'slow, without locks', make: slow }, ...backends.filter(({ there }) => there)])(
  'hosts met at the same moment are all found again: $name',
  async ({ make }) => {
    const world = await startWorld({ as: { quirks: { delayMs: { token: 200 } } } })
    const labels = ['one', 'two', 'three', 'four']
    const more = await Promise.all(
      labels.map((label) => startHost({ authorizationServer: world.as, label, recorder: world.recorder })),
    )
    const open = await make()
    const hosts = more.map(({ origin }) => origin)
    const first = world.requester({ storage: await open(), requestingParty: 'bob' }, { hosts })
    const all = (requester: Requester) =>
      Promise.all(hosts.map(async (origin) => (await requester.fetch(`${origin}/alice/1.jpg`)).status))
    await all(first)
    await settled()
    world.recorder.clear()
    const second = world.requester({ storage: await open(), requestingParty: 'bob' }, { hosts })
    expect(await all(second)).toEqual([200, 200, 200, 200])
    const costs = world.sent().length
    world.recorder.clear()
    await world.requester({ storage: await open(), requestingParty: 'bob' }, { hosts }).signOut()
    for (const host of more) await host.close()
    expect([costs, revoked(world).length]).toEqual([4, 4])
  },
)

test('the epoch counts on, whatever text is found there', async () => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: 300 } } } })
  world.as.quirks.metadata = unrevoking
  const storage = new Map<string, string>()
  const requester = bob(world, keyValueStorage(storage))
  await requester.signOut()
  for (const key of storage.keys()) if (key.startsWith('uma:epoch:')) storage.set(key, 'garbage')
  for (let round = 1; round <= 3; round++) {
    const before = world.as.stats.tokenRequests
    const asking = get(requester, world, round)
    await until(() => world.as.stats.tokenRequests > before)
    await bob(world, keyValueStorage(storage)).signOut()
    await asking
    await settled()
    expect([...storage].filter(([key, text]) => key.startsWith('uma:rpts:') && text.includes('"token"'))).toEqual([])
  }
})

test('while the storage is away: it counts for others once the storage is back', async () => {
  const world = await startWorld()
  world.as.quirks.metadata = unrevoking
  const storage = moody()
  const requester = bob(world, storage)
  await ask(requester, world, [1])
  await settled()
  const old = new Set(presented(world))
  storage.fate = () => 'reject'
  await requester.signOut()
  storage.fate = () => undefined
  // Time, and any request at all, tell that the storage is back.
  const epochs = () => [...storage.held.keys()].filter((key) => /^uma:epoch:\W*bob/.test(key))
  expect(epochs()).toEqual([])
  await until(async () => {
    await ask(requester.as('carol'), world, [1, 2])
    return epochs().length > 0
  }, 200)
  await settled()
  const next = bob(world, storage)
  world.recorder.clear()
  expect((await ask(next, world, [1])).statuses).toEqual([200])
  expect(presented(world).filter((token) => old.has(token))).toEqual([])
  expect([...storage.held.values()].filter((text) => [...old].some((token) => text.includes(token)))).toEqual([])
  // And the two agree from then on.
  await settled()
  await ask(requester, world, [2])
  await ask(next, world, [3])
  await ask(requester, world, [4])
  world.recorder.clear()
  await ask(next, world, [1, 2, 3, 4])
  expect(costs(world).token).toBeLessThanOrEqual(1)
})
