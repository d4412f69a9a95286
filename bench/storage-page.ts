/** The same measurements in a page: the storages that only browsers have. */
import { indexedDBStorage } from '../src/storage/indexed-db.ts'
import { webStorage } from '../src/storage/web-storage.ts'
import { measureStorage, type StorageRow } from './storage-measure.ts'

declare global {
  var umaBench: typeof measureInPage
}

export const measureInPage = async (full: readonly [string, string][], rounds: number): Promise<StorageRow[]> => [
  await measureStorage('IndexedDB (Chromium)', indexedDBStorage({ name: 'bench' }), full, rounds),
  await measureStorage('localStorage (Chromium)', webStorage(localStorage), full, rounds),
]
