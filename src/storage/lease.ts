/** Locks for storages that have no lock: a lease that its holder renews, and that expires when the holder dies. */
import { inTurn } from '../async/in-turn.ts'
import { within } from '../async/timers.ts'

/**
 * The operations of a storage that a lock needs. `Held` identifies one holding of a key among all past and future
 * ones.
 */
export interface Leases<Held> {
  /** Takes the lease for `leaseMs` if it is free or has expired; undefined while somebody else holds it. */
  take(key: string): Promise<Held | undefined>
  /** Whether we still hold the lease; if so, it lasts `leaseMs` from now. */
  renew(key: string, held: Held): Promise<boolean>
  /** Gives the lease back if we still hold it. */
  release(key: string, held: Held): Promise<unknown>
}

/**
 * Runs `task` while nobody else holds `key`. `lost` aborts if the lease was lost while the task ran, because the
 * process stood still or the storage was away for longer than a lease. From then on, another process may hold the
 * lock.
 */
export type LeaseLock = <T>(key: string, task: (lost: AbortSignal) => Promise<T>) => Promise<T>

/** How long a lease lasts without renewal, in milliseconds. */
export const LEASE_MS = 30_000

/** @throws TypeError if a lease cannot last this long */
export function checkLease(where: string, leaseMs: unknown): void {
  if (typeof leaseMs === 'number' && leaseMs > 0) return
  throw new TypeError(`${where}: leaseMs: a number of milliseconds above 0, such as ${LEASE_MS}`)
}

/**
 * The longest that the caller waits while a lease is given back, in milliseconds. After that, the lease expires by
 * itself, or our next turn gives it back.
 */
const RELEASE_MS = 1_000

/** Waits. The wait doubles with each attempt, from about 4 ms to about 100 ms, with a random part. */
export function backoff(attempt: number): Promise<void> {
  const ms = Math.min(100, 4 * 2 ** attempt) * (0.5 + Math.random())
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const nothing = (): void => {}

/** Runs a function again and again. The timer does not keep a process alive; the task that holds the lock does. */
function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  if (typeof timer === 'object') timer.unref?.()
  return () => clearInterval(timer)
}

/**
 * Makes a lock of leases. The tasks of one process wait in memory. Only the first of them asks the storage, again and
 * again until it gets the lease, without a time limit. The lock rejects as the task does, or if the storage fails.
 */
export function leaseLock<Held>(leases: Leases<Held>, leaseMs: number): LeaseLock {
  const line = inTurn()
  /** Leases that could not be given back, because the storage did not answer. They still block our own next turn. */
  const owed = new Map<string, Held>()

  async function take(key: string): Promise<{ held: Held; asked: number }> {
    for (let attempt = 0; ; attempt++) {
      const ours = owed.get(key)
      if (ours !== undefined) await release(key, ours)
      const asked = performance.now()
      const held = await leases.take(key)
      if (held !== undefined) return { held, asked }
      await backoff(attempt)
    }
  }

  /**
   * Renews three times in each lease. An error alone does not lose the lease: it is lost when it expires or was
   * taken.
   */
  function keep(key: string, held: Held, asked: number, lose: () => void): () => void {
    let until = asked + leaseMs
    let asking = false
    const loseIfOver = () => {
      if (performance.now() > until) lose()
    }
    const renew = async () => {
      if (asking) return loseIfOver()
      asking = true
      const now = performance.now()
      try {
        if (await leases.renew(key, held)) until = now + leaseMs
        else lose()
      } catch {
        loseIfOver()
      }
      asking = false
    }
    return every(leaseMs / 3, () => void renew())
  }

  async function release(key: string, held: Held): Promise<void> {
    await leases.release(key, held)
    if (owed.get(key) === held) owed.delete(key)
  }

  async function letGo(key: string, held: Held): Promise<void> {
    owed.set(key, held)
    await within(RELEASE_MS, () => release(key, held), nothing).catch(nothing)
  }

  return (key, task) =>
    line(key, async () => {
      const { held, asked } = await take(key)
      const lost = new AbortController()
      const stop = keep(key, held, asked, () => {
        stop()
        lost.abort(new Error('The lease of this lock was lost'))
      })
      try {
        return await task(lost.signal)
      } finally {
        stop()
        await letGo(key, held)
      }
    })
}
