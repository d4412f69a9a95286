import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { UmaEventDetail } from '../../../src/events.ts'
import { createResilientStorage } from '../../../src/persistence/resilient-storage.ts'
import type { UmaStorage } from '../../../src/storage/storage.ts'
import { type MoodyStorage, moodyStorage, never } from './kit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(storage: UmaStorage) {
  const events: UmaEventDetail[] = []
  return { records: createResilientStorage(storage, (event) => events.push(event)), events }
}

async function failing(): Promise<{ storage: MoodyStorage } & ReturnType<typeof start>> {
  const storage = moodyStorage()
  const started = start(storage)
  storage.mood = 'fails'
  await started.records.set('a', '1')
  return { storage, ...started }
}

describe('a storage that fails', () => {
  test('reads say so, a value that could not be written counts, and one event tells', async () => {
    const { records, events } = await failing()
    expect(await records.get('a')).toBe('1')
    expect(await records.get('b')).toBe(false)
    expect(await records.keys('')).toEqual([])
    await records.delete('c')
    expect(await records.get('c')).toBeUndefined()
    expect(events).toEqual([{ type: 'storage-failed', operation: 'set' }])
  })

  test('it is left alone for 5 s, and the values are then written', async () => {
    const { storage, records } = await failing()
    storage.held.set('c', 'old')
    await records.delete('c')
    storage.mood = 'well'
    await vi.advanceTimersByTimeAsync(4_900)
    expect([storage.sets.length, await records.get('x')]).toEqual([1, false])
    await vi.advanceTimersByTimeAsync(200)
    expect([...storage.held]).toEqual([['a', '1']])
    expect(await records.get('x')).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('R12: the clock set back does not prolong the pause', async () => {
    const { storage, records } = await failing()
    storage.mood = 'well'
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(5_100)
    expect(await records.get('x')).toBeUndefined()
    expect(storage.held.get('a')).toBe('1')
  })

  test('a value that is not to be spared is not kept', async () => {
    const { records } = await failing()
    expect(await records.set('b', '2', undefined, false)).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await records.get('b')).toBe(false)
  })

  test('a value that waits in memory keeps its time to live', async () => {
    const storage = moodyStorage()
    const lives: (number | undefined)[] = []
    const set = storage.set
    storage.set = (name, value, ttlMs) => {
      lives.push(ttlMs)
      return set(name, value, ttlMs)
    }
    const { records } = start(storage)
    storage.mood = 'fails'
    await records.set('long', '1', 60_000)
    await records.set('short', '1', 1_000)
    await vi.advanceTimersByTimeAsync(1_500)
    expect([await records.get('long'), await records.get('short')]).toEqual(['1', undefined])
    storage.mood = 'well'
    await vi.advanceTimersByTimeAsync(5_100)
    expect([...storage.held.keys()]).toEqual(['long'])
    expect(lives[0]).toBe(60_000)
    expect(lives.at(-1)).toBeGreaterThan(50_000)
    expect(lives.at(-1)).toBeLessThan(56_000)
  })

  test('still failing after the pause: another pause, another event', async () => {
    const { events } = await failing()
    await vi.advanceTimersByTimeAsync(12_000)
    expect(events.length).toBe(3)
  })

  test('an operation that hangs fails after 2 s', async () => {
    const storage = moodyStorage()
    const { records, events } = start(storage)
    storage.mood = 'hangs'
    const reading = records.get('a')
    await vi.advanceTimersByTimeAsync(1_999)
    expect(events).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect([await reading, events]).toEqual([false, [{ type: 'storage-failed', operation: 'get' }]])
  })

  test('a function that throws at once, and a value that is no string', async () => {
    const storage: UmaStorage = {
      get: () => ({ not: 'text' }) as never,
      set: () => {
        throw new Error('full')
      },
      delete: () => true,
    }
    const { records } = start(storage)
    expect(await records.get('a')).toBeUndefined()
    expect(await records.set('a', '1')).toBe(false)
  })
})

test('keys: those that begin with the prefix, also of a Map', async () => {
  const { records } = start(
    new Map([
      ['a1', ''],
      ['b', ''],
      ['a2', ''],
    ]),
  )
  expect(await records.keys('a')).toEqual(['a1', 'a2'])
  expect(await start(moodyStorage()).records.keys('a')).toEqual([])
})

describe('lock', () => {
  const withLock = (lock: (key: string, task: () => Promise<unknown>) => unknown): UmaStorage =>
    Object.assign(moodyStorage(), { lock: lock as NonNullable<UmaStorage['lock']> })

  test('the task runs within the lock, once, and its outcome is passed on', async () => {
    const log: string[] = []
    const { records, events } = start(
      withLock(async (_key, task) => {
        log.push('taken')
        await task()
        log.push('given back')
      }),
    )
    expect(await records.lock('k', async () => log.push('run'))).toBe(2)
    expect(log).toEqual(['taken', 'run', 'given back'])
    const failure = new Error('of the task')
    await expect(records.lock('k', () => Promise.reject(failure))).rejects.toBe(failure)
    expect(events).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a lock that is not granted is waited for 15 s, and then not asked for 60 s', async () => {
    let asked = 0
    let grant = (): unknown => undefined
    const { records, events } = start(
      withLock((_key, task) => {
        asked++
        grant = task
        return never()
      }),
    )
    let runs = 0
    const run = async (): Promise<number> => ++runs
    const first = records.lock('k', run)
    await vi.advanceTimersByTimeAsync(14_900)
    expect(runs).toBe(0)
    await vi.advanceTimersByTimeAsync(200)
    expect([await first, events]).toEqual([1, [{ type: 'storage-failed', operation: 'lock' }]])
    // The storage grants the lock after all: the task does not run again.
    grant()
    expect(runs).toBe(1)
    expect(await records.lock('k', run)).toBe(2)
    expect(asked).toBe(1)
    await vi.advanceTimersByTimeAsync(60_000)
    const third = records.lock('k', run)
    grant()
    expect(asked).toBe(2)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await third).toBe(3)
    expect(events).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a storage that answers nothing while its lock is waited for: the task runs after the probe', async () => {
    const storage = withLock(never) as MoodyStorage
    const { records, events } = start(storage)
    storage.mood = 'hangs'
    let done = false
    const locked = records.lock('k', async () => {
      done = true
    })
    await vi.advanceTimersByTimeAsync(2_900)
    expect(done).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    await locked
    expect(done).toBe(true)
    expect(events).toEqual([{ type: 'storage-failed', operation: 'lock' }])
  })

  test('a task that takes longer than 15 s is waited for', async () => {
    const { records, events } = start(withLock((_key, task) => task()))
    const locked = records.lock('k', () => new Promise((resolve) => setTimeout(resolve, 20_000, 'slow')))
    await vi.advanceTimersByTimeAsync(20_000)
    expect([await locked, events]).toEqual(['slow', []])
  })

  test.each<[string, (key: string, task: () => Promise<unknown>) => unknown]>([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['runs nothing', async () => undefined],
    [
      'fails after the task',
      async (_key, task) => {
        await task()
        throw new Error('no')
      },
    ],
  ])('a lock that %s: the task runs once, and an event tells', async (_name, lock) => {
    const { records, events } = start(withLock(lock))
    let runs = 0
    expect(await records.lock('k', async () => ++runs)).toBe(1)
    expect(runs).toBe(1)
    expect(events).toEqual([{ type: 'storage-failed', operation: 'lock' }])
  })
})
