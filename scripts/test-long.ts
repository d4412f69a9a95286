/**
 * `npm run test:long [step…]`: runs the longer tests, or only the named steps. Runs every step, says which failed, and fails if one did.
 * `node scripts/test-long.ts --reports` prints the paths of the reports, for `scripts/totals.ts`.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

interface Step {
  name: string
  command: [program: string, ...args: string[]]
  /** The JSON report that the command writes. A step without tests has none. */
  report?: string
}

/** Runs these test files (or folders) in their long form. */
function vitest(name: string, ...files: [string, ...string[]]): Step {
  const report = `.cache/vitest-long-${name}.json`
  const options = ['--config', 'vitest.long.config.ts', `--outputFile.json=${report}`]
  return { name, command: ['vitest', 'run', ...options, ...files], report }
}

const steps: Step[] = [
  { name: 'install', command: ['npm', 'ci', '--prefix', 'test/long', '--no-audit', '--no-fund'] },
  { name: 'typecheck', command: ['tsc', '--noEmit', '--project', 'test/long'] },
  vitest('kills', 'test/long/kills.test.ts'),
  vitest(
    'cases',
    'test/host/bypass.properties.test.ts',
    'test/host/faults.test.ts',
    'test/protocol/warning.test.ts',
    'test/protocol/www-authenticate.properties.test.ts',
    'test/requester/concurrency.test.ts',
    'test/storage-engine/hot-path.test.ts',
    'test/storage-engine/parties.test.ts',
    'test/storage-engine/processes.test.ts',
  ),
  // The tests of version 1 against the sources of today.
  { name: 'v1', command: ['node', 'scripts/test-v1.ts'], report: '.cache/vitest-v1.json' },
]

function run({ name, command: [program, ...args], report }: Step): string {
  console.log(`\n== ${name}`)
  if (report) rmSync(report, { force: true })
  const start = performance.now()
  const passed = spawnSync(program, args, { stdio: 'inherit' }).status === 0
  if (!passed) process.exitCode = 1
  return `${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`
}

function main(names: string[]): void {
  if (names.includes('--reports')) {
    console.log(steps.flatMap(({ report }) => report ?? []).join('\n'))
    return
  }
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`There is no step ${unknown.join(', ')}. Steps: ${steps.map(({ name }) => name).join(', ')}`)
    process.exitCode = 1
    return
  }
  const chosen = names.length > 0 ? steps.filter(({ name }) => names.includes(name)) : steps
  console.log(`\n${chosen.map(run).join('\n')}`)
}

main(process.argv.slice(2))
