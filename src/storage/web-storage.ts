import type { UmaStorage } from './storage.ts'
import { webLock } from './web-lock.ts'

/** What is stored: the time after which it is of no use, in ms since 1970, or nothing; a semicolon; the value. */
const RECORD = /^(\d*);/

/**
 * `localStorage` or `sessionStorage` as storage. Whatever script runs in the page can read it; `sessionStorage` ends with the tab.
 * Times to live are kept on reading. The lock is a Web Lock, among all tabs of the origin, or where there are none, within the tab.
 * `set` throws the browser's `QuotaExceededError` when there is no room.
 *
 * @param prefix of all keys. Default: none, for they begin with `uma:` anyway
 */
export function webStorage(storage: Storage, prefix = ''): UmaStorage {
  /** The value under a full key; what has run out goes. */
  const read = (name: string): string | undefined => {
    const text = storage.getItem(name)
    const record = RECORD.exec(text ?? '')
    if (text === null || !record) return undefined
    if (!record[1] || Number(record[1]) > Date.now()) return text.slice(record[0].length)
    storage.removeItem(name)
    return undefined
  }
  return {
    get: (key) => read(prefix + key),
    set: (key, value, ttlMs) =>
      storage.setItem(prefix + key, `${ttlMs === undefined ? '' : Math.ceil(Date.now() + ttlMs)};${value}`),
    delete: (key) => storage.removeItem(prefix + key),
    keys: (start) =>
      Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
        .filter((name) => name.startsWith(prefix + start) && read(name) !== undefined)
        .map((name) => name.slice(prefix.length)),
    lock: webLock(prefix),
  }
}
