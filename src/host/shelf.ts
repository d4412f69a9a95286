import { readObject } from '../protocol/http/read-object.ts'
import type { UmaStorage } from '../storage/storage.ts'
import { after, type MaybePromise } from './maybe.ts'
import type { ProtectedResource } from './types.ts'

/** One change of the map: which pattern is to be read again. */
export interface Change {
  id: string
  pattern: string
}

/**
 * A resource whose record cannot be read has an empty id. It is not left out: its path would be another resource's, or nobody's.
 */
export const unreadable = ({ id }: ProtectedResource): boolean => id === ''

/** The resource map as it lies in a storage: one value a resource, and one that tells what changed last. */
export interface Shelf {
  /** The last change's id; `''` before the first. At once, where the storage answers at once. */
  newest(): MaybePromise<string>
  /** The last changes, oldest first. Who does not find the one that was last to it reads everything again. */
  changes(): Promise<Change[]>
  all(): Promise<ProtectedResource[]>
  get(pattern: string): Promise<ProtectedResource | undefined>
  put(resource: ProtectedResource): Promise<void>
  remove(pattern: string): Promise<void>
}

const remembered = 64

/** @param prefix of all its keys */
export function createShelf(storage: UmaStorage, prefix: string): Shelf {
  const log = `${prefix}changes`
  /** The patterns, for a storage that cannot tell its keys. */
  const list = `${prefix}patterns`
  const resources = `${prefix}resource:`

  let lastText: string | undefined
  let lastChanges: Change[] = []
  const readLog = (text: string | null | undefined): Change[] => {
    // The text is mostly the one that was read before.
    if (text !== lastText || !text) lastChanges = text ? parseLog(text) : []
    lastText = text ?? undefined
    return lastChanges
  }
  const lastId = (text: string | null | undefined) => readLog(text).at(-1)?.id ?? ''
  const changes = async () => readLog(await storage.get(log))
  const patternsListed = async (): Promise<string[]> => JSON.parse((await storage.get(list)) ?? '[]')

  async function patterns(): Promise<string[]> {
    if (!storage.keys) return patternsListed()
    const found: string[] = []
    // A Map does not look at the prefix.
    for await (const key of await storage.keys(resources)) {
      if (key.startsWith(resources)) found.push(key.slice(resources.length))
    }
    return found
  }

  /** While no other process that keeps to locks does the same. */
  const alone = (task: () => Promise<void>): Promise<void> => storage.lock?.(`${prefix}lock`, task) ?? task()

  /** A storage that answers at once is read and written in one turn, so two hosts on one `Map` lose no change. */
  function note(pattern: string): MaybePromise<unknown> {
    const change: Change = { id: crypto.randomUUID(), pattern }
    return after(storage.get(log), (text) => {
      const before = readLog(text).filter(({ pattern }) => pattern)
      return storage.set(log, JSON.stringify([...before, change].slice(-remembered)))
    })
  }

  async function enlist(change: (patterns: Set<string>) => unknown): Promise<void> {
    if (storage.keys) return
    const listed = new Set(await patternsListed())
    change(listed)
    await storage.set(list, JSON.stringify([...listed]))
  }

  async function get(pattern: string): Promise<ProtectedResource | undefined> {
    const text = await storage.get(resources + pattern)
    return text ? parseResource(text, pattern) : undefined
  }

  return {
    newest: () => after(storage.get(log), lastId),
    changes,
    get,
    async all() {
      const found = await Promise.all((await patterns()).map(get))
      return found.filter((resource) => resource !== undefined)
    },
    put: (resource) =>
      alone(async () => {
        await storage.set(resources + resource.pattern, JSON.stringify(resource))
        await enlist((patterns) => patterns.add(resource.pattern))
        await note(resource.pattern)
      }),
    remove: (pattern) =>
      alone(async () => {
        await storage.delete(resources + pattern)
        await enlist((patterns) => patterns.delete(pattern))
        await note(pattern)
      }),
  }
}

/** A text that cannot be read counts as one unseen change without a pattern: everything is read again, once. */
function parseLog(text: string): Change[] {
  const unread = [{ id: `unreadable: ${text}`, pattern: '' }]
  try {
    const changes: unknown = JSON.parse(text)
    return Array.isArray(changes) && changes.every((change) => isText(change?.id) && isText(change.pattern))
      ? changes
      : unread
  } catch {
    return unread
  }
}

function parseResource(text: string, pattern: string): ProtectedResource {
  const record = readObject(text) as ProtectedResource | undefined
  const { id, owner, scopes, description } = record ?? ({} as Partial<ProtectedResource>)
  const whole = isText(id) && isText(owner) && Array.isArray(scopes) && Object(description) === description
  if (record && whole && record.pattern === pattern) return record
  return { id: '', pattern, owner: '', scopes: [], description: { resource_scopes: [] } }
}

const isText = (value: unknown): value is string => typeof value === 'string'
