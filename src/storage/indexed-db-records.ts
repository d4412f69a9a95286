import { createStore, promisifyRequest, type UseStore } from 'idb-keyval'
import type { StoredValues } from './storage.ts'

/** A value as it is stored. */
interface Stored {
  value: string
  /** When the value expires, in milliseconds since 1970. */
  expires?: number | undefined
}

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
function reopening(name: string): UseStore {
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

/** The records of one database. */
export interface IndexedDBRecords {
  get(key: string): Promise<string | undefined>
  getMany(keys: readonly string[]): Promise<StoredValues>
  add(key: string, value: string, ttlMs: number): Promise<boolean>
  set(key: string, value: string, ttlMs?: number): Promise<void>
  delete(key: string): Promise<void>
  keys(prefix: string): Promise<string[]>
}

/** @param name the name of the database, which is opened at the first use */
export function openRecords(name: string): IndexedDBRecords {
  const use = reopening(name)

  /** Works in a transaction that writes: resolves when the transaction has ended, so that the value is kept. */
  function write<T>(work: (records: IDBObjectStore) => Promise<T> | T): Promise<T> {
    return use('readwrite', async (records) => {
      const result = await work(records)
      await promisifyRequest(records.transaction)
      return result
    })
  }

  return {
    get: (key) => use('readonly', async (records) => validValue(await promisifyRequest<Stored>(records.get(key)))),
    getMany: (keys) =>
      use('readonly', async (records) => {
        const values = await Promise.all(keys.map((key) => promisifyRequest<Stored>(records.get(key))))
        return values.map(validValue)
      }),
    add: (key, value, ttlMs) =>
      write(async (records) => {
        if (isValid(await promisifyRequest<Stored>(records.get(key)))) return false
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
  }
}
