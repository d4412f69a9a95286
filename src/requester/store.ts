import type { UmaStorage } from '../storage/storage.ts'
import type { Tell } from './events.ts'

/** A storage that never fails: whatever goes wrong costs an event, and what could not be kept there is kept in memory. */
export interface Store {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, ttlMs?: number): Promise<void>
  delete(key: string): Promise<void>
  /** Runs the task while nobody else holds the key, as far as the storage can tell. */
  lock<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** Milliseconds: for one operation; for which a storage that failed is left alone; that a lock is waited for. */
const patience = { operation: 3_000, pause: 5_000, lock: 60_000 }

export function createStore(storage: UmaStorage, tell: Tell): Store {
  /** What could not be written; it counts until it can. `undefined`: deleted. */
  const spare = new Map<string, string | undefined>()
  let downUntil = 0

  const failed = (operation: string): void => {
    downUntil = Date.now() + patience.pause
    tell({ type: 'storage-failed', operation })
  }

  /** The outcome of an operation, or false if it failed, hung or was not tried. */
  async function attempt<T>(operation: string, act: () => T | Promise<T>): Promise<{ value: T } | false> {
    if (Date.now() < downUntil) return false
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(reject, patience.operation)
      })
      return { value: await Promise.race([late, act()]) }
    } catch {
      failed(operation)
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async get(key) {
      if (spare.has(key)) return spare.get(key)
      const got = await attempt('get', () => storage.get(key))
      return got ? (got.value ?? undefined) : undefined
    },
    async set(key, value, ttlMs) {
      if (await attempt('set', () => storage.set(key, value, ttlMs))) spare.delete(key)
      else spare.set(key, value)
    },
    async delete(key) {
      if (await attempt('delete', () => storage.delete(key))) spare.delete(key)
      else spare.set(key, undefined)
    },
    async lock(key, task) {
      if (!storage.lock || Date.now() < downUntil) return task()
      let run: ReturnType<typeof task> | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      const once = (): ReturnType<typeof task> => {
        run ??= task()
        return run
      }
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patience.lock)
      })
      // The task's own failure is its own; only the lock's is the storage's.
      const settled = storage
        .lock(key, () =>
          once().then(
            () => {},
            () => {},
          ),
        )
        .then(
          () => true,
          () => false,
        )
      const fine = await Promise.race([settled, late.then(() => run !== undefined)])
      clearTimeout(timer)
      if (!fine) failed('lock')
      return once()
    },
  }
}
