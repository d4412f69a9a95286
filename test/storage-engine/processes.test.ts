/** Many processes, one storage: no permission lost, nothing asked for twice (DESIGN §4, Concurrency). */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { redisUrl } from '../helpers/redis.ts'
import { startWorld } from '../helpers/world.ts'
import type { WorkerOrder } from './worker.ts'

const run = promisify(execFile)
const script = new URL('worker.ts', import.meta.url).pathname

async function work(order: WorkerOrder): Promise<{ statuses: unknown[]; events: Record<string, number> }> {
  const { stdout } = await run(process.execPath, [script, JSON.stringify(order)], { timeout: 60_000 })
  return JSON.parse(stdout)
}

async function eightProcesses(where: Partial<WorkerOrder>): Promise<void> {
  const world = await startWorld({ as: { quirks: { refreshTokens: true, rotateRefresh: true } } })
  const common = { issuer: world.as.issuer, host: world.host.origin, requests: 50, resources: 20, atOnce: 5, ...where }
  const seen = await Promise.all(Array.from({ length: 8 }, (_, n) => work({ ...common, offset: n * 3 })))
  for (const { statuses } of seen) expect(statuses.filter((status) => status !== 200)).toEqual([])
  const { stats } = world.as
  expect(stats.tokenRequests).toBeLessThanOrEqual(20)
  expect([stats.ticketsReplayed, stats.refreshTokensReplayed, stats.supersededRptsPresented]).toEqual([0, 0, 0])
  const rpts = new Set(world.sent().flatMap((r) => /^Bearer (.*)/.exec(r.headers['authorization'] ?? '')?.[1] ?? []))
  expect(Math.max(...[...rpts].map((rpt) => world.as.grants(rpt).length))).toBe(20)
}

describe('8 processes, 50 requests each over the same 20 resources', () => {
  test('on one SQLite file', { timeout: 90_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'uma-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await eightProcesses({ sqlite: join(folder, 'uma.db') })
  })

  test.skipIf(!redisUrl)('on one Redis', { timeout: 90_000 }, async () => {
    await eightProcesses({ redis: redisUrl as string })
  })
})
