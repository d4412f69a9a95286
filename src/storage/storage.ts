/**
 * Where tokens and flows under way are kept. `new Map()` is one, and so is `new Keyv()`. Values are strings; each function may be
 * synchronous or not.
 */
export interface UmaStorage {
  get(key: string): string | undefined | null | Promise<string | undefined | null>
  /** `ttlMs`: milliseconds after which the value is of no use; a storage may ignore it. */
  set(key: string, value: string, ttlMs?: number): unknown
  delete(key: string): unknown
  /** The keys that begin with `prefix`. */
  keys?(prefix: string): Iterable<string> | AsyncIterable<string> | Promise<Iterable<string>>
  /** Runs `task` while no other tab or process holds `key`. */
  lock?<T>(key: string, task: () => Promise<T>): Promise<T>
}
