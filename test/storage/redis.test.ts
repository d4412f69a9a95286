import { createClient } from 'redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisClient, redisStorage } from '../../src/storage/redis.ts'
import { redisUrl } from '../helpers/redis.ts'

describe.skipIf(!redisUrl)('redisStorage', () => {
  const client = createClient({ url: redisUrl ?? '' })
  let prefix: string

  beforeEach(async () => {
    if (!client.isOpen) await client.connect()
    prefix = `test:${crypto.randomUUID()}:`
  })
  afterEach(async () => {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 }))
      if (keys.length > 0) await client.del(keys)
    await client.close()
  })

  test('values run out on the server, and what has no time to live stays', async () => {
    const storage = redisStorage(client, { prefix })
    await storage.set('a', '1', 60_000.5)
    await storage.set('b', '1')
    expect(await client.pTTL(`${prefix}a`)).toBeGreaterThan(59_000)
    expect(await client.pTTL(`${prefix}b`)).toBe(-1)
    await storage.set('a', '2')
    expect(await client.pTTL(`${prefix}a`)).toBe(-1)
  })

  test('a lock runs out on the server, and is gone when the task is done', async () => {
    const storage = redisStorage(client, { prefix, leaseMs: 5000 })
    await storage.lock('l', async () => {
      const left = await client.pTTL(`${prefix}lock:l`)
      expect(left).toBeGreaterThan(4000)
      expect(left).toBeLessThanOrEqual(5000)
    })
    expect(await client.exists(`${prefix}lock:l`)).toBe(0)
  })

  test('another prefix sees nothing of it', async () => {
    await redisStorage(client, { prefix: `${prefix}one:` }).set('a', '1')
    const two = redisStorage(client, { prefix: `${prefix}two:` })
    expect([await two.get('a'), await two.keys?.('')]).toEqual([null, []])
  })

  test('a client that cannot scan, like a cluster, makes a storage without keys', async () => {
    const { keys } = redisStorage(without(client, 'scanIterator'), { prefix })
    expect(keys).toBeUndefined()
  })

  test('a lease that was given although the answer was lost is given back', async () => {
    const deaf = { ...without(client, 'scanIterator') }
    deaf.set = async (...args) => {
      await client.set(...(args as Parameters<typeof client.set>))
      throw new Error('Socket closed unexpectedly')
    }
    const first = redisStorage(deaf, { prefix }).lock('l', async () => {})
    await expect(first).rejects.toThrow('Socket closed')
    expect(await redisStorage(client, { prefix }).lock('l', async () => 'got')).toBe('got')
  })

  test('a client that is not connected rejects', async () => {
    const storage = redisStorage(createClient({ url: redisUrl ?? '' }), { prefix })
    await expect(storage.get('a')).rejects.toThrow('closed')
    await expect(storage.set('a', '1')).rejects.toThrow('closed')
    await expect(storage.lock('l', async () => {})).rejects.toThrow('closed')
  })
})

function without(client: RedisClient, _name: 'scanIterator'): RedisClient {
  return {
    get: (key) => client.get(key),
    set: (...args) => client.set(...args),
    del: (key) => client.del(key),
    eval: (...args) => client.eval(...args),
  }
}
