/** Processes killed while they make requests. The long form is in test/long/kills.test.ts. */
import { expect, test } from 'vitest'
import { redisUrl } from '../helpers/redis.ts'
import { killsOnRedis, killsOnSqlite } from './kill-storages.ts'

test('6 processes killed on one SQLite file', async () => {
  expect(await killsOnSqlite(6, 500)).toMatchObject({ kills: 6, ticketsReplayed: 0 })
})

test.skipIf(!redisUrl)('6 processes killed on one Redis', async () => {
  expect(await killsOnRedis(6, 500)).toMatchObject({ kills: 6, ticketsReplayed: 0 })
})
