import { LEASE_MS, type LeaseLock, leaseLock } from './lease.ts'
import type { UmaStorage } from './storage.ts'

export type { LeaseLock } from './lease.ts'

/** What is used of a connected client of the `redis` package, 5 or 6: `createClient()`, a pool, or a cluster (which has no `keys`). */
export interface RedisClient {
  get(key: string): Promise<string | null>
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
  /** Of all keys. Use this one and not the client's own `keyPrefix`. Default: none, for they begin with `uma:` anyway. */
  prefix?: string
  /** Milliseconds that a lock outlives a holder that died. Default: 30 000. */
  leaseMs?: number
}

/** What `redisStorage` gives. */
export interface RedisStorage extends UmaStorage {
  lock: LeaseLock
}

const RENEW = `return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0`
const RELEASE = `return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0`

/** Where the locks are, behind the prefix; `keys` leaves them out. */
const LOCKS = 'lock:'

const px = (ms: number): { expiration: { type: 'PX'; value: number } } => ({
  expiration: { type: 'PX', value: Math.ceil(ms) },
})

/**
 * Redis as storage, through a client that you have connected and will close. Values run out on the server. Everything rejects as the
 * client does when the server is away; a client that queues commands meanwhile (its default) makes callers wait instead.
 *
 * The lock is a key with a random value that runs out on the server, renewed while the task runs and deleted only by its holder. It is
 * as good as one Redis server is: a failover to a replica may hand out a lock twice.
 */
export function redisStorage(client: RedisClient, options: RedisStorageOptions = {}): RedisStorage {
  const { prefix = '', leaseMs = LEASE_MS } = options
  const script = (text: string, key: string, ...values: string[]) =>
    client.eval(text, { keys: [prefix + LOCKS + key], arguments: values })

  const leases = {
    take: async (key: string): Promise<string | undefined> => {
      const owner = crypto.randomUUID()
      try {
        const taken = await client.set(prefix + LOCKS + key, owner, { ...px(leaseMs), condition: 'NX' })
        return taken ? owner : undefined
      } catch (error) {
        // The server may have heard it: a lease that nobody knows of must not stand in the others' way.
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
    // A scan may come by a key twice.
    for await (const some of client.scanIterator?.({ MATCH: pattern, COUNT: 1000 }) ?? [])
      for (const name of some) found.add(name.slice(prefix.length))
    return [...found].filter((key) => !key.startsWith(LOCKS))
  }

  return {
    get: (key) => client.get(prefix + key),
    set: (key, value, ttlMs) => {
      if (ttlMs === undefined) return client.set(prefix + key, value)
      return ttlMs > 0 ? client.set(prefix + key, value, px(ttlMs)) : client.del(prefix + key)
    },
    delete: (key) => client.del(prefix + key),
    ...(client.scanIterator && { keys }),
    lock: leaseLock(leases, leaseMs),
  }
}
