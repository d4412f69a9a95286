/**
 * A storage keeps tokens and flows that wait for a person. A `Map` or a `Keyv` has this shape, too. Values are strings.
 * Each function may be synchronous or asynchronous.
 *
 * @example
 * ```ts
 * const storage: UmaStorage = new Map<string, string>()
 * ```
 */
export interface UmaStorage {
  /** Resolves with the value; `undefined` or `null` if there is none. */
  get(key: string): string | undefined | null | Promise<string | undefined | null>
  /** @param ttlMs milliseconds until the value expires; a storage may ignore them */
  set(key: string, value: string, ttlMs?: number): unknown
  delete(key: string): unknown
  /** Lists the keys that begin with `prefix`. Without this function, `parties()` knows only the parties in memory. */
  keys?(prefix: string): Iterable<string> | AsyncIterable<string> | Promise<Iterable<string>>
  /**
   * Runs `task` while no other tab or process holds `key`. Without this function, only requests of one page or
   * process wait.
   */
  lock?<T>(key: string, task: () => Promise<T>): Promise<T>
}
