import { inTurn, type Lock } from './in-turn.ts'

/** One for all storages of the page: two of one name are the same storage. */
const here: Lock = /* @__PURE__ */ inTurn()

/**
 * Web Locks, under names that begin with `uma-requester:` and `scope`: one holder among all tabs and workers of the origin, and none
 * that is gone, for a closed or crashed tab lets go. Where there are none (insecure contexts, old browsers) a lock within this tab.
 */
export function webLock(scope: string): Lock {
  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const name = `uma-requester:${scope}:${key}`
    const locks: LockManager | undefined = globalThis.navigator?.locks
    // async: Node 24 never settles when the callback throws before it gives a promise.
    return locks ? await locks.request(name, async () => task()) : here(name, task)
  }
}
