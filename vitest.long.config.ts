import { configDefaults, defineConfig } from 'vitest/config'

/** `npm run test:long` (scripts/test-long.ts names the files). `UMA_TEST_LONG` selects the long form of tests that have one. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: configDefaults.exclude,
    env: { UMA_TEST_LONG: '1' },
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000, interval: 10 } },
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/helpers/redis-server.ts'],
    reporters: ['default', 'json', './test/helpers/left-out-reporter.ts'],
  },
})
