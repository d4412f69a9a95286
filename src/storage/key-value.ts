import { requesterStorage } from './requester-storage.ts'
import type { RequesterStorage, UmaStorage } from './storage.ts'

/**
 * An object that keeps values under keys: a `Map`, a Keyv, or any object with these functions. The optional functions
 * are those of `UmaStorage`.
 */
export interface KeyValueStore {
  get(key: string): unknown
  set(key: string, value: string, ttlMs?: number): unknown
  delete(key: string): unknown
  getMany?(keys: string[]): unknown
  add?(key: string, value: string, ttlMs: number): unknown
  keys?(prefix: string): unknown
  lock?(key: string, task: () => Promise<unknown>): unknown
}

/** A function of the store, bound to the store; `undefined` if the store has no such function. */
function bound<Name extends keyof UmaStorage>(store: KeyValueStore, name: Name): UmaStorage[Name] | undefined {
  const value = (store as UmaStorage)[name]
  return typeof value === 'function' ? (value.bind(store) as UmaStorage[Name]) : undefined
}

/** @throws TypeError that names the missing functions */
function checkStore(store: unknown): asserts store is KeyValueStore {
  const functions = Object(store) as Record<string, unknown>
  const missing = ['get', 'set', 'delete'].filter((name) => typeof functions[name] !== 'function')
  if (missing.length === 0) return
  throw new TypeError(
    `keyValueStorage: the store has no ${missing.join(' and no ')}. Give a Map, a Keyv or an object with get, set and delete`,
  )
}

/** By Map: until when a value that was added lives, in milliseconds since 1970. Other values of a Map do not expire. */
const addedUntil = /* @__PURE__ */ new WeakMap<object, Map<string, number>>()

/** The functions of a `Map`. Two storages of one `Map` are the same storage. */
function mapFunctions(map: Map<string, string>): UmaStorage {
  const until = addedUntil.get(map) ?? new Map<string, number>()
  addedUntil.set(map, until)

  const get = (key: string): string | undefined => {
    const end = until.get(key)
    if (end === undefined || end > Date.now()) return map.get(key)
    remove(key)
    return undefined
  }
  function remove(key: string): void {
    until.delete(key)
    map.delete(key)
  }
  return {
    get,
    set(key, value) {
      until.delete(key)
      map.set(key, value)
    },
    delete: remove,
    getMany: (keys) => keys.map(get),
    add(key, value, ttlMs) {
      if (get(key) !== undefined) return false
      map.set(key, value)
      until.set(key, Date.now() + ttlMs)
      return true
    },
    keys: (prefix) => [...map.keys()].filter((key) => key.startsWith(prefix) && get(key) !== undefined),
  }
}

/**
 * Makes a storage of a `Map`, a Keyv, or any object with `get`, `set` and `delete`. The optional functions of
 * `UmaStorage` (`getMany`, `add`, `keys`, `lock`) are used if the object has them. Without `lock`, only requests of one
 * process wait for one another: two processes may then use one refresh token.
 *
 * The values of a `Map` end with the page or the process, so a requester on a `Map` needs no `requestingParty`.
 *
 * @throws TypeError that names the missing functions
 * @example
 * ```ts
 * createRequester({ ...options, requestingParty: 'app', storage: keyValueStorage(new Keyv()) })
 * ```
 */
export function keyValueStorage(store: KeyValueStore): RequesterStorage {
  checkStore(store)
  if (store instanceof Map) return requesterStorage(mapFunctions(store), { inMemory: true })
  const [getMany, add, keys, lock] = [
    bound(store, 'getMany'),
    bound(store, 'add'),
    bound(store, 'keys'),
    bound(store, 'lock'),
  ]
  return requesterStorage({
    get: (key) => store.get(key) as ReturnType<UmaStorage['get']>,
    set: (key, value, ttlMs) => store.set(key, value, ttlMs),
    delete: (key) => store.delete(key),
    ...(getMany && { getMany }),
    ...(add && { add }),
    ...(keys && { keys }),
    ...(lock && { lock }),
  })
}
