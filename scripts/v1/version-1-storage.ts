import { keyValueStorage } from '../../src/storage/key-value.ts'
import { hidden, type RequesterStorage, type UmaStorage } from '../../src/storage/storage.ts'

/** The option `storage` for a storage of version 1. */
export function storageOf(storage: UmaStorage | undefined): { storage?: RequesterStorage } {
  if (storage === undefined) return {}
  return { storage: hidden in storage ? (storage as RequesterStorage) : keyValueStorage(storage) }
}
