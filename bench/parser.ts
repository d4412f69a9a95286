/** Does the time that a `WWW-Authenticate` field takes to read grow as its length does, whatever stands in it? */
import { parseWwwAuthenticate } from '../src/protocol/http/www-authenticate.ts'

export interface ParserTiming {
  name: string
  /** Length in KiB, and the median time of one run in milliseconds, of the fastest round. */
  times: { kib: number; ms: number }[]
  /** Each time divided by the one of half the length. */
  ratios: number[]
  /** The largest of the ratios: 2 is linear, 4 quadratic. */
  worst: number
}

/** No ratio may be larger. */
export const maxRatio = 3

const sizes = [8, 16, 32, 64]
const rounds = 7
const samples = 5
const sampleMs = 3

const units = ['UMA ', '\\', ',', '"', 'a=']
const starts = ['', 'UMA a="', 'UMA a=']
const numbered = (write: (i: number) => string) => (length: number) => {
  let text = 'UMA '
  for (let i = 0; text.length < length; i++) text += write(i)
  return text
}
const inputs: [string, (length: number) => string][] = [
  ...starts.flatMap((start) =>
    units.map((unit): [string, (length: number) => string] => [
      `${start}${unit}${unit}…`,
      (length) => start + unit.repeat(length / unit.length),
    ]),
  ),
  ['UMA a="\\\\\\\\…"', (length) => `UMA a="${'\\'.repeat(length)}"`],
  ['UMA a0=b,a1=b,…', numbered((i) => `a${i}=b,`)],
  ['UMA a0=b,a0=c,a1=b,…', numbered((i) => `a${i}=b,a${i}=c,`)],
]

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN

function time(text: string, runs: number): number {
  const start = performance.now()
  for (let i = 0; i < runs; i++) parseWwwAuthenticate(text, Infinity, Infinity)
  return performance.now() - start
}

/** Median time of one run, each sample being of so many runs that it takes a few milliseconds. */
function measure(text: string): number {
  let runs = 1
  while (time(text, runs) < sampleMs) runs *= 2
  return median(Array.from({ length: samples }, () => time(text, runs) / runs))
}

export async function benchParser(): Promise<ParserTiming[]> {
  const texts = inputs.map(([, write]) => sizes.map((kib) => write(kib * 1024)))
  for (const text of texts.flat()) time(text, 5)
  // Of several rounds through everything the fastest: what else the machine does, and V8 with its memory, comes and goes.
  const measured = Array.from({ length: rounds }, () => texts.map((ofInput) => ofInput.map(measure)))
  return inputs.map(([name], input) => {
    const times = sizes.map((kib, i) => ({ kib, ms: Math.min(...measured.map((round) => round[input]?.[i] ?? NaN)) }))
    const ratios = times.slice(1).map(({ ms }, i) => ms / (times[i]?.ms ?? NaN))
    return { name, times, ratios, worst: Math.max(...ratios) }
  })
}

if (import.meta.main) {
  const timings = await benchParser()
  console.table(
    timings.map(({ name, times, ratios, worst }) => ({
      name,
      ...Object.fromEntries(times.map(({ kib, ms }) => [`${kib} KiB, ms`, ms.toFixed(3)])),
      ratios: ratios.map((ratio) => ratio.toFixed(2)).join(' '),
      worst: worst.toFixed(2),
    })),
  )
  if (timings.some(({ worst }) => worst > maxRatio)) process.exitCode = 1
}
