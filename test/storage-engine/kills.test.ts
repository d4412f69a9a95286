/** The short form of `npm run test:kill`. */
import { expect, test } from 'vitest'
import { redisStorage } from '../../src/storage/redis.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { redisUrl } from '../helpers/redis.ts'
import { killRuns } from './kill-runs.ts'
import { redisClient, sqliteFile } from './kit.ts'

test('10 processes killed on one SQLite file', { timeout: 60_000 }, async () => {
  const path = await sqliteFile()
  const open = async (leaseMs: number) => {
    const storage = sqliteStorage({ path, leaseMs })
    return { storage, close: () => storage.close() }
  }
  expect(await killRuns({ sqlite: path }, open, 10, 500)).toMatchObject({ kills: 10, ticketsReplayed: 0 })
})

test.skipIf(!redisUrl)('10 processes killed on one Redis', { timeout: 60_000 }, async () => {
  const prefix = `${crypto.randomUUID()}:`
  const client = await redisClient()
  const open = async (leaseMs: number) => ({
    storage: redisStorage(client as never, { prefix, leaseMs }),
    close: async () => {},
  })
  expect(await killRuns({ redis: redisUrl as string, prefix }, open, 10, 500)).toMatchObject({
    kills: 10,
    ticketsReplayed: 0,
  })
})
