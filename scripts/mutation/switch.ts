/**
 * Set-up of the test files of a mutation run. A generated test file names its mutant and imports the real test files; here
 * is the switch that the instrumented sources ask.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeEach, describe, onTestFailed } from 'vitest'

declare global {
  /** Whether a mutant is switched on. Instrumented sources call this function. */
  var __umaMutant: (id: number) => boolean
}

const importInto = (file: string) => describe(file, async () => void (await import(/* @vite-ignore */ file)))

/** Runs a test file without a mutant and writes down the mutants that it reaches. */
export function recordReached(testFile: string, report: string): void {
  const reached = new Set<number>()
  globalThis.__umaMutant = (id) => {
    reached.add(id)
    return false
  }
  afterAll(() => {
    mkdirSync(dirname(report), { recursive: true })
    writeFileSync(report, JSON.stringify([...reached]))
  })
  importInto(testFile)
}

/** Ends this process from a thread of its own, so a mutant that loops for ever ends, too. */
function endAfter(limitMs: number): void {
  const script = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${limitMs})`
  const watchdog = new Worker(script, { eval: true })
  watchdog.unref()
  afterAll(async () => {
    await watchdog.terminate()
  })
}

/** Runs test files with a mutant until one test fails. */
export function runMutant(mutant: number, testFiles: string[], limitMs: number): void {
  globalThis.__umaMutant = (id) => id === mutant
  endAfter(limitMs)
  let isKilled = false
  beforeEach((context) => {
    if (isKilled) context.skip()
    onTestFailed(() => {
      isKilled = true
    })
  })
  for (const file of testFiles) importInto(file)
}
