/** Measuring side by side: every variant runs in each round, in random order, so that a busy machine is busy for all alike. */

export const median = (numbers: number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 ? high : (high + (sorted[middle - 1] ?? high)) / 2
}

export const rounded = (number: number, digits = 3): number => Number(number.toFixed(digits))

/** The ratios of several measurements. A target is missed only if even the least is above it. */
export interface Spread {
  median: number
  least: number
  most: number
}

export const spreadOf = (ratios: number[]): Spread => ({
  median: rounded(median(ratios)),
  least: rounded(Math.min(...ratios)),
  most: rounded(Math.max(...ratios)),
})

/** How many pairs are compared: each pair runs side by side, so that a slow moment of the machine slows both. */
const pairs = 5

/** Takes the same measurement for each pair; the first one warms up longer. */
export async function inPairs<T>(measure: (isFirst: boolean) => T | Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let pair = 0; pair < pairs; pair++) all.push(await measure(pair === 0))
  return all
}

/** The median of one member over all measurements. */
export const medianOf = <K extends string>(all: Record<K, number>[], name: K, digits = 3): number =>
  rounded(median(all.map((one) => one[name])), digits)

export interface Rounds {
  rounds: number
  /** runs of a variant in each round, timed together */
  batch: number
  warmUp: number
}

/** Whatever follows on what in each round has no say in the medians. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}

type Variants<K extends string> = Record<K, () => unknown>

/** Median microseconds of one run of each variant. */
export async function sideBySide<K extends string>(
  variants: Variants<K>,
  { rounds, batch, warmUp }: Rounds,
): Promise<Record<K, number>> {
  const names = Object.keys(variants) as K[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of shuffled(names)) {
      const run = variants[name]
      const start = performance.now()
      for (let i = 0; i < batch; i++) await run()
      const took = performance.now() - start
      if (round >= 0) times[name].push((took * 1000) / batch)
    }
    globalThis.gc?.({ type: 'minor' })
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>
}

/** The same for what needs no waiting. */
export function sideBySideSync<K extends string>(
  variants: Variants<K>,
  { rounds, batch, warmUp }: Rounds,
): Record<K, number> {
  const names = Object.keys(variants) as K[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of shuffled(names)) {
      const run = variants[name]
      const start = performance.now()
      for (let i = 0; i < batch; i++) run()
      const took = performance.now() - start
      if (round >= 0) times[name].push((took * 1000) / batch)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>
}
