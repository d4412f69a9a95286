import { createStore, del, get, promisifyRequest, set, type UseStore } from 'idb-keyval'
import type { UmaStorage } from './storage.ts'
import { webLock } from './web-lock.ts'

/** Options of `indexedDBStorage`. */
export interface IndexedDBStorageOptions {
  /** The name of the database. It must hold nothing else. @default 'uma-requester' */
  name?: string
}

/** A value as it is stored. */
interface Stored {
  value: string
  /** When the value expires, in milliseconds since 1970. */
  expires?: number | undefined
}

const isValid = (stored: Partial<Stored> | undefined): stored is Stored =>
  typeof stored?.value === 'string' && (stored.expires ?? Infinity) > Date.now()

/**
 * Whether the browser has closed the connection: InvalidStateError, or AbortError for an operation under way. Safari
 * loses its database process and reports UnknownError.
 */
const isClosed = (error: unknown): boolean =>
  error instanceof DOMException && /^(InvalidState|Abort|Unknown)Error$/.test(error.name)

/**
 * Makes a storage of IndexedDB, shared by all tabs and workers of the origin. The database is opened at the first
 * use. If the browser has closed the connection, it is opened again, once for each call. An expired value is not
 * returned, and `keys` removes it. The lock is a Web Lock; without Web Locks, it is a lock within the tab.
 *
 * Every function of the storage rejects with the browser's error if IndexedDB is forbidden, broken or full
 * (`SecurityError`, `QuotaExceededError`, …), and with a `ReferenceError` if there is no IndexedDB.
 *
 * @example
 * ```ts
 * createRequester({ ...options, storage: indexedDBStorage() })
 * ```
 */
export function indexedDBStorage(options: IndexedDBStorageOptions = {}): UmaStorage {
  const { name = 'uma-requester' } = options
  let store: UseStore | undefined

  const use: UseStore = async (mode, work) => {
    for (let again = false; ; again = true) {
      store ??= createStore(name, 'records')
      const tried = store
      try {
        return await tried(mode, (records) => {
          const { db } = records.transaction
          // An open connection would block a page that deletes the database.
          db.onversionchange = () => db.close()
          return work(records)
        })
      } catch (error) {
        if (again || !isClosed(error)) throw error
        if (store === tried) store = undefined
      }
    }
  }

  return {
    get: async (key) => {
      const stored = await get<Stored>(key, use)
      return isValid(stored) ? stored.value : undefined
    },
    set: (key, value, ttlMs) =>
      set(key, { value, expires: ttlMs === undefined ? undefined : Date.now() + ttlMs } satisfies Stored, use),
    delete: (key) => del(key, use),
    keys: (prefix) =>
      use('readwrite', async (records) => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
        const [keys, values] = await Promise.all([
          promisifyRequest(records.getAllKeys(range)),
          promisifyRequest<Stored[]>(records.getAll(range)),
        ])
        return keys.filter((key, index): key is string => {
          const there = isValid(values[index])
          if (!there) records.delete(key)
          return there && typeof key === 'string'
        })
      }),
    lock: webLock(name),
  }
}
