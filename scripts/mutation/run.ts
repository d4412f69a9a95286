/** Runs generated test files against the instrumented sources. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest, type TestModule, type Vitest } from 'vitest/node'

export const root: string = join(import.meta.dirname, '..', '..')
const directory = join(root, '.cache', 'mutation')
const runtime = JSON.stringify(join(import.meta.dirname, 'switch.ts'))

/** What became of a generated test file. */
export interface Outcome {
  passed: boolean
  /** Undefined if the file did not get to its end. */
  durationMs: number | undefined
}

/** An error outside of tests, as vitest marks it. */
interface StrayError {
  VITEST_TEST_PATH?: string
}

function outcomeOf(module: TestModule, vitest: Vitest): Outcome {
  const strayErrors = vitest.state.getUnhandledErrors() as StrayError[]
  const isStray = strayErrors.some((error) => error.VITEST_TEST_PATH === module.moduleId)
  const ended = module.state() === 'passed' || module.state() === 'failed'
  return {
    passed: module.state() === 'passed' && !isStray,
    durationMs: ended ? module.diagnostic().duration : undefined,
  }
}

/** Runs scripts as test files, each in a process of its own. `sources`: the instrumented text of each source, by its path. */
async function runScripts(scripts: Map<string, string>, sources: Map<string, string>): Promise<Map<string, Outcome>> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const [name, script] of scripts) writeFileSync(join(directory, `${name}.test.ts`), script)
  const vitest = await startVitest(
    'test',
    [],
    {
      root,
      config: false,
      watch: false,
      include: ['.cache/mutation/*.test.ts'],
      exclude: [],
      setupFiles: ['test/unit/no-sockets.ts'],
      pool: 'forks',
      testTimeout: 20_000,
      hookTimeout: 20_000,
      reporters: [{}],
      // The cache on disk would give the instrumented sources of the run before.
      fsModuleCache: false,
    },
    {
      plugins: [{ name: 'mutants', enforce: 'pre', load: (id: string) => sources.get(id.split('?')[0] ?? '') }],
    },
  )
  const outcomes = new Map<string, Outcome>()
  for (const module of vitest.state.getTestModules()) {
    const name = /([\w-]+)\.test\.ts$/.exec(module.moduleId)?.[1] ?? ''
    outcomes.set(name, outcomeOf(module, vitest))
  }
  await vitest.close()
  return outcomes
}

export interface Reached {
  testFile: string
  mutants: Set<number>
  durationMs: number
}

/**
 * Runs each test file without a mutant.
 *
 * @throws Error if a test file fails
 */
export async function findReached(testFiles: string[], sources: Map<string, string>): Promise<Reached[]> {
  const reportOf = (index: number) => join(directory, `reached-${index}.json`)
  const scripts = testFiles.map((file, index): [string, string] => {
    const args = [join(root, file), reportOf(index)].map((path) => JSON.stringify(path))
    return [`file-${index}`, `import { recordReached } from ${runtime}\nrecordReached(${args.join(', ')})\n`]
  })
  const outcomes = await runScripts(new Map(scripts), sources)
  return testFiles.map((testFile, index) => {
    const outcome = outcomes.get(`file-${index}`)
    if (!outcome?.passed) throw new Error(`${testFile} fails without a mutant.`)
    const mutants = new Set<number>(JSON.parse(readFileSync(reportOf(index), 'utf8')))
    return { testFile, mutants, durationMs: outcome.durationMs ?? 0 }
  })
}

/** One mutant with the test files that reach the mutant. */
export interface Trial {
  mutant: number
  testFiles: string[]
  /** The time after which the tests are ended. */
  limitMs: number
}

export interface Verdicts {
  /** The ids of the mutants for which a test failed, or for which the tests did not get to their end. */
  killed: Set<number>
  /** Those of them for which the tests did not get to their end. */
  unfinished: Set<number>
}

export async function findKilled(trials: Trial[], sources: Map<string, string>): Promise<Verdicts> {
  const scripts = trials.map(({ mutant, testFiles, limitMs }): [string, string] => {
    const files = JSON.stringify(testFiles.map((file) => join(root, file)))
    return [`mutant-${mutant}`, `import { runMutant } from ${runtime}\nrunMutant(${mutant}, ${files}, ${limitMs})\n`]
  })
  const outcomes = await runScripts(new Map(scripts), sources)
  const mutants = trials.map(({ mutant }) => mutant)
  const outcomeFor = (mutant: number) => outcomes.get(`mutant-${mutant}`)
  return {
    killed: new Set(mutants.filter((mutant) => !outcomeFor(mutant)?.passed)),
    unfinished: new Set(mutants.filter((mutant) => outcomeFor(mutant)?.durationMs === undefined)),
  }
}
