/**
 * `npm run test:mutation [-- --sample 400 --seed 1 --in src/flow]`: draws mutants of the pure parts of the engine and runs the
 * unit tests against each. A mutant that no test notices survives. Fails if less than 85 % are killed.
 *
 * The messages of errors are not changed: they are for people.
 */
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unitTests } from '../vitest.unit.config.ts'
import { findMutants } from './mutation/find.ts'
import { instrument } from './mutation/instrument.ts'
import { draw, type Mutant } from './mutation/mutant.ts'
import { findKilled, findReached, type Reached, root, type Trial } from './mutation/run.ts'

const FOLDERS = ['src/flow', 'src/wallet', 'src/trust', 'src/protocol']
const LEAST_SHARE = 0.85
const LEAST_LIMIT_MS = 10_000

interface Settings {
  sample: number
  seed: number
  paths: string[]
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: { sample: { type: 'string' }, seed: { type: 'string' }, in: { type: 'string', multiple: true } },
  })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  const sample = Number(values.sample ?? 400)
  if (!Number.isInteger(seed) || !Number.isInteger(sample) || sample < 1) {
    throw new Error('--sample and --seed need whole numbers.')
  }
  const there = globSync(FOLDERS, { cwd: root })
  return { sample, seed, paths: values.in ?? there }
}

function sourcesIn(path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path]
  return globSync(`${path}/**/*.ts`, { cwd: root }).sort()
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

function allMutants(files: string[]): Mutant[] {
  const mutants: Mutant[] = []
  for (const file of files) mutants.push(...findMutants(file, read(file), mutants.length + 1))
  return mutants
}

/** The instrumented texts, by their absolute paths. */
function instrumentAll(mutants: Mutant[]): Map<string, string> {
  const files = new Set(mutants.map(({ file }) => file))
  return new Map(
    [...files].map((file) => [
      join(root, file),
      instrument(
        read(file),
        mutants.filter((mutant) => mutant.file === file),
      ),
    ]),
  )
}

/** The test files that reach a mutant, the fastest first. The limit leaves time for a busy machine. */
function trialOf({ id }: Mutant, reached: Reached[]): Trial {
  const reaching = reached.filter(({ mutants }) => mutants.has(id)).sort((a, b) => a.durationMs - b.durationMs)
  const usualMs = reaching.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const limitMs = Math.round(LEAST_LIMIT_MS + 3 * usualMs)
  return { mutant: id, testFiles: reaching.map(({ testFile }) => testFile), limitMs }
}

function printSurvivors(survivors: Mutant[], trials: Trial[]): void {
  if (survivors.length > 0) console.log('\nSurvivors:')
  for (const mutant of survivors) {
    const isReached = trials.some((trial) => trial.mutant === mutant.id)
    const reason = isReached ? '' : ' (no unit test reaches this line)'
    console.log(`  ${mutant.file}:${mutant.line}: ${mutant.before} → ${mutant.after}${reason}`)
  }
}

async function main({ sample, seed, paths }: Settings): Promise<void> {
  process.exitCode = 1
  const start = performance.now()
  const mutants = allMutants(paths.flatMap(sourcesIn))
  const drawn = draw(mutants, sample, seed)
  if (drawn.length === 0) throw new Error(`There is nothing to change in ${paths.join(', ') || FOLDERS.join(', ')}.`)
  console.log(`${drawn.length} of ${mutants.length} mutants of ${paths.join(', ')}, --seed ${seed}`)

  const sources = instrumentAll(drawn)
  const reached = await findReached(globSync(unitTests, { cwd: root }).sort(), sources)
  const trials = drawn.map((mutant) => trialOf(mutant, reached)).filter(({ testFiles }) => testFiles.length > 0)
  const { killed, unfinished } = await findKilled(trials, sources)
  console.log(`${unfinished.size} mutants kept the tests from ending.`)
  const survivors = drawn.filter(({ id }) => !killed.has(id))
  printSurvivors(survivors, trials)
  const share = killed.size / drawn.length
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(
    `\n${killed.size} of ${drawn.length} mutants killed: ${(share * 100).toFixed(1)} % (${seconds} s, --seed ${seed})`,
  )
  process.exitCode = share < LEAST_SHARE ? 1 : 0
}

await main(readSettings())
