/**
 * `node scripts/kill.ts [runs]`: kills processes (default: 200) at random points while they write to one SQLite file, and to the Redis
 * that UMA_TEST_REDIS_URL names, if it does. Prints what was found; fails when something was lost or torn, or a lock outlived its lease.
 */
import { killRuns } from '../test/storage/kill.ts'
import { shared } from '../test/storage/kit.ts'

const runs = Number(process.argv[2] ?? 200)
const leaseMs = 700

for (const { name, there, make } of shared) {
  if (!there) {
    console.log(`${name}: left out, UMA_TEST_REDIS_URL is not set`)
    continue
  }
  const store = make()
  try {
    const from = performance.now()
    const report = await killRuns(store, runs, leaseMs)
    console.log(name, {
      ...report,
      longestWait: Math.round(report.longestWait),
      ms: Math.round(performance.now() - from),
    })
    if (report.longestWait > leaseMs + 500) throw new Error('A lock outlived its lease')
  } finally {
    await store.remove()
  }
}
