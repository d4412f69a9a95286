/** The storages that processes are killed on, for the short form of the kill runs and for the long one. */
import { DatabaseSync } from 'node:sqlite'
import { redisStorage } from '../../src/storage/redis.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { redisUrl } from '../helpers/redis.ts'
import { type KillReport, killRuns } from './kill-runs.ts'
import { redisClient, sqliteFile } from './kit.ts'

/** @param runs how many processes are killed, each within the first `within` ms of its requests */
export async function killsOnSqlite(runs: number, within?: number): Promise<KillReport> {
  const path = await sqliteFile()
  const open = async (leaseMs: number) => {
    const storage = sqliteStorage({ path, leaseMs })
    const leases = async (): Promise<number[]> => {
      const db = new DatabaseSync(path)
      const rows = db.prepare('SELECT expires FROM leases').all() as { expires: number }[]
      db.close()
      return rows.map(({ expires }) => expires - Date.now())
    }
    return { storage, leases, close: () => storage.close() }
  }
  return killRuns({ sqlite: path }, open, runs, within)
}

/** @param runs how many processes are killed, each within the first `within` ms of its requests */
export async function killsOnRedis(runs: number, within?: number): Promise<KillReport> {
  const prefix = `kill:${crypto.randomUUID()}:`
  const client = await redisClient()
  const open = async (leaseMs: number) => ({
    storage: redisStorage(client as never, { prefix, leaseMs }),
    leases: async () => Promise.all((await client.keys(`${prefix}lock:*`)).map((key) => client.pTTL(key))),
    close: async () => {},
  })
  try {
    return await killRuns({ redis: redisUrl as string, prefix }, open, runs, within)
  } finally {
    for await (const keys of client.scanIterator({ MATCH: `${prefix}*` })) if (keys.length > 0) await client.del(keys)
  }
}
