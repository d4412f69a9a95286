/** The judgement of `npm run test:v1`. */
import { describe, expect, test } from 'vitest'
import { parseExpectations } from '../../scripts/v1/expectations.ts'
import { type FileResult, judge } from '../../scripts/v1/judge.ts'

const FILE = 'test/flows/answers.test.ts'

function fileWith(...statuses: string[]): FileResult {
  const assertionResults = statuses.map((status, index) => ({
    ancestorTitles: ['outer'],
    title: `number ${index}`,
    status,
    failureMessages: status === 'failed' ? ['Error: expected 1\n    at line 2'] : [],
  }))
  return {
    name: FILE,
    status: statuses.includes('failed') ? 'failed' : 'passed',
    message: '',
    assertionResults,
  }
}

const listed = (index: number) => ({ file: FILE, title: `outer > number ${index}`, reason: 'A reason.' })

describe('judge', () => {
  test('all pass, nothing is listed: no problem', () => {
    const { report, problems } = judge([fileWith('passed', 'passed')], [], [FILE])
    expect(problems).toEqual([])
    expect(report).toMatchObject({ numPassedTests: 2, numFailedTests: 0, success: true })
  })

  test('a failure that is not listed is a problem', () => {
    const { report, problems } = judge([fileWith('passed', 'failed')], [], [FILE])
    expect(problems).toEqual([`failed: ${FILE} > outer > number 1: Error: expected 1`])
    expect(report).toMatchObject({ numPassedTests: 1, numFailedTests: 1, success: false })
  })

  test('a failure that is listed counts as passed', () => {
    const { report, problems, failedAsListed } = judge([fileWith('passed', 'failed')], [listed(1)], [FILE])
    expect(problems).toEqual([])
    expect(failedAsListed).toEqual([listed(1)])
    expect(report).toMatchObject({ numPassedTests: 2, numFailedTests: 0, success: true })
    expect(report.testResults[0]?.status).toBe('passed')
  })

  test('a listed title that passes is a problem and counts as failed', () => {
    const { report, problems } = judge([fileWith('passed')], [listed(0)], [FILE])
    expect(problems).toEqual([`listed but passes: ${FILE} > outer > number 0`])
    expect(report).toMatchObject({ numPassedTests: 0, numFailedTests: 1, success: false })
  })

  test('a listed title that is left out is a problem', () => {
    const { problems } = judge([fileWith('skipped')], [listed(0)], [FILE])
    expect(problems).toEqual([`listed but did not run: ${FILE} > outer > number 0`])
  })

  test('a listed title that does not exist is a problem', () => {
    const { problems } = judge([fileWith('passed')], [listed(7)], [FILE])
    expect(problems).toEqual([`listed but there is no such test: ${FILE} > outer > number 7`])
  })

  test('a file that cannot be loaded is a problem, whatever is listed', () => {
    const broken: FileResult = { name: FILE, status: 'failed', message: 'Error: no module\nat x', assertionResults: [] }
    const { report, problems } = judge([broken], [], [FILE])
    expect(problems).toEqual([`failed as a whole: ${FILE}: Error: no module`])
    expect(report).toMatchObject({ success: false, testResults: [{ status: 'failed' }] })
  })

  test('a file that was to run and has no result is a problem', () => {
    expect(judge([], [], [FILE]).problems).toEqual([`did not run: ${FILE}`])
  })

  test('titles that are listed for files that are not run are left alone', () => {
    expect(judge([], [listed(0)], []).problems).toEqual([])
  })
})

describe('parseExpectations', () => {
  test('reads the rows of the table and nothing else', () => {
    const markdown = [
      '# Title',
      '| test file | title | reason |',
      '| --- | --- | --- |',
      '| `test/a.test.ts` | outer > a \\| b | The method is a function. |',
      '| test/b.test.ts | `compiles` | The type is gone. |',
    ]
    expect(parseExpectations(markdown.join('\n'))).toEqual([
      { file: 'test/a.test.ts', title: 'outer > a | b', reason: 'The method is a function.' },
      { file: 'test/b.test.ts', title: 'compiles', reason: 'The type is gone.' },
    ])
  })

  test('a row without a reason is refused', () => {
    expect(() => parseExpectations('| test/a.test.ts | title | |')).toThrow('needs a file, a title and a reason')
  })
})
