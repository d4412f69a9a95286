import { defineConfig } from 'vitest/config'

/**
 * `npm test`. Tests of the built package and of the sources themselves: vitest.check.config.ts. Longer runs:
 * vitest.long.config.ts.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/dist/**', 'test/house/**', 'test/long/**'],
    // A busy machine is slow, and that is no failure: what hangs is found out all the same.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000, interval: 10 } },
    pool: 'forks',
    // Most of the time goes into waiting (people, polls, outages), so more at once than there are cores.
    maxWorkers: 4,
    globalSetup: ['test/helpers/redis-server.ts'],
    reporters: ['default', 'json', './test/helpers/left-out-reporter.ts'],
    outputFile: { json: '.cache/vitest.json' },
  },
})
