/** A Redis server that goes and comes back, a SQLite file that goes, is locked, or has no room. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Requester } from '../../src/index.ts'
import { redisStorage } from '../../src/storage/redis.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { redisUrl } from '../helpers/redis.ts'
import { startWorld, type World } from '../helpers/world.ts'
import {
  ask,
  costs,
  get,
  pause,
  redisClient,
  settled,
  sqliteFile,
  stopwatch,
  stored,
  together,
  told,
  watchRejections,
} from './kit.ts'
import { redisOfOurOwn } from './redis-of-our-own.ts'
import { work } from './start-worker.ts'
import type { WorkerOrder } from './worker.ts'

/** Milliseconds that a request waits for a storage at most: 3 s, and what the work itself takes. */
const most = 10_000
/** Time enough for a storage that failed to be tried again: it is after 5 s. */
const aPause = 5_500

const bob = (world: World, storage: RequesterStorage): Requester => world.requester({ storage, requestingParty: 'bob' })

function sqlite(path: string): RequesterStorage {
  const storage = sqliteStorage({ path })
  onTestFinished(() => storage.close())
  return storage
}

/** Requests without end, one after the other over 20 photos, until it is told to stop. */
function keepAsking(requester: Requester, world: World) {
  let on = true
  const all = { statuses: [] as unknown[], slowest: 0 }
  const watch = stopwatch()
  const done = (async () => {
    for (let n = 0; on; n++) {
      const from = watch.ms()
      all.statuses.push(await get(requester, world, n % 20))
      all.slowest = Math.max(all.slowest, watch.ms() - from)
      await pause(20)
    }
  })()
  return async () => {
    on = false
    await done
    watch.stop()
    return { bad: all.statuses.filter((status) => status !== 200), slow: all.slowest > most ? all.slowest : 0 }
  }
}

const onRedis: Record<string, () => Promise<void>> = {
  async 'stopped and started in mid-run'() {
    const world = await startWorld({ host: { direct: true } })
    const rejections = watchRejections()
    const redis = await redisOfOurOwn()
    const requester = bob(world, redisStorage((await redisClient(redis.url)) as never))
    await ask(requester, world, [1, 2])
    await settled()
    const stop = keepAsking(requester, world)
    await redis.stop()
    await pause(2_500)
    await redis.start()
    await pause(aPause)
    expect(await stop()).toEqual({ bad: [], slow: 0 })
    expect(told(world, 'storage-failed')).toBeGreaterThan(0)
    expect(world.as.stats.tokenRequests).toBeLessThanOrEqual(20)
    await ask(requester, world, [20])
    const storage = redisStorage((await redisClient(redis.url)) as never)
    await stored(storage, [...Array(21).keys()])
    await settled()
    const next = bob(world, storage)
    world.recorder.clear()
    const { statuses } = await ask(next, world, [...Array(21).keys()])
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(costs(world)).toEqual({ host: 21, token: 0 })
    expect(rejections).toEqual([])
  },

  async 'gone, and a client that does not queue'() {
    const world = await startWorld({ host: { direct: true } })
    const redis = await redisOfOurOwn()
    const client = await redisClient(redis.url)
    const requester = bob(world, redisStorage(client as never))
    await ask(requester, world, [1])
    await redis.stop('SIGKILL')
    const { statuses, slowest } = await ask(requester, world, [1, 2, 3, 1, 2, 3])
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(slowest).toBeLessThan(most)
    expect(world.as.stats.tokenRequests).toBe(3)
  },

  async 'stopped while a lock is held'() {
    const world = await startWorld({ host: { direct: true } })
    const redis = await redisOfOurOwn()
    const requester = bob(world, redisStorage((await redisClient(redis.url)) as never))
    await ask(requester, world, [1])
    world.as.policy = async () => {
      await redis.stop()
      return 'grant' as const
    }
    expect((await ask(requester, world, [2])).statuses).toEqual([200])
    world.as.policy = () => 'grant' as const
    await redis.start()
    await pause(aPause)
    // The lease could not be given back: it is this process's own, and it does not wait for it.
    const { statuses, slowest } = await ask(requester, world, [3])
    expect(statuses).toEqual([200])
    expect(slowest).toBeLessThan(most)
  },
}

test.skipIf(!redisUrl)('Redis goes and comes back', () => together(onRedis))

describe('SQLite', () => {
  test.each([
    ['a directory that is not there', (path: string) => `${path}-folder/uma.db`],
    [
      'below a file',
      (path: string) => {
        writeFileSync(path, '')
        return `${path}/uma.db`
      },
    ],
    [
      'a directory',
      (path: string) => {
        mkdirSync(path)
        return path
      },
    ],
    ['where nobody may write', () => '/proc/uma-requester.db'],
    [
      'no database',
      (path: string) => {
        writeFileSync(path, 'x'.repeat(100_000))
        return path
      },
    ],
  ])('%s', async (_name, where) => {
    const world = await startWorld()
    const rejections = watchRejections()
    const requester = bob(world, sqlite(where(await sqliteFile())))
    const { statuses, slowest } = await ask(requester, world, [1, 2, 1])
    expect(statuses).toEqual([200, 200, 200])
    expect(slowest).toBeLessThan(most)
    expect(told(world, 'storage-failed')).toBeGreaterThan(0)
    await settled()
    expect(rejections).toEqual([])
  })

  test('the file is removed while it is open', async () => {
    const world = await startWorld()
    const path = await sqliteFile()
    const requester = bob(world, sqlite(path))
    await ask(requester, world, [1])
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    expect((await ask(requester, world, [1, 2, 3])).statuses).toEqual([200, 200, 200])
    expect((await ask(bob(world, sqlite(path)), world, [1, 2])).statuses).toEqual([200, 200])
    expect((await ask(requester, world, [1, 2, 3])).statuses).toEqual([200, 200, 200])
  })

  test('another program writes and does not end', async () => {
    const world = await startWorld()
    const rejections = watchRejections()
    const path = await sqliteFile()
    const requester = bob(world, sqlite(path))
    await ask(requester, world, [1])
    await settled()
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const { statuses, slowest } = await ask(requester, world, [1, 2, 3, 1, 2, 3])
    other.exec('ROLLBACK')
    other.close()
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(told(world, 'storage-failed')).toBeGreaterThan(0)
    await pause(aPause)
    await ask(requester, world, [4])
    await stored(sqlite(path), [1, 2, 3, 4])
    await settled()
    world.recorder.clear()
    await ask(bob(world, sqlite(path)), world, [1, 2, 3, 4])
    expect(costs(world)).toEqual({ host: 4, token: 0 })
    expect(rejections).toEqual([])
    expect(slowest).toBeLessThan(most)
  })

  test('no room on the disk', async () => {
    const world = await startWorld()
    const path = await sqliteFile()
    const order: WorkerOrder = {
      issuer: world.as.issuer,
      host: world.host.origin,
      sqlite: path,
      requests: 40,
      resources: 20,
      offset: 0,
      atOnce: 1,
      // What it could not give back for want of room ends soon.
      leaseMs: 1_000,
    }
    // Files of this process may have 64 KB: what SQLite sees is a disk that is full.
    const { statuses, events, slowest } = await work(order, 128)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
    expect(events['storage-failed']).toBeGreaterThan(0)
    expect(world.as.stats.tokenRequests).toBe(20)
    expect(slowest).toBeLessThan(most)
    // What it could still write is there, whole.
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    const records = db.prepare('SELECT key, value FROM records').all() as { key: string; value: string }[]
    db.close()
    expect(records.length).toBeGreaterThan(0)
    for (const { key, value } of records)
      if (/^uma:(rpts?|places|snapshot):/.test(key)) expect(JSON.parse(value).v).toBe(3)
    world.recorder.clear()
    expect((await ask(bob(world, sqlite(path)), world, [0, 1])).statuses).toEqual([200, 200])
  })
})
