import { later, monotonic, within } from '../async/timers.ts'
import type { Tell } from '../events.ts'
import type { RecordStore } from '../parties/party.ts'
import type { StoredValues, UmaStorage } from '../storage/storage.ts'

/** The longest that one operation may take, in milliseconds. */
const operationTimeout = 2_000
/** How long a storage that failed is left alone, in milliseconds. */
const pauseAfterFailure = 5_000
/** The time between two probes of the storage while a lock is waited for, in milliseconds. */
const probeInterval = 1_000
/** The longest wait for a lock, in milliseconds. Another process may well hold the lock for some seconds. */
const lockTimeout = 15_000
/** How long no lock is asked for after a lock was not granted, in milliseconds. */
const pauseWithoutLock = 60_000

/**
 * How the wait for a lock ended. `down`: the storage answers nothing at all, which was told already. `late`: the
 * storage answers but did not grant the lock. `refused`: the storage reported an error, or ran no task.
 */
type LockOutcome = 'granted' | 'down' | 'late' | 'refused'

/** A task that runs once, however often it is started. */
interface OneRun<T> {
  start(): Promise<T>
  isStarted(): boolean
}

/** A value that waits in memory until it can be written. */
interface UnwrittenValue {
  value: string
  /** Milliseconds since 1970; `undefined`: never. */
  expiresAt: number | undefined
}

const nothing = (): void => {}

/** The milliseconds that a value has left; `undefined`: it does not expire. */
const timeLeft = ({ expiresAt }: UnwrittenValue): number | undefined =>
  expiresAt === undefined ? undefined : expiresAt - Date.now()

const isExpired = (unwritten: UnwrittenValue): boolean => (timeLeft(unwritten) ?? 1) <= 0

/** A storage may hold anything; a record is a text. */
const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function runOnce<T>(task: () => Promise<T>): OneRun<T> {
  let run: Promise<T> | undefined
  return {
    start() {
      run ??= task()
      return run
    },
    isStarted: () => run !== undefined,
  }
}

function takesTooLong(): never {
  throw new Error('The storage did not answer in time')
}

/**
 * Wraps a storage so that it never fails. If an operation fails or hangs, the event `storage-failed` tells, the storage
 * is left alone for five seconds, and the values that could not be written stay in memory until they can be written.
 *
 * @param storage the application's storage
 * @param tell tells about failures
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: A factory that returns an object of small functions.
export function createResilientStorage(storage: UmaStorage, tell: Tell): RecordStore {
  /** The values that could not be written yet; they count until then. `undefined`: deleted. */
  const unwritten = new Map<string, UnwrittenValue | undefined>()
  // By the monotonic clock: the storage must not be ignored for an hour because the system's clock was set back.
  let downUntil = Number.NEGATIVE_INFINITY
  let withoutLockUntil = Number.NEGATIVE_INFINITY
  let retryPlanned = false

  function failed(operation: string): void {
    downUntil = monotonic() + pauseAfterFailure
    tell({ type: 'storage-failed', operation })
    if (retryPlanned) return
    retryPlanned = true
    planRetry(pauseAfterFailure)
  }

  /** Plans the next attempt to write. A failure meanwhile puts the attempt off. */
  function planRetry(ms: number): void {
    // One more millisecond: timers may be a fraction of a millisecond early.
    later(async () => {
      const left = downUntil - monotonic()
      if (left > 0) return planRetry(left)
      retryPlanned = false
      await writeAgain()
    }, ms + 1)
  }

  async function writeAgain(): Promise<void> {
    for (const [key, one] of unwritten) {
      if (one === undefined || isExpired(one)) await records.delete(key)
      else await records.set(key, one.value, timeLeft(one))
    }
  }

  /** The outcome of an operation; undefined if it failed, hung or was not tried. */
  async function attempt<T>(operation: string, act: () => T | Promise<T>): Promise<{ value: T } | undefined> {
    if (monotonic() < downUntil) return undefined
    try {
      return { value: await within(operationTimeout, act, takesTooLong) }
    } catch {
      failed(operation)
      return undefined
    }
  }

  /** Whether the storage answers a question about the key. */
  const probe = async (key: string): Promise<boolean> => (await attempt('lock', () => storage.get(key))) !== undefined

  /**
   * Asks the storage for the lock and waits. As soon as the task has started, nothing but its end is waited for: probes
   * and the time limit end the wait only while the task has not started.
   */
  async function acquire<T>(key: string, run: OneRun<T>): Promise<LockOutcome> {
    let timer: ReturnType<typeof setTimeout> | undefined
    let probes: ReturnType<typeof setInterval> | undefined
    const givenUp = new Promise<LockOutcome>((resolve) => {
      timer = setTimeout(() => resolve(run.isStarted() ? 'granted' : 'late'), lockTimeout)
      probes = setInterval(async () => {
        if (!run.isStarted() && !(await probe(key))) resolve(run.isStarted() ? 'granted' : 'down')
      }, probeInterval)
    })
    try {
      return await Promise.race([givenUp, askForLock(key, run)])
    } finally {
      clearTimeout(timer)
      clearInterval(probes)
    }
  }

  async function askForLock<T>(key: string, run: OneRun<T>): Promise<LockOutcome> {
    try {
      // The task's own error belongs to its caller, not to the storage.
      await storage.lock?.(key, () => run.start().then(nothing, nothing))
      return run.isStarted() ? 'granted' : 'refused'
    } catch {
      return 'refused'
    }
  }

  /** Runs the task without the lock, unless it runs already, and asks for no lock for a while. */
  function runUnlocked<T>(run: OneRun<T>, outcome: LockOutcome): Promise<T> {
    withoutLockUntil = monotonic() + pauseWithoutLock
    if (outcome === 'refused') failed('lock')
    if (outcome === 'late') tell({ type: 'storage-failed', operation: 'lock' })
    return run.start()
  }

  async function lock<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (!storage.lock || monotonic() < Math.max(downUntil, withoutLockUntil)) return task()
    const run = runOnce(task)
    const outcome = await acquire(key, run)
    return outcome === 'granted' ? run.start() : runUnlocked(run, outcome)
  }

  /** The value that waits to be written, which counts until then. */
  function valueInMemory(key: string): string | undefined {
    const one = unwritten.get(key)
    return one === undefined || isExpired(one) ? undefined : one.value
  }

  /** The values of the storage, with one call if the storage can do so. */
  async function readMany(keys: readonly string[]): Promise<StoredValues> {
    const values = storage.getMany
      ? await storage.getMany(keys)
      : await Promise.all(keys.map((key) => storage.get(key)))
    if (!Array.isArray(values) || values.length !== keys.length) throw new Error('getMany: one value for each key')
    return values
  }

  const records: RecordStore = {
    async get(key) {
      if (unwritten.has(key)) return valueInMemory(key)
      const got = await attempt('get', () => storage.get(key))
      if (!got) return false
      return asText(got.value)
    },
    async getMany(keys) {
      if (keys.length === 0) return []
      const got = await attempt('get', () => readMany(keys))
      if (!got) return keys.every((key) => unwritten.has(key)) && keys.map(valueInMemory)
      return keys.map((key, index) => (unwritten.has(key) ? valueInMemory(key) : asText(got.value[index])))
    },
    async set(key, value, ttlMs, spared = true) {
      const done = await attempt('set', () => storage.set(key, value, ttlMs))
      if (done) unwritten.delete(key)
      else if (spared) unwritten.set(key, { value, expiresAt: ttlMs === undefined ? undefined : Date.now() + ttlMs })
      return done !== undefined
    },
    async delete(key) {
      if (await attempt('delete', () => storage.delete(key))) unwritten.delete(key)
      else unwritten.set(key, undefined)
    },
    async keys(prefix) {
      const found: string[] = []
      await attempt('keys', async () => {
        // A Map lists all of its keys, whatever it is asked for.
        for await (const key of (await storage.keys?.(prefix)) ?? []) if (key.startsWith(prefix)) found.push(key)
      })
      return found
    },
    lock,
  }
  return records
}
