import type { UmaStorage } from './storage.ts'

/**
 * `localStorage` or `sessionStorage` as storage. Whatever script runs in the page can read it; `sessionStorage` ends with the tab.
 *
 * @param prefix of all keys. Default: none, for they begin with `uma:` anyway
 */
export function webStorage(storage: Storage, prefix = ''): UmaStorage {
  return {
    get: (key) => storage.getItem(prefix + key),
    set: (key, value) => storage.setItem(prefix + key, value),
    delete: (key) => storage.removeItem(prefix + key),
    keys: (start) =>
      Object.keys(storage)
        .filter((key) => key.startsWith(prefix + start))
        .map((key) => key.slice(prefix.length)),
  }
}
