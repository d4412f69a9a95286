import type { UseStore } from 'idb-keyval'
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

/** A value as it is stored. */
interface Stored {
  value: string
  /** When the value expires, in milliseconds since 1970. */
  expires?: number | undefined
}

type IdbKeyval = typeof import('idb-keyval')

const isValid = (stored: Partial<Stored> | undefined): stored is Stored =>
  typeof stored?.value === 'string' && (stored.expires ?? Infinity) > Date.now()

const validValue = (stored: Partial<Stored> | undefined): string | undefined =>
  isValid(stored) ? stored.value : undefined

/**
 * Whether the browser has closed the connection: InvalidStateError, or AbortError for an operation under way. Safari
 * loses its database process and reports UnknownError.
 */
const isClosed = (error: unknown): boolean =>
  error instanceof DOMException && /^(InvalidState|Abort|Unknown)Error$/.test(error.name)

/** Opens the database at the first use, and again, once for each call, if the browser has closed the connection. */
function reopening({ createStore }: IdbKeyval, name: string): UseStore {
  let store: UseStore | undefined
  return async (mode, work) => {
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
  let opened: Promise<{ idb: IdbKeyval; use: UseStore }> | undefined

  /** The code of IndexedDB is loaded at the first use. A load that failed is tried again at the next use. */
  function open(): Promise<{ idb: IdbKeyval; use: UseStore }> {
    opened ??= import('idb-keyval').then((idb) => ({ idb, use: reopening(idb, name) }))
    opened.catch(() => {
      opened = undefined
    })
    return opened
  }

  async function run<T>(mode: IDBTransactionMode, work: (records: IDBObjectStore, idb: IdbKeyval) => Promise<T>) {
    const { idb, use } = await open()
    return use(mode, (records) => work(records, idb))
  }

  /** The same in a transaction that writes: resolves when the transaction has ended, so that the value is kept. */
  function write<T>(work: (records: IDBObjectStore, idb: IdbKeyval) => Promise<T> | T): Promise<T> {
    return run('readwrite', async (records, idb) => {
      const result = await work(records, idb)
      await idb.promisifyRequest(records.transaction)
      return result
    })
  }

  return requesterStorage<FunctionsOf<IndexedDBStorage>>(
    {
      get: (key) =>
        run('readonly', async (records, idb) => validValue(await idb.promisifyRequest<Stored>(records.get(key)))),
      getMany: (keys) =>
        run('readonly', async (records, { promisifyRequest }) => {
          const values = await Promise.all(keys.map((key) => promisifyRequest<Stored>(records.get(key))))
          return values.map(validValue)
        }),
      add: (key, value, ttlMs) =>
        write(async (records, idb) => {
          if (isValid(await idb.promisifyRequest<Stored>(records.get(key)))) return false
          records.put({ value, expires: Date.now() + ttlMs } satisfies Stored, key)
          return true
        }),
      set: (key, value, ttlMs) =>
        write((records) => {
          const expires = ttlMs === undefined ? undefined : Date.now() + ttlMs
          records.put({ value, expires } satisfies Stored, key)
        }),
      delete: (key) => write((records) => void records.delete(key)),
      keys: (prefix) =>
        run('readwrite', async (records, { promisifyRequest }) => {
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
    },
    { loadMore: open },
  )
}
