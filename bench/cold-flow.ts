/**
 * `npm run bench:cold`: the processor time of a cold flow in memory, beside version 1, which is built from its commit.
 * Alternating pairs of processes, the median and the spread of their ratios.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { rounded } from './measure.ts'
import { buildVersion1 } from './version-1.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pairs = 5
const flows = 2000

interface Run {
  /** Processor time of one flow, in µs. */
  cpu: number
  /** Timers that are left at the end. */
  timers: number
}

function measure(dist: string): Run {
  const output = execFileSync(process.execPath, [`${root}bench/cold-flow-program.mjs`, dist, `${flows}`], {
    encoding: 'utf8',
  })
  return JSON.parse(output) as Run
}

const version1 = buildVersion1()
const ratios: number[] = []
for (let pair = 1; pair <= pairs; pair++) {
  const before = measure(version1)
  const now = measure(`${root}dist`)
  ratios.push(now.cpu / before.cpu)
  console.log(
    `pair ${pair}: version 1 ${rounded(before.cpu)} µs, now ${rounded(now.cpu)} µs; timers left ${before.timers}, ${now.timers}`,
  )
  if (now.timers > 0) process.exitCode = 1
}
ratios.sort((a, b) => a - b)
const [least, median, most] = [ratios[0], ratios[pairs >> 1], ratios.at(-1)].map((ratio) => rounded(ratio as number))
console.log(`now / version 1: median ${median} (from ${least} to ${most}); the target is at most 0.7`)
