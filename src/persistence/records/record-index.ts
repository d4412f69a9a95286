import { readObject } from '../../protocol/http/read-object.ts'

/** A host and the key of an authority that have a stamp. */
export type IndexPair = [host: string, authorityKey: string]

const isPair = (value: unknown): value is IndexPair =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string' && part !== '')

/** The pairs that have a stamp. A bad pair is left out. */
export function readIndex(text: string | undefined): IndexPair[] {
  const pairs = readObject(text ?? '')?.pairs
  return Array.isArray(pairs) ? pairs.filter(isPair) : []
}

export const writeIndex = (pairs: IndexPair[]): string => JSON.stringify({ pairs })

export const includesPair = (pairs: IndexPair[], [host, authorityKey]: IndexPair): boolean =>
  pairs.some(([one, other]) => one === host && other === authorityKey)
