import type { IndexedDBRecords } from './indexed-db-records.ts'
import { type FunctionsOf, requesterStorage } from './requester-storage.ts'
import type { RequesterStorage, StoredValues } from './storage.ts'
import { webLock } from './web-lock.ts'

/** Options of `indexedDBStorage`. */
export interface IndexedDBStorageOptions {
  /** The name of the database. It must hold nothing else. @default 'uma-requester' */
  name?: string
}

/** A storage of IndexedDB, as `indexedDBStorage` returns it. */
export interface IndexedDBStorage extends RequesterStorage {
  add(key: string, value: string, ttlMs: number): Promise<boolean>
  getMany(keys: readonly string[]): Promise<StoredValues>
}

/**
 * Makes a storage of IndexedDB, shared by all tabs and workers of the origin. The database is opened at the first
 * use. If the browser has closed the connection, it is opened again, once for each call. An expired value is not
 * returned, and `keys` removes it. The lock is a Web Lock; without Web Locks, it is a lock within the tab.
 *
 * Every function of the storage rejects with the browser's error if IndexedDB is forbidden, broken or full
 * (`SecurityError`, `QuotaExceededError`, …), and with a `ReferenceError` if there is no IndexedDB.
 *
 * @throws TypeError if the name is no text
 * @example
 * ```ts
 * createRequester({ ...options, storage: indexedDBStorage() })
 * ```
 */
export function indexedDBStorage(options: IndexedDBStorageOptions = {}): IndexedDBStorage {
  const { name = 'uma-requester' } = options
  if (typeof name !== 'string' || name === '') {
    throw new TypeError("indexedDBStorage: name: the name of a database, such as indexedDBStorage({ name: 'tokens' })")
  }
  let opened: Promise<IndexedDBRecords> | undefined

  /** The code of IndexedDB is loaded at the first use. A load that failed is tried again at the next use. */
  function open(): Promise<IndexedDBRecords> {
    opened ??= import('./indexed-db-records.ts').then(({ openRecords }) => openRecords(name))
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }

  const functions: FunctionsOf<IndexedDBStorage> = {
    get: async (key) => (await open()).get(key),
    getMany: async (keys) => (await open()).getMany(keys),
    add: async (key, value, ttlMs) => (await open()).add(key, value, ttlMs),
    set: async (key, value, ttlMs) => (await open()).set(key, value, ttlMs),
    delete: async (key) => (await open()).delete(key),
    keys: async (prefix) => (await open()).keys(prefix),
    lock: webLock(name),
  }
  return requesterStorage(functions, { loadMore: open })
}
