import { defineConfig } from 'vitest/config'

/** `npm test`. What looks at the built package and at the sources themselves is in vitest.check.config.ts. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/dist/**', 'test/house/**'],
    // A busy machine is slow, and that is no failure: what hangs is found out all the same.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most of the time goes into waiting (people, polls, outages), so more at once than there are cores.
    maxWorkers: 4,
    globalSetup: ['test/helpers/redis-server.ts'],
    reporters: ['default', 'json', './test/helpers/left-out-reporter.ts'],
    outputFile: { json: '.cache/vitest.json' },
  },
})
