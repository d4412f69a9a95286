import { checkLease, LEASE_MS, type LeaseLock, leaseLock } from './lease.ts'
import { type FunctionsOf, requesterStorage } from './requester-storage.ts'
import type { RequesterStorage, StoredValues } from './storage.ts'

export type { LeaseLock } from './lease.ts'

/**
 * The functions that are used of a connected client of the `redis` package, version 5 or 6: `createClient()`, a pool,
 * or a cluster (whose keys cannot be listed).
 */
export interface RedisClient {
  get(key: string): Promise<string | null>
  mGet?(keys: string[]): Promise<(string | null)[]>
  set(
    key: string,
    value: string,
    options?: { expiration?: { type: 'PX'; value: number }; condition?: 'NX' },
  ): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  scanIterator?(options: { MATCH: string; COUNT: number }): AsyncIterable<string[]>
}

/** Options of `redisStorage`. */
export interface RedisStorageOptions {
  /**
   * All keys begin with this prefix. Use this option and not the client's own `keyPrefix`. The keys of this package
   * begin with `uma:` in any case. @default ''
   */
  prefix?: string
  /** How long a lock outlives a holder that died, in milliseconds. @default 30_000 */
  leaseMs?: number
}

/** The storage that `redisStorage` returns. */
export interface RedisStorage extends RequesterStorage {
  add(key: string, value: string, ttlMs: number): Promise<boolean>
  getMany(keys: readonly string[]): Promise<StoredValues>
  lock: LeaseLock
}

const RENEW = `return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0`
const RELEASE = `return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0`

/** The keys of locks begin with this text, after the prefix; `keys` leaves them out. */
const LOCKS = 'lock:'

const px = (ms: number): { expiration: { type: 'PX'; value: number } } => ({
  expiration: { type: 'PX', value: Math.ceil(ms) },
})

/** @throws TypeError that names the missing functions */
function checkClient(client: unknown): void {
  const functions = Object(client) as Record<string, unknown>
  const missing = ['get', 'set', 'del', 'eval'].filter((name) => typeof functions[name] !== 'function')
  if (missing.length === 0) return
  throw new TypeError(
    `redisStorage: the client has no ${missing.join(' and no ')}. Give a connected client of the redis package, version 5 or 6`,
  )
}

/**
 * Makes a storage of Redis, with a client that you connect and close. Values expire on the server.
 *
 * Every function of the storage rejects with the client's error if the server is away. A client that queues commands
 * meanwhile (its default) makes callers wait instead.
 *
 * The lock is a key with a random value that expires on the server. It is renewed while the task runs, and only its
 * holder deletes it. After a failover to a replica, two holders may have the same lock.
 *
 * @throws TypeError if the client is not one of the `redis` package
 * @example
 * ```ts
 * const client = await createClient({ url }).connect()
 * createRequester({ ...options, storage: redisStorage(client) })
 * ```
 */
export function redisStorage(client: RedisClient, options: RedisStorageOptions = {}): RedisStorage {
  const { prefix = '', leaseMs = LEASE_MS } = options
  checkClient(client)
  checkLease('redisStorage', leaseMs)
  const script = (text: string, key: string, ...values: string[]) =>
    client.eval(text, { keys: [prefix + LOCKS + key], arguments: values })

  const leases = {
    take: async (key: string): Promise<string | undefined> => {
      const owner = crypto.randomUUID()
      try {
        const taken = await client.set(prefix + LOCKS + key, owner, { ...px(leaseMs), condition: 'NX' })
        return taken ? owner : undefined
      } catch (error) {
        // The server may have taken the command: a lease that nobody knows of would block everybody.
        script(RELEASE, key, owner).catch(() => {})
        throw error
      }
    },
    renew: async (key: string, owner: string): Promise<boolean> =>
      Boolean(await script(RENEW, key, owner, String(leaseMs))),
    release: (key: string, owner: string) => script(RELEASE, key, owner),
  }

  async function keys(start: string): Promise<string[]> {
    const found = new Set<string>()
    const pattern = `${(prefix + start).replace(/[\\*?[\]]/g, '\\$&')}*`
    // A scan may return a key twice.
    for await (const some of client.scanIterator?.({ MATCH: pattern, COUNT: 1000 }) ?? [])
      for (const name of some) found.add(name.slice(prefix.length))
    return [...found].filter((key) => !key.startsWith(LOCKS))
  }

  /** A cluster refuses keys of several slots in one command, so a cluster is asked for each key. */
  function getMany(names: readonly string[]): Promise<StoredValues> {
    const full = names.map((key) => prefix + key)
    if (names.length === 0) return Promise.resolve([])
    return client.mGet && client.scanIterator ? client.mGet(full) : Promise.all(full.map((key) => client.get(key)))
  }

  return requesterStorage<FunctionsOf<RedisStorage>>({
    get: (key) => client.get(prefix + key),
    getMany,
    async add(key, value, ttlMs) {
      if (!(ttlMs > 0)) return (await client.get(prefix + key)) === null
      return Boolean(await client.set(prefix + key, value, { ...px(ttlMs), condition: 'NX' }))
    },
    set: (key, value, ttlMs) => {
      if (ttlMs === undefined) return client.set(prefix + key, value)
      return ttlMs > 0 ? client.set(prefix + key, value, px(ttlMs)) : client.del(prefix + key)
    },
    delete: (key) => client.del(prefix + key),
    ...(client.scanIterator && { keys }),
    lock: leaseLock(leases, leaseMs),
  })
}
