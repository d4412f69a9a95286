/** Processes killed (-9) at random points, many more than in `npm test`, and a report of what held afterwards. */
import { describe, expect, test } from 'vitest'
import { redisUrl } from '../helpers/redis.ts'
import { killRuns } from '../storage/kill.ts'
import { shared } from '../storage/kit.ts'
import { killsOnRedis, killsOnSqlite } from '../storage-engine/kill-storages.ts'

const RUNS = 200

function print(name: string, report: object): void {
  const lines = Object.entries(report).map(([what, value]) => `  ${what.padEnd(24)}${String(value).padStart(8)}`)
  console.log([`${name}:`, ...lines].join('\n'))
}

describe('requests: every record is whole, and every request of the next process is answered', () => {
  test(`${RUNS} processes killed on one SQLite file`, async () => {
    const report = await killsOnSqlite(RUNS)
    print('requests on SQLite', report)
    expect(report).toMatchObject({ kills: RUNS, ticketsReplayed: 0 })
    expect(report.inFlight).toBeGreaterThan(0)
  })

  test.skipIf(!redisUrl)(`${RUNS} processes killed on one Redis`, async () => {
    const report = await killsOnRedis(RUNS)
    print('requests on Redis', report)
    expect(report).toMatchObject({ kills: RUNS, ticketsReplayed: 0 })
    expect(report.inFlight).toBeGreaterThan(0)
  })
})

describe('storages: nothing acknowledged is lost, no record is torn', () => {
  for (const { name, there, make } of shared)
    test.skipIf(!there)(`${RUNS} processes killed on one ${name}`, async () => {
      const store = make()
      try {
        const report = await killRuns(store, RUNS)
        print(`storage ${name}`, report)
        expect(report.kills).toBe(RUNS)
        expect(report.acknowledged).toBeGreaterThan(2 * RUNS)
      } finally {
        await store.remove()
      }
    })
})
