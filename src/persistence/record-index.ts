import type { RecordStore } from '../parties/party.ts'
import { readObject } from '../protocol/http/read-object.ts'

/** A host and the key of an authority that have a record. */
export type IndexPair = [host: string, authorityKey: string]

const isPair = (value: unknown): value is IndexPair =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string' && part !== '')

/** The pairs that have a record; false if the index could not be read. A bad pair is left out. */
export async function readIndex(records: Pick<RecordStore, 'get'>, key: string): Promise<IndexPair[] | false> {
  const text = await records.get(key)
  if (text === false) return false
  const pairs = readObject(text ?? '')?.pairs
  return Array.isArray(pairs) ? pairs.filter(isPair) : []
}

export const writeIndex = (pairs: IndexPair[]): string => JSON.stringify({ pairs })

export const includesPair = (pairs: IndexPair[], [host, authorityKey]: IndexPair): boolean =>
  pairs.some(([one, other]) => one === host && other === authorityKey)
