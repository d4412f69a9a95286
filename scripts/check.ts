/** `npm run check`: everything but the tests of behaviour. Runs every step, says which failed, and fails if one did. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const packed = join('.cache', 'packed')

const run = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'inherit' }).status === 0
const tarball = () => join(packed, readdirSync(packed).find((name) => name.endsWith('.tgz')) ?? 'missing.tgz')

function pack(): boolean {
  rmSync(packed, { recursive: true, force: true })
  mkdirSync(packed, { recursive: true })
  return run('npm', 'pack', '--silent', '--pack-destination', packed)
}

const steps: [string, () => boolean][] = [
  ['typecheck', () => run('tsc', '--noEmit')],
  ['lint', () => run('npm', 'run', '-s', 'lint')],
  ['unused', () => run('knip', '--treat-config-hints-as-errors')],
  ['build', () => run('npm', 'run', '-s', 'build')],
  ['pack', pack],
  ['publint', () => run('publint', 'run', tarball(), '--strict')],
  ['attw', () => run('attw', tarball(), '--profile', 'esm-only')],
  ['size', () => run('node', 'scripts/size.ts')],
  ['docs', () => run('typedoc')],
  ['tests', () => run('vitest', 'run', '--config', 'vitest.check.config.ts')],
]

const results: string[] = []
for (const [name, step] of steps) {
  console.log(`\n== ${name}`)
  const start = performance.now()
  const passed = step()
  if (!passed) process.exitCode = 1
  results.push(`${passed ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
}
console.log(`\n${results.join('\n')}`)
