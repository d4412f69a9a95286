/** Processes killed while they make requests. The long form is in test/long/kills.test.ts. */
import { expect, test } from 'vitest'
import { redisUrl } from '../helpers/redis.ts'
import { killsOnRedis, killsOnSqlite } from './kill-storages.ts'

test('10 processes killed on one SQLite file', async () => {
  expect(await killsOnSqlite(10, 500)).toMatchObject({ kills: 10, ticketsReplayed: 0 })
})

test.skipIf(!redisUrl)('10 processes killed on one Redis', async () => {
  expect(await killsOnRedis(10, 500)).toMatchObject({ kills: 10, ticketsReplayed: 0 })
})
