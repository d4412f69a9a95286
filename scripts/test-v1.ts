/**
 * `npm run test:v1 [-- <part of a path>…]`: runs the tests of version 1 that use only public names against today's `src`. The
 * decision lists the titles that are expected to fail. Any other failure fails the command, and so does a listed title that
 * passes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startVitest } from 'vitest/node'
import { DECISION, type Expectation, readExpectations } from './v1/expectations.ts'
import { extractVersion1, root, testsDirectory } from './v1/extract.ts'
import type { SourceUse } from './v1/imports.ts'
import { type FileResult, judge } from './v1/judge.ts'
import { VERSION_1 } from './v1/moved-names.ts'
import { type PublicNames, readPublicNames } from './v1/public-names.ts'
import { type Selection, selectTests } from './v1/select.ts'
import { writeShims } from './v1/shims.ts'
import { runTypeTests } from './v1/type-tests.ts'

const rawReport = join(root, '.cache', 'vitest-v1-raw.json')
const finalReport = join(root, '.cache', 'vitest-v1.json')

interface Run {
  results: FileResult[]
  unhandledErrors: string[]
}

/** Vitest as version 1 configured it. */
async function runTests(files: string[]): Promise<Run> {
  const vitest = await startVitest('test', [], {
    root: testsDirectory,
    config: false,
    watch: false,
    include: files,
    exclude: [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 4,
    globalSetup: ['test/helpers/redis-server.ts'],
    reporters: ['default', 'json'],
    outputFile: { json: rawReport },
  })
  const unhandledErrors = vitest.state
    .getUnhandledErrors()
    .map((error) => `unhandled error: ${(error as { message?: string }).message ?? String(error)}`)
  await vitest.close()
  const { testResults } = JSON.parse(readFileSync(rawReport, 'utf8')) as { testResults: FileResult[] }
  const results = testResults.map((file) => ({ ...file, name: relative(testsDirectory, file.name) }))
  return { results, unhandledErrors }
}

function printSelection({ run, internal, leftOut }: Selection): void {
  console.log(`\n${internal.length} test files of version 1 are left out because they use internals:`)
  for (const { file, uses } of internal) console.log(`  ${file}: ${uses.join(', ')}`)
  console.log(`\n${leftOut.length} test files of version 1 are left out by name:`)
  for (const { file, reason } of leftOut) console.log(`  ${file}: ${reason}`)
  console.log(`\n${run.length} test files of version 1 use only public names.\n`)
}

/** Names that the tests use and that are not there today: their tests will fail, and this says why. */
async function printMissingNames(sources: SourceUse[], publicNames: PublicNames): Promise<void> {
  const used = new Map<string, Set<string>>()
  for (const { module, names = [] } of sources) {
    if (publicNames.modules.has(module)) used.set(module, new Set([...(used.get(module) ?? []), ...names]))
  }
  for (const [module, names] of used) {
    const exported = await import(pathToFileURL(join(testsDirectory, module)).href)
    const missing = [...names].filter((name) => !(name in exported))
    if (missing.length > 0) {
      console.log(`${module} no longer has ${missing.join(', ')}. Say in scripts/v1/moved-names.ts where to find them.`)
    }
  }
}

function printOutcome(asListed: Expectation[], problems: string[], ran: number): void {
  console.log(`\n${ran} test files of version 1 (${VERSION_1}) ran.`)
  if (asListed.length > 0) console.log(`${asListed.length} tests failed as ${DECISION} lists them.`)
  for (const problem of problems) console.log(problem)
}

async function main(filters: string[]): Promise<void> {
  process.exitCode = 1
  extractVersion1()
  const publicNames = readPublicNames()
  const selection = selectTests(publicNames)
  writeShims(selection.sources, publicNames)
  printSelection(selection)
  await printMissingNames(selection.sources, publicNames)

  const isWanted = (file: string) => filters.length === 0 || filters.some((filter) => file.includes(filter))
  const typeTests = runTypeTests().filter(({ name }) => isWanted(name))
  const files = selection.run.filter(isWanted)
  const run: Run = files.length > 0 ? await runTests(files) : { results: [], unhandledErrors: [] }

  const results = [...run.results, ...typeTests]
  const wanted = [...files, ...typeTests.map(({ name }) => name)]
  const { report, failedAsListed, problems } = judge(results, readExpectations(), wanted)
  const unknown = readExpectations().filter(({ file }) => isWanted(file) && !wanted.includes(file))
  problems.push(...unknown.map(({ file }) => `listed but there is no such file: ${file}`), ...run.unhandledErrors)
  if (wanted.length === 0) problems.push('no test file was found')

  writeFileSync(finalReport, JSON.stringify({ ...report, success: problems.length === 0 }))
  printOutcome(failedAsListed, problems, wanted.length)
  process.exitCode = problems.length > 0 ? 1 : 0
}

await main(process.argv.slice(2))
