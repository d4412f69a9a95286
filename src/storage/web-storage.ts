import { requesterStorage } from './requester-storage.ts'
import type { RequesterStorage } from './storage.ts'
import { webLock } from './web-lock.ts'

/** A stored text: when it expires in milliseconds since 1970, or nothing; a semicolon; the value. */
const RECORD = /^(\d*);/

/** @throws TypeError if this is no `localStorage` and no `sessionStorage` */
function checkWebStorage(storage: unknown): void {
  const functions = Object(storage) as Partial<Storage>
  if (['getItem', 'setItem', 'removeItem', 'key'].every((name) => typeof functions[name] === 'function')) return
  throw new TypeError('webStorage: give localStorage or sessionStorage')
}

/**
 * Makes a storage of `localStorage` or `sessionStorage`. Any script of the page can read it. `sessionStorage` ends
 * with the tab. A value that has expired is removed when it is read. The lock is a Web Lock among all tabs of the
 * origin; without Web Locks, it is a lock within the tab.
 *
 * The storage's `set` throws the browser's `QuotaExceededError` if there is no room.
 *
 * @throws TypeError if the first argument is no `localStorage` and no `sessionStorage`
 * @param prefix all keys begin with this prefix. The keys of this package begin with `uma:` in any case. @default ''
 * @example
 * ```ts
 * createRequester({ ...options, storage: webStorage(sessionStorage) })
 * ```
 */
export function webStorage(storage: Storage, prefix = ''): RequesterStorage {
  checkWebStorage(storage)
  /** The value of a full key. An expired value is removed. */
  const read = (name: string): string | undefined => {
    const text = storage.getItem(name)
    const record = RECORD.exec(text ?? '')
    if (text === null || !record) return undefined
    if (!record[1] || Number(record[1]) > Date.now()) return text.slice(record[0].length)
    storage.removeItem(name)
    return undefined
  }
  return requesterStorage({
    get: (key) => read(prefix + key),
    set: (key, value, ttlMs) =>
      storage.setItem(prefix + key, `${ttlMs === undefined ? '' : Math.ceil(Date.now() + ttlMs)};${value}`),
    delete: (key) => storage.removeItem(prefix + key),
    keys: (start) =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
        .filter((name) => name.startsWith(prefix + start) && read(name) !== undefined)
        .map((name) => name.slice(prefix.length)),
    lock: webLock(prefix),
  })
}
