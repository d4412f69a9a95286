import type { UmaStorage } from '../storage/storage.ts'
import type { Tell } from './events.ts'

/** A storage that never fails: whatever goes wrong costs an event, and what could not be kept there is kept in memory. */
export interface Store {
  /** `false`: it could not be read. */
  get(key: string): Promise<string | undefined | false>
  /** `spared` (default): kept in memory where it could not be written, and written later. False: it could not be written. */
  set(key: string, value: string, ttlMs?: number, spared?: boolean): Promise<boolean>
  delete(key: string): Promise<void>
  /** As far as the storage can list them. */
  keys(prefix: string): Promise<string[]>
  /** Runs the task while nobody else holds the key, as far as the storage can tell. */
  lock<T>(key: string, task: () => Promise<T>): Promise<T>
}

/**
 * Milliseconds: for one operation; for which a storage that failed is left alone; until a storage whose lock does not come is asked
 * whether it is there at all; that a lock, which others may well hold, is waited for; for which one that did not come is not asked for.
 */
const patience = { operation: 2_000, pause: 5_000, probe: 1_000, lock: 15_000, withoutLock: 60_000 }

const nothing = (): void => {}

/** Later, if the program is still there then. */
export function later(task: () => unknown, ms: number): void {
  const timer: { unref?(): void } | number = setTimeout(task, ms)
  if (typeof timer === 'object') timer.unref?.()
}

export function createStore(storage: UmaStorage, tell: Tell): Store {
  /** What could not be written; it counts until it can. `undefined`: deleted. */
  const spare = new Map<string, string | undefined>()
  let downUntil = 0
  let withoutLockUntil = 0

  const failed = (operation: string): void => {
    downUntil = Date.now() + patience.pause
    tell({ type: 'storage-failed', operation })
    later(writeSpare, patience.pause + 1)
  }

  /** Tries again to write what could not be written. */
  const writeSpare = async (): Promise<void> => {
    for (const [key, value] of spare) await (value === undefined ? store.delete(key) : store.set(key, value))
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

  const store: Store = {
    async get(key) {
      if (spare.has(key)) return spare.get(key)
      const got = await attempt('get', () => storage.get(key))
      return got && (got.value ?? undefined)
    },
    async set(key, value, ttlMs, spared = true) {
      const done = await attempt('set', () => storage.set(key, value, ttlMs))
      if (done) spare.delete(key)
      else if (spared) spare.set(key, value)
      return !!done
    },
    async delete(key) {
      if (await attempt('delete', () => storage.delete(key))) spare.delete(key)
      else spare.set(key, undefined)
    },
    async keys(prefix) {
      const found: string[] = []
      await attempt('keys', async () => {
        // A Map lists all of its keys, whatever it is asked for.
        for await (const key of (await storage.keys?.(prefix)) ?? []) if (key.startsWith(prefix)) found.push(key)
      })
      return found
    },
    async lock(key, task) {
      if (!storage.lock || Date.now() < Math.max(downUntil, withoutLockUntil)) return task()
      let run: ReturnType<typeof task> | undefined
      const once = (): ReturnType<typeof task> => {
        run ??= task()
        return run
      }
      // What the task ends with is its own; only whether it was run is the storage's.
      const locked = async (): Promise<boolean> => {
        await storage.lock?.(key, () => once().then(nothing, nothing))
        return run !== undefined
      }
      let timer: ReturnType<typeof setTimeout> | undefined
      let probe: ReturnType<typeof setInterval> | undefined
      const gone = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(run !== undefined), patience.lock)
        probe = setInterval(async () => {
          if (!run && !(await attempt('lock', () => storage.get(key)))) resolve(run !== undefined)
        }, patience.probe)
      })
      let refused = false
      const fine = await Promise.race([
        gone,
        locked().catch(() => {
          refused = true
          return false
        }),
      ])
      clearTimeout(timer)
      clearInterval(probe)
      if (!fine) {
        withoutLockUntil = Date.now() + patience.withoutLock
        if (refused) failed('lock')
        else tell({ type: 'storage-failed', operation: 'lock' })
      }
      return once()
    },
  }
  return store
}
