/** Many processes on one storage, and processes that are killed. */
import { describe, expect, test } from 'vitest'
import { killRuns } from './kill.ts'
import { shared, start } from './kit.ts'

for (const { name, there, make } of shared)
  describe.skipIf(!there)(name, () => {
    test('8 processes with 50 increments each under the lock lose none', async () => {
      const store = make()
      try {
        const programs = Array.from({ length: 8 }, () => start(store.target, 30_000, 'increment', 'n', 50))
        expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual(Array(8).fill(0))
        const { storage, close } = await store.open()
        expect(await storage.get('n')).toBe('400')
        await close()
      } finally {
        await store.remove()
      }
    })

    // Many more are in test/long/kills.test.ts.
    const runs = name === 'sqlite' ? 12 : 8
    test(`${runs} kills at random points: nothing acknowledged is lost, no record torn, no lock outlives its lease`, async () => {
      const store = make()
      try {
        const { kills, acknowledged, longestLease, records } = await killRuns(store, runs, 700)
        expect(kills).toBe(runs)
        expect(acknowledged).toBeGreaterThan(2 * runs)
        expect(records).toBeGreaterThan(4)
        expect(longestLease).toBeLessThanOrEqual(700)
      } finally {
        await store.remove()
      }
    })
  })
