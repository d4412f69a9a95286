/** The contract, wherever Node can run it. */
import Keyv from 'keyv'
import { createClient } from 'redis'
import { createClient as createFloorClient } from 'redis-floor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { type RedisClient, redisStorage } from '../../src/storage/redis.ts'
import { type SqliteStorage, sqliteStorage } from '../../src/storage/sqlite.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'
import { webStorage } from '../../src/storage/web-storage.ts'
import { redisUrl } from '../helpers/redis.ts'
import { contract, type Extra } from './contract.ts'
import { redisStore, sqliteStore } from './kit.ts'
import { MapStorage } from './map-storage.ts'

/** Runs the contract, leaving out what the storage does not promise. `fresh` makes an empty storage. */
function keeps(promises: Extra[], fresh: () => { open: () => UmaStorage; remove?: () => Promise<unknown> }): void {
  for (const { name, needs = [], run } of contract.filter(({ needs = [] }) => needs.every((n) => promises.includes(n))))
    test(name, async () => {
      const { open, remove } = fresh()
      try {
        for (const extra of needs.filter((need) => need !== 'ttl' && need !== 'past'))
          expect(open()[extra]).toBeTypeOf('function')
        await run(open)
      } finally {
        await remove?.()
      }
    })
}

describe('keyValueStorage(new Map())', () => {
  keeps(['keys', 'getMany', 'add'], () => {
    const map = new Map<string, string>()
    return { open: () => keyValueStorage(map) }
  })
})

describe('keyValueStorage(new Keyv())', () => {
  keeps(['ttl', 'getMany'], () => {
    const storage = keyValueStorage(new Keyv<string>())
    return { open: () => storage }
  })
})

describe('webStorage(a stand-in)', () => {
  keeps(['ttl', 'past', 'keys', 'lock'], () => {
    const inner = new MapStorage()
    return { open: () => webStorage(inner, 'mine:') }
  })

  test('what others keep there is left alone', async () => {
    const inner = new MapStorage()
    inner.setItem('mine:theirs', '{"not":"ours"}')
    inner.setItem('other', 'x')
    const storage = webStorage(inner, 'mine:')
    await storage.set('a', '1')
    expect([await storage.get('theirs'), storage.keys?.('')]).toEqual([undefined, ['a']])
    expect(inner.getItem('mine:theirs')).toBe('{"not":"ours"}')
  })
})

describe('sqliteStorage', () => {
  keeps(['ttl', 'past', 'keys', 'lock', 'getMany', 'add'], () => {
    const store = sqliteStore()
    const opened: SqliteStorage[] = []
    return {
      open: () => {
        const storage = sqliteStorage({ path: store.path })
        opened.push(storage)
        return storage
      },
      remove: async () => {
        for (const storage of opened) await storage.close()
        await store.remove()
      },
    }
  })
})

const clients = { 'redis 6': createClient, 'redis 5.0.0': createFloorClient }

describe.skipIf(!redisUrl).each(Object.entries(clients))('redisStorage: %s', (_name, create) => {
  const client = (create as typeof createClient)({ url: redisUrl ?? '' })
  beforeAll(async () => {
    await client.connect()
  })
  afterAll(() => client.close())

  keeps(['ttl', 'past', 'keys', 'lock', 'getMany', 'add'], () => {
    const store = redisStore()
    const prefix = store.target.slice('redis:'.length)
    return { open: () => redisStorage(client, { prefix }), remove: store.remove }
  })
})

test('the clients fit as they are', () => {
  const fits: ((client: ReturnType<typeof createClient>) => RedisClient)[] = [(client) => client]
  const floorFits: ((client: ReturnType<typeof createFloorClient>) => RedisClient)[] = [(client) => client]
  expect([...fits, ...floorFits]).toHaveLength(2)
})
