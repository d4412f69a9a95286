/** Many processes, one storage: no permission lost, nothing asked for twice. */
import { describe, expect, test } from 'vitest'
import { repetitions } from '../helpers/long.ts'
import { redisUrl } from '../helpers/redis.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { pause, sqliteFile, together, until } from './kit.ts'
import { startWorker, work } from './start-worker.ts'
import type { WorkerOrder } from './worker.ts'

type Where = Pick<WorkerOrder, 'sqlite' | 'redis' | 'prefix'>
const storages: { name: string; there: boolean; where: () => Promise<Where> }[] = [
  { name: 'one SQLite file', there: true, where: async () => ({ sqlite: await sqliteFile() }) },
  {
    name: 'one Redis',
    there: redisUrl !== undefined,
    where: async () => ({ redis: redisUrl as string, prefix: `${crypto.randomUUID()}:` }),
  },
]
const rotating = { refreshTokens: true, rotateRefresh: true }
const times = <T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)))
const orderFor = (world: World, more: Where & Partial<WorkerOrder>): WorkerOrder => ({
  issuer: world.as.issuer,
  host: world.host.origin,
  requests: 50,
  resources: 20,
  offset: 0,
  atOnce: 5,
  ...more,
})

/** Where waiting is most of it: on all of them at once. */
const onEach = (name: string, scenario: (where: () => Promise<Where>) => Promise<void>): void =>
  test(name, () => together(Object.fromEntries(there.map((storage) => [storage.name, () => scenario(storage.where)]))))
const there = storages.filter(({ there }) => there)

describe.each(there)('8 processes on $name', ({ where }) => {
  test('50 requests each over the same 20 resources: at most 20 token requests', async () => {
    const world = await startWorld({ as: { quirks: rotating } })
    const common = orderFor(world, await where())
    const all = await times(8, (n) => work({ ...common, offset: n * 3 }))
    for (const { statuses } of all) expect(statuses.filter((status) => status !== 200)).toEqual([])
    const { stats } = world.as
    expect(stats.tokenRequests).toBeLessThanOrEqual(20)
    expect([stats.ticketsReplayed, stats.refreshTokensReplayed, stats.supersededRptsPresented]).toEqual([0, 0, 0])
    const rpts = new Set(world.sent().flatMap((r) => /^Bearer (.*)/.exec(r.headers.authorization ?? '')?.[1] ?? []))
    expect(Math.max(...[...rpts].map((rpt) => world.as.grants(rpt).length))).toBe(20)
  })
})

onEach('RPTs that end all the time: refreshed and upgraded, and no refresh token is used twice', async (where) => {
  const rptLifetimeMs = 2_000
  const world = await startWorld({ as: { quirks: { ...rotating, rptLifetimeMs } } })
  const common = orderFor(world, { ...(await where()), resources: 12, requests: 24, atOnce: 4, every: 400 })
  await work({ ...common, requests: 1, atOnce: 1 })
  await pause(rptLifetimeMs)
  const all = await times(repetitions(4, 8), (n) => work({ ...common, offset: n * 3 }))
  for (const { statuses } of all) expect(statuses.filter((status) => status !== 200)).toEqual([])
  const { stats } = world.as
  expect(stats.refreshRequests).toBeGreaterThan(0)
  expect([stats.ticketsReplayed, stats.refreshTokensReplayed]).toEqual([0, 0])
  // One flow for each place, and few for what ended on its way.
  expect(stats.tokenRequests).toBeLessThanOrEqual(60)
})

onEach('one is killed while it asks for a token: the others go on when its lease is over', async (where) => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: 50_000 } } } })
  const leaseMs = 1_500
  const common = orderFor(world, { ...(await where()), requests: 1, atOnce: 1, leaseMs })
  const victim = startWorker(common)
  await until(() => world.as.stats.inFlight > 0)
  // Long enough for its lease to have been renewed.
  await pause(leaseMs)
  victim.child.kill('SIGKILL')
  await victim.seen
  world.as.quirks.delayMs = {}
  const others = await Promise.all([1, 2].map((n) => work({ ...common, offset: n })))
  for (const { statuses, events } of others) {
    expect(statuses).toEqual([200])
    // A lock that does not come within 15 s would be one.
    expect(events['storage-failed']).toBeUndefined()
  }
  expect(world.as.stats.ticketsReplayed).toBe(0)
})
