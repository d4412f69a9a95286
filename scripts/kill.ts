/**
 * `npm run test:kill [runs]`: processes killed (-9) at random points, 200 on one SQLite file and 200 on one Redis where there is
 * a `redis-server`, and what held afterwards. Takes some minutes. `npm test` has a short form of it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { redisStorage } from '../src/storage/redis.ts'
import { sqliteStorage } from '../src/storage/sqlite.ts'
import { setup } from '../test/helpers/redis-server.ts'
import { type KillReport, killRuns } from '../test/storage-engine/kill-runs.ts'

const runs = Number(process.argv[2] ?? 200)

async function onSqlite(): Promise<KillReport> {
  const directory = mkdtempSync(join(tmpdir(), 'uma-kill-'))
  const path = join(directory, 'uma.db')
  const open = async (leaseMs: number) => {
    const storage = sqliteStorage({ path, leaseMs })
    return { storage, close: () => storage.close() }
  }
  try {
    return await killRuns({ sqlite: path }, open, runs)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function onRedis(url: string): Promise<KillReport> {
  const prefix = `kill:${crypto.randomUUID()}:`
  const client = createClient({ url })
  await client.connect()
  const open = async (leaseMs: number) => ({
    storage: redisStorage(client as never, { prefix, leaseMs }),
    close: async () => {},
  })
  try {
    return await killRuns({ redis: url, prefix }, open, runs)
  } finally {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*` })) if (keys.length > 0) await client.del(keys)
    client.destroy()
  }
}

function print(name: string, report: KillReport): void {
  console.log(`\n${name}: every record whole, every request of the next process answered`)
  for (const [what, value] of Object.entries(report)) console.log(`  ${what.padEnd(24)}${String(value).padStart(8)}`)
}

const stop = await setup()
const url = process.env.UMA_TEST_REDIS_URL
try {
  print('SQLite', await onSqlite())
  if (url) print('Redis', await onRedis(url))
  else console.log('\nRedis: no redis-server here, left out')
} finally {
  await stop?.()
}
