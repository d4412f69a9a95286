/** Storages for these tests, each empty and of its own, and ways for them to fail. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv from 'keyv'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import type { Requester } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { redisStorage } from '../../src/storage/redis.ts'
import { type FunctionsOf, requesterStorage } from '../../src/storage/requester-storage.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import type { RequesterStorage, UmaStorage } from '../../src/storage/storage.ts'
import { webStorage } from '../../src/storage/web-storage.ts'
import { redisUrl } from '../helpers/redis.ts'
import { pause, stopwatch, until } from '../helpers/wait.ts'
import type { World } from '../helpers/world.ts'
import { MapStorage } from '../storage/map-storage.ts'

export { pause, stopwatch, until } from '../helpers/wait.ts'

/** What the Redis clients of these tests do: how many commands so far, and when those under way were sent. */
const activity = { commands: 0, underWay: new Set<{ since: number }>() }

/** The same client, whose commands are counted. */
function counted<T extends object>(client: T): T {
  const count = <R>(answer: R): R => {
    if (!(answer instanceof Promise)) return answer
    const command = { since: performance.now() }
    activity.commands++
    activity.underWay.add(command)
    const over = () => void activity.underWay.delete(command)
    answer.then(over, over)
    return answer
  }
  return new Proxy(client, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => count(Reflect.apply(value, target, args))
    },
  })
}

/** Whether a command is under way. One that waits for a server that is gone does not count. */
const isAsking = (): boolean => [...activity.underWay].some(({ since }) => performance.now() - since < 5_000)

/**
 * Until what was learned is written: writes begin 100 ms later and are not waited for. Storages within this process answer at
 * once; for a Redis server, this waits until nothing was asked for a while.
 */
export async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const { commands } = activity
    await pause(150)
    quiet = activity.commands === commands && !isAsking() ? quiet + 1 : 0
  }
}

/** Gives a function that opens the storage again and again, as after a restart. */
export interface Backend {
  name: string
  there: boolean
  make(): Promise<() => Promise<RequesterStorage>>
}

export async function sqliteFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'uma-engine-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'uma.db')
}

export async function redisClient(url = redisUrl as string): Promise<ReturnType<typeof createClient>> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.destroy())
  return counted(client as unknown as ReturnType<typeof createClient>)
}

const same = (storage: RequesterStorage) => async () => async () => storage

export const backends: Backend[] = [
  { name: 'Map', there: true, make: () => same(keyValueStorage(new Map<string, string>()))() },
  { name: 'Keyv', there: true, make: () => same(keyValueStorage(new Keyv()))() },
  {
    name: 'web storage',
    there: true,
    async make() {
      const held = new MapStorage()
      const prefix = `${crypto.randomUUID()}:`
      return async () => webStorage(held, prefix)
    },
  },
  {
    name: 'SQLite',
    there: true,
    async make() {
      const path = await sqliteFile()
      return async () => {
        const storage = sqliteStorage({ path })
        onTestFinished(() => storage.close())
        return storage
      }
    },
  },
  {
    name: 'Redis',
    there: redisUrl !== undefined,
    async make() {
      const prefix = `engine:${crypto.randomUUID()}:`
      return async () => redisStorage((await redisClient()) as never, { prefix })
    },
  },
]

export type Operation = 'get' | 'set' | 'delete' | 'lock'

/** A storage that does as `fate` says for each operation: nothing special, a hang, or an error; and counts. */
export interface Moody extends RequesterStorage {
  fate: (operation: Operation, key: string) => undefined | 'hang' | 'reject' | 'throw'
  counts: Record<Operation, number>
  held: Map<string, string>
}

export function moody(fate: Moody['fate'] = () => undefined, held = new Map<string, string>()): Moody {
  const act = <T>(operation: Operation, key: string, work: () => T): T | Promise<never> => {
    storage.counts[operation]++
    const what = storage.fate(operation, key)
    if (what === 'throw') throw new Error(`moody: ${operation}`)
    if (what === 'reject') return Promise.reject(new Error(`moody: ${operation}`))
    return what === 'hang' ? new Promise<never>(() => {}) : work()
  }
  const storage: Moody = requesterStorage<FunctionsOf<Moody>>({
    fate,
    held,
    counts: { get: 0, set: 0, delete: 0, lock: 0 },
    get: (key) => act('get', key, () => held.get(key)),
    set: (key, value) => act('set', key, () => void held.set(key, value)),
    delete: (key) => act('delete', key, () => void held.delete(key)),
    keys: (prefix) => [...held.keys()].filter((key) => key.startsWith(prefix)),
    lock: ((key: string, task: () => Promise<unknown>) => act('lock', key, task)) as NonNullable<UmaStorage['lock']>,
  })
  return storage
}

/** Asks for these photos, one after the other, and gives each status and the longest that one waited, in ms of a stopwatch. */
export async function ask(
  requester: Requester,
  world: Pick<World, 'host'>,
  photos: (number | string)[],
): Promise<{ statuses: (number | string)[]; slowest: number }> {
  const statuses: (number | string)[] = []
  let slowest = 0
  const watch = stopwatch()
  for (const photo of photos) {
    const from = watch.ms()
    statuses.push(await get(requester, world, photo))
    slowest = Math.max(slowest, watch.ms() - from)
  }
  watch.stop()
  return { statuses, slowest }
}

/** Until the storage has a record of each of these photos. */
export async function stored(storage: UmaStorage, photos: number[]): Promise<void> {
  const everything = async (): Promise<string> => {
    const texts: string[] = []
    for await (const key of (await storage.keys?.('uma:')) ?? []) texts.push((await storage.get(key)) ?? '')
    return texts.join('\n')
  }
  await until(async () => {
    const text = await everything().catch(() => '')
    return photos.every((photo) => text.includes(`/alice/${photo}.jpg`))
  }, 50)
}

/** The status, or the error as text. */
export async function get(
  requester: Requester,
  world: Pick<World, 'host'>,
  photo: number | string,
): Promise<number | string> {
  try {
    const response = await requester.fetch(`${world.host.origin}/alice/${photo}.jpg`)
    await response.text()
    return response.status
  } catch (error) {
    return String(error)
  }
}

/** How many requests went to the host since the recorder was cleared, and how many token requests. */
export const costs = (world: World): { host: number; token: number } => ({
  host: world.sent().filter(({ server }) => server === 'host').length,
  token: world.sent().filter(({ path, method }) => method === 'POST' && path.endsWith('/token')).length,
})

/** How many events of a type there were. */
export const told = (world: World, type: string): number => world.events.filter((event) => event.type === type).length

/** Fails the test if something rejects and nobody listens. */
export function watchRejections(): unknown[] {
  const seen: unknown[] = []
  const note = (reason: unknown) => seen.push(reason)
  // Scenarios that run together listen together.
  process.setMaxListeners(50)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return seen
}

/** Scenarios that mostly wait, all at once; fails with the names of those that failed. Each is named, and cleans up with the test. */
export async function together(scenarios: Record<string, () => Promise<void>>): Promise<void> {
  const names = Object.keys(scenarios)
  const outcomes = await Promise.allSettled(Object.values(scenarios).map((scenario) => scenario()))
  const failures = outcomes.flatMap((outcome, n) =>
    outcome.status === 'rejected' ? [`${names[n]}: ${outcome.reason?.stack ?? outcome.reason}`] : [],
  )
  if (failures.length > 0) throw new Error(failures.join('\n'))
}
