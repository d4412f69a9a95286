import { defineConfig } from 'vitest/config'

/** The tests of `npm run check`: the house rules, and the package as it is published. They need `dist`. */
export default defineConfig({
  test: {
    include: ['test/house/**/*.test.ts', 'test/dist/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    reporters: ['default', 'json', './test/helpers/left-out-reporter.ts'],
    outputFile: { json: '.cache/vitest-check.json' },
  },
})
