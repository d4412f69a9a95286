/**
 * `node scripts/totals.ts <vitest json report>…`: the totals of these reports on one line. Fails if a test failed, was left out, or
 * a report is missing.
 */
import { readFileSync } from 'node:fs'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  success: boolean
  testResults: { name: string; status: string; message: string; assertionResults: { status: string }[] }[]
}

let passed = 0
let failed = 0
let skipped = 0
for (const file of process.argv.slice(2)) {
  let report: Report
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    console.log(`${file} is missing: that run did not get to its end`)
    failed += 1
    continue
  }
  // A file that could not even be loaded has no tests to count: it counts as one that failed.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  for (const { name, message } of broken) console.log(`${name} failed as a whole: ${message.split('\n')[0]}`)
  passed += report.numPassedTests
  failed += report.numFailedTests + broken.length
  skipped += report.numPendingTests + report.numTodoTests
  if (!report.success) process.exitCode = 1
}
if (failed > 0 || skipped > 0 || passed === 0) process.exitCode = 1
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
