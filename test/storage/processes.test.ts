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
    }, 60_000)

    // What SQLite's own file has to endure, a Redis server does not notice.
    const runs = name === 'sqlite' ? 40 : 12
    test(`${runs} kills at random points: nothing acknowledged is lost, no record torn, no lock outlives its lease`, async () => {
      const store = make()
      try {
        const { kills, acknowledged, longestWait, records } = await killRuns(store, runs, 700)
        expect(kills).toBe(runs)
        expect(acknowledged).toBeGreaterThan(2 * runs)
        expect(records).toBeGreaterThan(4)
        expect(longestWait).toBeLessThan(700 + 5_000) // the machine may be busy
      } finally {
        await store.remove()
      }
    }, 60_000)
  })
