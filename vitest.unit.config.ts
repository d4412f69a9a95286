import { defineConfig } from 'vitest/config'

/** The test files that open no sockets. `npm test` runs them, too: `vitest.config.ts` includes all of `test`. */
export const unitTests: string[] = ['test/unit/**/*.test.ts', 'test/protocol/**/*.test.ts', 'test/scripts/**/*.test.ts']

/** `npm run test:unit`: fast tests of pure code. `npm run test:mutation` runs its mutants against them. */
export default defineConfig({
  test: {
    include: unitTests,
    setupFiles: ['test/unit/no-sockets.ts'],
    testTimeout: 20_000,
    pool: 'threads',
    reporters: ['default', 'json'],
    outputFile: { json: '.cache/vitest-unit.json' },
  },
})
