/** Compares a run of version 1's tests with the titles that are expected to fail. */
import type { Expectation } from './expectations.ts'

export interface TestResult {
  ancestorTitles: string[]
  title: string
  status: string
  failureMessages?: string[] | null
}

export interface FileResult {
  name: string
  status: string
  message: string
  assertionResults: TestResult[]
}

/** The report of vitest's JSON reporter, as `scripts/totals.ts` reads it. */
export interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  success: boolean
  testResults: FileResult[]
}

export interface Judgement {
  /** The report, in which a test that fails as listed counts as passed, and a listed test that passes as failed. */
  report: Report
  failedAsListed: Expectation[]
  /** What fails the command, one line each. */
  problems: string[]
}

export const titleOf = ({ ancestorTitles, title }: TestResult): string => [...ancestorTitles, title].join(' > ')

const keyOf = (file: string, title: string): string => `${file}\n${title}`

function countTests(results: FileResult[]): Omit<Report, 'success' | 'testResults'> {
  const statuses = results.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status))
  const count = (...wanted: string[]) => statuses.filter((status) => wanted.includes(status)).length
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped', 'disabled'),
    numTodoTests: count('todo'),
  }
}

function judgeTest(file: string, test: TestResult, listed: boolean): { status: string; problem?: string } {
  const name = `${file} > ${titleOf(test)}`
  if (listed && test.status === 'failed') return { status: 'passed' }
  if (listed)
    return { status: 'failed', problem: `listed but ${test.status === 'passed' ? 'passes' : 'did not run'}: ${name}` }
  if (test.status !== 'failed') return { status: test.status }
  return { status: 'failed', problem: `failed: ${name}: ${test.failureMessages?.[0]?.split('\n')[0] ?? ''}` }
}

/** `results` name their files relative to the root of version 1. `files`: the test files that were to run. */
export function judge(results: FileResult[], expectations: Expectation[], files: string[]): Judgement {
  const problems: string[] = []
  const open = new Map(
    expectations.filter(({ file }) => files.includes(file)).map((one) => [keyOf(one.file, one.title), one]),
  )
  const failedAsListed: Expectation[] = []

  const testResults = results.map((file) => {
    const assertionResults = file.assertionResults.map((test) => {
      const key = keyOf(file.name, titleOf(test))
      const expectation = open.get(key)
      open.delete(key)
      const { status, problem } = judgeTest(file.name, test, expectation !== undefined)
      if (problem) problems.push(problem)
      else if (expectation) failedAsListed.push(expectation)
      return { ...test, status }
    })
    const isBroken = file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')
    if (isBroken) problems.push(`failed as a whole: ${file.name}: ${file.message.split('\n')[0]}`)
    const isFailed = isBroken || assertionResults.some(({ status }) => status === 'failed')
    return { ...file, status: isFailed ? 'failed' : 'passed', assertionResults }
  })

  for (const { file, title } of open.values()) problems.push(`listed but there is no such test: ${file} > ${title}`)
  const ran = new Set(results.map(({ name }) => name))
  for (const file of files) if (!ran.has(file)) problems.push(`did not run: ${file}`)
  return {
    report: { ...countTests(testResults), success: problems.length === 0, testResults },
    failedAsListed,
    problems,
  }
}
