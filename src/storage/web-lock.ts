import { inTurn, type Lock } from './in-turn.ts'

/**
 * Web Locks, under names that begin with `uma-requester:` and `scope`: one holder among all tabs and workers of the origin, and none
 * that is gone, for a closed or crashed tab lets go. Where there are none (insecure contexts, old browsers) a lock within this tab.
 */
export function webLock(scope: string): Lock {
  const here = inTurn()
  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const locks: LockManager | undefined = globalThis.navigator?.locks
    if (!locks) return here(key, task)
    // async: Node 24 never settles when the callback throws before it gives a promise.
    return await locks.request(`uma-requester:${scope}:${key}`, async () => task())
  }
}
