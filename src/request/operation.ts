import { sha256 } from '../async/sha256.ts'

const hashed = /^sha256:[0-9a-f]{64}$/

/** How many hashes are kept, so that a request with a known operation needs no hashing. */
const maxKnown = 1000

const known = new Map<string, string>()

/** The hash of an operation, if it is known without hashing. A hash stands for itself. */
export function knownOperation(operation: string): string | undefined {
  return hashed.test(operation) ? operation : known.get(operation)
}

/** The hash of an operation: places hold the hash, so that the operation itself never reaches the storage. */
export async function hashOperation(operation: string): Promise<string> {
  const before = knownOperation(operation)
  if (before !== undefined) return before
  const hash = `sha256:${await sha256(operation)}`
  if (known.size >= maxKnown) known.clear()
  known.set(operation, hash)
  return hash
}
