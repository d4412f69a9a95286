/** Locks for storages that have none of their own: a lease that its holder renews, and that runs out when the holder dies. */
import { inTurn } from './in-turn.ts'

/** What a storage does for a lock. `Held` tells one holding from all others of that key, past and future. */
export interface Leases<Held> {
  /** Takes the lease for `leaseMs` if it is free or has run out; undefined while another has it. */
  take(key: string): Promise<Held | undefined>
  /** Whether it is still ours; if so it lasts `leaseMs` from now. */
  renew(key: string, held: Held): Promise<boolean>
  /** Gives the lease back if it is still ours. */
  release(key: string, held: Held): Promise<unknown>
}

/**
 * Runs `task` while nobody else holds `key`. `lost` aborts in the rare case that the lease was lost under the task's hands (the
 * process stood still, or the storage was away, for longer than a lease): another may hold the lock from then on.
 */
export type LeaseLock = <T>(key: string, task: (lost: AbortSignal) => Promise<T>) => Promise<T>

/** Milliseconds that a lease lasts without renewal. */
export const LEASE_MS = 30_000

/** The longest that giving a lease back may keep the caller, in milliseconds; after that it is left to run out, or to our next turn. */
const RELEASE_MS = 1_000

/** A wait that doubles with each attempt, from about 4 ms to about 100 ms, never the same for two who wait. */
export function backoff(attempt: number): Promise<void> {
  const ms = Math.min(100, 4 * 2 ** attempt) * (0.5 + Math.random())
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The timer does not keep a program alive: whoever waits for the task does. */
function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  if (typeof timer === 'object') timer.unref?.()
  return () => clearInterval(timer)
}

/**
 * A lock out of leases. Those of one process stand in line in memory, and only the first of them asks the storage, again and again
 * until it gets the lease; there is no time limit to that. Rejects as the task does, or when the storage cannot be asked.
 */
export function leaseLock<Held>(leases: Leases<Held>, leaseMs: number): LeaseLock {
  const line = inTurn()
  /** Leases that could not be given back, for lack of a storage that answers. They are ours still, and in our own way. */
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

  /** Renews three times per lease. An error is not the end of it: the lease is lost when it has run out, or is another's. */
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
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, RELEASE_MS)
    })
    await Promise.race([release(key, held), late]).catch(() => {})
    clearTimeout(timer)
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
