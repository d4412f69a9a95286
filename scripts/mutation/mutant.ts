/** A mutant: one small change of a source that a good test notices. */
export interface Mutant {
  id: number
  /** A path from the root of the repository. */
  file: string
  line: number
  /** What is changed, for the list of survivors. */
  before: string
  after: string
  /** The range of the expression or statement that the switch replaces. */
  start: number
  end: number
  /** The text that stands there in the mutant. An empty text removes a statement. */
  text: string
  isStatement: boolean
}

/** Numbers between 0 and 1 that a seed determines (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Draws a sample. The same seed draws the same sample from the same mutants. */
export function draw(mutants: Mutant[], size: number, seed: number): Mutant[] {
  const random = randomNumbers(seed)
  const left = [...mutants]
  const drawn: Mutant[] = []
  while (drawn.length < size && left.length > 0) {
    drawn.push(...left.splice(Math.floor(random() * left.length), 1))
  }
  return drawn.sort((a, b) => a.id - b.id)
}
