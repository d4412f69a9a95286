import { createStore, del, get, promisifyRequest, set, type UseStore } from 'idb-keyval'
import type { UmaStorage } from './storage.ts'
import { webLock } from './web-lock.ts'

/** Options of `indexedDBStorage`. */
export interface IndexedDBStorageOptions {
  /** The database. It must hold nothing else. Default: `uma-requester`. */
  name?: string
}

/** `expires`: ms since 1970 after which the value is of no use. */
interface Stored {
  value: string
  expires?: number | undefined
}

const good = (stored: Partial<Stored> | undefined): stored is Stored =>
  typeof stored?.value === 'string' && (stored.expires ?? Infinity) > Date.now()

/**
 * A connection that the browser closed on us: InvalidStateError, or AbortError where something was under way; Safari, which loses its
 * server: UnknownError.
 */
const closed = (error: unknown): boolean =>
  error instanceof DOMException && /^(InvalidState|Abort|Unknown)Error$/.test(error.name)

/**
 * IndexedDB as storage, shared by all tabs and workers of the origin. Nothing is opened before the first use. A connection that the
 * browser has closed is opened again, once per call. Times to live are kept on reading; `keys` also clears away what has run out.
 * The lock is a Web Lock, or where there are none, a lock within the tab.
 *
 * Every function rejects with the browser's error where IndexedDB is forbidden, broken or full (`SecurityError`,
 * `QuotaExceededError`, …), with a `ReferenceError` where there is none.
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
          // Do not stand in the way of a page that deletes the database.
          db.onversionchange = () => db.close()
          return work(records)
        })
      } catch (error) {
        if (again || !closed(error)) throw error
        if (store === tried) store = undefined
      }
    }
  }

  return {
    get: async (key) => {
      const stored = await get<Stored>(key, use)
      return good(stored) ? stored.value : undefined
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
          const there = good(values[index])
          if (!there) records.delete(key)
          return there && typeof key === 'string'
        })
      }),
    lock: webLock(name),
  }
}
