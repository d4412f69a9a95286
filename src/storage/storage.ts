/**
 * The functions of a storage. Values are strings. Each function may be synchronous or asynchronous. A requester and a
 * host take a `RequesterStorage`: a storage function of this package makes one. `keyValueStorage` makes one of any
 * object with these functions.
 *
 * @example
 * ```ts
 * const functions: UmaStorage = new Map<string, string>()
 * const storage = keyValueStorage(functions)
 * ```
 */
export interface UmaStorage {
  /** Resolves with the value; `undefined` or `null` if there is none. */
  get(key: string): string | undefined | null | Promise<string | undefined | null>
  /** @param ttlMs milliseconds until the value expires; a storage may ignore them */
  set(key: string, value: string, ttlMs?: number): unknown
  delete(key: string): unknown
  /**
   * The values of several keys, in the order of the keys. Without this function, `get` is called for each key.
   *
   * @example
   * ```ts
   * const [one, two] = await storage.getMany(['one', 'two'])
   * ```
   */
  getMany?(keys: readonly string[]): StoredValues | Promise<StoredValues>
  /**
   * Sets a value if there is none, in one step: of all callers, in all tabs and processes, exactly one gets `true`. When
   * the value has expired or was deleted, it can be added again.
   *
   * @param ttlMs milliseconds until the value expires
   */
  add?(key: string, value: string, ttlMs: number): boolean | Promise<boolean>
  /** Lists the keys that begin with `prefix`. Without this function, `parties()` knows only the parties in memory. */
  keys?(prefix: string): Iterable<string> | AsyncIterable<string> | Promise<Iterable<string>>
  /**
   * Runs `task` while no other tab or process holds `key`. Without this function, only requests of one page or
   * process wait.
   */
  lock?<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** Values in the order of their keys; `undefined` or `null` where there is none. */
export type StoredValues = readonly (string | undefined | null)[]

/** The facts that a storage function hides in its value. */
export interface HiddenFacts {
  /** Loads the code that keeps a requester in step with a storage. */
  load(): Promise<unknown>
  /** Whether the values end with this page or process. */
  inMemory: boolean
  /** Whether tokens may be stored for a party, found out without the code above. Rejects if the signal aborts. */
  mayHaveTokens(name: string | undefined, signal: AbortSignal | null | undefined): Promise<boolean>
}

/** The name of the hidden property. Two copies of this package in one program know the same name. */
export const hidden: unique symbol = Symbol.for('uma-requester.storage')

/**
 * The storage of a requester or a host: the value of a storage function. The value brings the code that a requester
 * needs to use a storage, loaded when the storage is first used.
 */
export interface RequesterStorage extends UmaStorage {
  /** @internal */
  readonly [hidden]: HiddenFacts
}

const isStorage = (value: unknown): value is RequesterStorage => Object(value) === value && hidden in (value as object)

/**
 * Checks that a value was made by a storage function. `undefined` passes: then everything is kept in memory.
 *
 * @param name the name of the option, for the message
 * @throws TypeError that names `keyValueStorage`
 */
export function checkStorage(value: unknown, name: string): asserts value is RequesterStorage | undefined {
  if (value === undefined || isStorage(value)) return
  throw new TypeError(
    `${name}: the value of a storage function, such as indexedDBStorage() or sqliteStorage({ path }). For a Map, a Keyv ` +
      "or an object with get, set and delete, write keyValueStorage(…) of 'uma-requester/storage/key-value'",
  )
}

/** Whether the values of a storage end with this page or process. */
export const isInMemory = (storage: RequesterStorage): boolean => storage[hidden].inMemory
