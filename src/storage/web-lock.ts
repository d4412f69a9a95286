import { inTurn, type Lock } from '../async/in-turn.ts'

/** One lock for all storages of this tab, because two storages of one name are the same storage. */
const withinTab: Lock = /* @__PURE__ */ inTurn()

/**
 * Makes a lock of Web Locks. It has one holder among all tabs and workers of the origin, and the browser releases it
 * when a tab closes or crashes. Without Web Locks (insecure contexts, old browsers), it is a lock within this tab.
 *
 * @param scope the names of the Web Locks begin with `uma-requester:` and this scope
 */
export function webLock(scope: string): Lock {
  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const name = `uma-requester:${scope}:${key}`
    const locks: LockManager | undefined = globalThis.navigator?.locks
    // The callback is async: in Node 24, a callback that throws at once leaves the request pending for ever.
    return locks ? await locks.request(name, async () => task()) : withinTab(name, task)
  }
}
