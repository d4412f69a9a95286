import type { UmaStorage } from '../storage/storage.ts'
import { after, type MaybePromise } from './maybe.ts'
import { createPathIndex } from './path-index.ts'
import { createShelf, type Shelf, unreadable } from './shelf.ts'
import type { HostEvent, ProtectedResource } from './types.ts'

/**
 * What is protected, by path: in memory, and in the storage, where other processes read and write it too. A look-up of a resource
 * whose record cannot be read fails; it can be put there again, or removed.
 */
export interface ResourceMap {
  /**
   * The resource at a canonical path. A change of another process counts at the latest `2 * believed` milliseconds
   * later; a resource that it added at a path without a resource counts at once.
   */
  find(path: string): MaybePromise<ProtectedResource | 'ambiguous' | undefined>
  /** The resource of this very pattern. */
  at(pattern: string): MaybePromise<ProtectedResource | undefined>
  all(): Promise<ProtectedResource[]>
  /** The resource that has this id at the authorization server. */
  holder(id: string): Promise<ProtectedResource | undefined>
  /** What the storage holds now, and can be read. */
  read(pattern: string): Promise<ProtectedResource | undefined>
  put(resource: ProtectedResource): Promise<void>
  remove(pattern: string): Promise<void>
}

/** How long what is in memory is believed, in milliseconds, where the storage may be another process's too. */
const believed = 1_000

/**
 * The map of one host. Where the storage cannot be read, what is known already stays protected as it is, and a look-up of anything
 * else rejects.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory of small functions. The host is divided after the engine is rebuilt.
export function createResourceMap(storage: UmaStorage, prefix: string, tell: (event: HostEvent) => void): ResourceMap {
  const shelf: Shelf = createShelf(storage, prefix)
  let index = createPathIndex()
  /** The change that the index holds; undefined: nothing has been read yet. */
  let seen: string | undefined
  let checkedAt = Number.NEGATIVE_INFINITY
  let syncing: Promise<void> | undefined
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other: what changes the index. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = turn.then(task)
    turn = run.catch(() => {})
    return run
  }

  async function learn(): Promise<void> {
    const changes = await shelf.changes()
    const known = changes.findIndex(({ id }) => id === seen)
    if (seen === undefined || (known < 0 && !(seen === '' && changes.length === 0))) {
      const fresh = createPathIndex()
      for (const resource of await shelf.all()) fresh.set(resource)
      index = fresh
    } else {
      for (const pattern of new Set(changes.slice(known + 1).map((change) => change.pattern))) {
        const resource = await shelf.get(pattern)
        if (resource) index.set(resource)
        else index.delete(pattern)
      }
    }
    seen = changes.at(-1)?.id ?? ''
  }

  /** Takes over what has changed; at once, if nothing has. */
  function sync(): MaybePromise<void> {
    syncing ??= startSync()
    return syncing
  }

  function startSync(): Promise<void> | undefined {
    const begun = Date.now()
    const done = () => {
      checkedAt = begun
      syncing = undefined
    }
    const fail = (error: unknown): never => {
      syncing = undefined
      tell({ type: 'storage-failed', operation: 'read' })
      throw error
    }
    try {
      const newest = shelf.newest()
      if (newest === seen) return void done()
      const learnt = after(newest, (id) => (id === seen ? undefined : inTurn(learn)))
      return Promise.resolve(learnt).then(done, fail)
    } catch (error) {
      return fail(error)
    }
  }

  /**
   * The storage is asked for changes now and then; a failure changes nothing. One request waits for the answer. The
   * others go on with the known resource, but not for longer than the documented window of two seconds.
   */
  function renewed<T>(known: T, again: () => T): MaybePromise<T> {
    const age = Date.now() - checkedAt
    if (age < believed || (syncing && age < 2 * believed)) return known
    const failed = () => {
      checkedAt = Date.now()
      return known
    }
    try {
      const news = sync()
      return news instanceof Promise ? news.then(again, failed) : again()
    } catch {
      return failed()
    }
  }

  function look<T>(find: () => T | undefined): MaybePromise<T | undefined> {
    const known = find()
    if (known !== undefined) return renewed<T | undefined>(known, find)
    if (!syncing) return after(sync(), find)
    // What is on its way may have been read before the resource was added.
    return after(sync(), () => find() ?? after(sync(), find))
  }

  function readable<T extends ReturnType<typeof index.find>>(found: T): T {
    if (typeof found !== 'object' || !unreadable(found)) return found
    tell({ type: 'storage-failed', operation: 'read' })
    throw new Error(`What is stored of ${found.pattern} cannot be read: protect it again, or unprotect it locally`)
  }

  return {
    find: (path) =>
      after(
        look(() => index.find(path)),
        readable,
      ),
    at: (pattern) =>
      after(
        look(() => index.get(pattern)),
        readable,
      ),
    async all() {
      await sync()
      return [...index.all()].filter((resource) => !unreadable(resource))
    },
    async holder(id) {
      await sync()
      for (const resource of index.all()) if (resource.id === id) return resource
      return undefined
    },
    async read(pattern) {
      const resource = await shelf.get(pattern)
      return resource && unreadable(resource) ? undefined : resource
    },
    put: (resource) => write(() => shelf.put(resource)),
    remove: (pattern) => write(() => shelf.remove(pattern)),
  }

  function write(change: () => Promise<void>): Promise<void> {
    return inTurn(async () => {
      try {
        await change()
        await learn()
      } catch (error) {
        tell({ type: 'storage-failed', operation: 'write' })
        throw error
      }
    })
  }
}
