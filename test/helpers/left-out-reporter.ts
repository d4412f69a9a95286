/** Says in one line which tests were left out, so that nobody takes a green run for a whole one. */
import type { Reporter, TestModule } from 'vitest/node'

export default class LeftOutReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // Tests that a name filter or `bail` left out are what the caller asked for.
    const left = new Map<string, number>()
    for (const module of modules) {
      const skipped = [...module.children.allTests('skipped')].filter(({ options }) => options.mode !== 'run').length
      if (skipped > 0) left.set(module.relativeModuleId, skipped)
    }
    if (left.size === 0) return
    const total = [...left.values()].reduce((sum, count) => sum + count, 0)
    const files = [...left].map(([file, count]) => `${file} (${count})`).join(', ')
    const why = process.env.UMA_TEST_REDIS_URL
      ? ''
      : ' (no Redis server: install redis-server or set UMA_TEST_REDIS_URL)'
    process.stdout.write(`\nLEFT OUT: ${total} test${total === 1 ? '' : 's'}${why}: ${files}\n`)
  }
}
