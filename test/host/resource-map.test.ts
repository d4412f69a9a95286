import { describe, expect, test, vi } from 'vitest'
import { createResourceMap } from '../../src/host/resource-map.ts'
import type { HostEvent, ProtectedResource } from '../../src/host/types.ts'
import type { UmaStorage } from '../../src/storage/storage.ts'

const resource = (pattern: string, id = `id-of-${pattern}`): ProtectedResource => ({
  id,
  pattern,
  owner: 'alice',
  scopes: ['read'],
  description: { resource_scopes: ['read'] },
})

/** A storage that answers later, as most do, can fail or hang, and counts. */
function slow(inner = new Map<string, string>(), withKeys = true) {
  const state = { reads: 0, fail: false, hang: false }
  const later = async <T>(task: () => T): Promise<T> => {
    if (state.hang) return new Promise(() => {})
    await null
    if (state.fail) throw new Error('no storage')
    return task()
  }
  const storage: UmaStorage = {
    get: (key) => {
      state.reads++
      return later(() => inner.get(key))
    },
    set: (key, value) => later(() => inner.set(key, value)),
    delete: (key) => later(() => inner.delete(key)),
    ...(withKeys && { keys: async () => [...inner.keys()] }),
  }
  return { storage, state }
}

const mapOf = (storage: UmaStorage, events: HostEvent[] = []) =>
  createResourceMap(storage, 'host:', (event) => events.push(event))

describe('what is protected, by path', () => {
  test('in memory it is found at once', async () => {
    const map = mapOf(new Map())
    await map.put(resource('/a'))
    expect(map.find('/a')).toEqual(resource('/a'))
    expect(map.find('/b')).toBeUndefined()
    expect(map.at('/a')).toEqual(resource('/a'))
    await map.remove('/a')
    expect(map.find('/a')).toBeUndefined()
    expect(await map.all()).toEqual([])
  })

  test('another process: what was added is seen at once, what was changed within a second', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] })
    try {
      const { storage } = slow()
      const [one, other] = [mapOf(storage), mapOf(storage)]
      expect(await other.find('/a')).toBeUndefined()
      await one.put(resource('/a'))
      expect(await other.find('/a')).toEqual(resource('/a'))
      await one.put(resource('/a', 'new'))
      await one.put(resource('/b/*'))
      expect(await other.find('/a')).toMatchObject({ id: 'id-of-/a' })
      vi.advanceTimersByTime(1_000)
      expect(await other.find('/a')).toMatchObject({ id: 'new' })
      expect(await other.find('/b/1')).toMatchObject({ id: 'id-of-/b/*' })
      await one.remove('/a')
      vi.advanceTimersByTime(1_000)
      expect(await other.find('/a')).toBeUndefined()
      expect((await other.all()).map(({ pattern }) => pattern)).toEqual(['/b/*'])
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([true, false])(
    'a process that starts finds what there is; the storage tells keys: %s',
    async (withKeys) => {
      const { storage } = slow(new Map(), withKeys)
      const one = mapOf(storage)
      for (let i = 0; i < 100; i++) await one.put(resource(`/o/${i}`))
      await one.remove('/o/7')
      const other = mapOf(storage)
      expect(await other.find('/o/99')).toMatchObject({ id: 'id-of-/o/99' })
      expect(await other.find('/o/7')).toBeUndefined()
      expect(await other.all()).toHaveLength(99)
    },
  )

  test('one that was away for long reads everything again, one that was not reads what is new', async () => {
    const { storage, state } = slow()
    const [one, other] = [mapOf(storage), mapOf(storage)]
    await one.put(resource('/a'))
    await other.find('/a')
    for (let i = 0; i < 100; i++) await one.put(resource(`/o/${i}`))
    expect(await other.all()).toHaveLength(101)
    await one.put(resource('/o/100'))
    state.reads = 0
    expect(await other.find('/o/100')).toBeDefined()
    expect(state.reads).toBeLessThan(5)
  })

  test('three that write at once, with a lock: nothing is lost', async () => {
    let last: Promise<unknown> = Promise.resolve()
    const lock = <T>(_key: string, task: () => Promise<T>): Promise<T> => {
      const run = last.then(task)
      last = run.catch(() => {})
      return run
    }
    const storage: UmaStorage = { ...slow().storage, lock }
    const maps = [mapOf(storage), mapOf(storage), mapOf(storage)]
    await Promise.all(maps.flatMap((map, m) => Array.from({ length: 20 }, (_, i) => map.put(resource(`/${m}/${i}`)))))
    for (const map of [...maps, mapOf(storage)]) expect(await map.find('/1/19')).toBeDefined()
    expect(await mapOf(storage).all()).toHaveLength(60)
  })

  test('a hit costs no reading for a second', async () => {
    const { storage, state } = slow()
    const map = mapOf(storage)
    await map.put(resource('/a'))
    await map.find('/b')
    state.reads = 0
    for (let i = 0; i < 1_000; i++) expect(map.find('/a')).not.toBeInstanceOf(Promise)
    expect(state.reads).toBe(0)
  })
})

describe('a storage that fails', () => {
  test('what is known stays protected; a look-up of anything else fails', async () => {
    const events: HostEvent[] = []
    const { storage, state } = slow()
    const map = mapOf(storage, events)
    await map.put(resource('/a'))
    await map.find('/b')
    state.fail = true
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2_000)
    try {
      expect(await map.find('/a')).toMatchObject({ id: 'id-of-/a' })
      await expect(map.find('/b')).rejects.toThrow('no storage')
      await expect(map.put(resource('/c'))).rejects.toThrow('no storage')
      expect(events).toContainEqual({ type: 'storage-failed', operation: 'read' })
      expect(events).toContainEqual({ type: 'storage-failed', operation: 'write' })
      state.fail = false
      expect(await map.find('/b')).toBeUndefined()
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('one that fails at once is no exception', async () => {
    const broken: UmaStorage = {
      get() {
        throw new Error('no storage')
      },
      set() {},
      delete() {},
    }
    expect(() => mapOf(broken).find('/a')).toThrow('no storage')
  })

  test('one that hangs holds up one request, and the others after the window of two seconds', async () => {
    const { storage, state } = slow()
    const map = mapOf(storage)
    await map.put(resource('/a'))
    await map.find('/b')
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_500)
    try {
      state.hang = true
      expect(map.find('/a')).toBeInstanceOf(Promise)
      expect(map.find('/a')).toMatchObject({ id: 'id-of-/a' })
      clock.mockReturnValue(Date.now() + 500)
      expect(map.find('/a')).toBeInstanceOf(Promise)
    } finally {
      vi.restoreAllMocks()
    }
  })

  test.each(['{"id":', 'null', '[]', '{}', '{"id":"x","pattern":"/a"}', JSON.stringify(resource('/b'))])(
    'what is no resource, %s, is not taken for nothing: only its path is closed, until it is protected again',
    async (text) => {
      const events: HostEvent[] = []
      const storage = new Map<string, string>()
      for (const pattern of ['/a', '/b', '/*']) await mapOf(storage).put(resource(pattern))
      storage.set('host:resource:/a', text)
      const map = mapOf(storage, events)
      expect(await map.find('/b')).toEqual(resource('/b'))
      await expect(async () => map.find('/a')).rejects.toThrow('/a cannot be read')
      await expect(async () => map.at('/a')).rejects.toThrow('/a cannot be read')
      expect(events).toContainEqual({ type: 'storage-failed', operation: 'read' })
      expect((await map.all()).map(({ pattern }) => pattern).sort()).toEqual(['/*', '/b'])
      expect(await map.read('/a')).toBeUndefined()
      await map.put(resource('/a', 'new'))
      for (const one of [map, mapOf(storage)]) expect(await one.find('/a')).toMatchObject({ id: 'new' })
      storage.set('host:resource:/a', text)
      const other = mapOf(storage)
      await other.remove('/a')
      expect(await other.find('/a')).toEqual(resource('/*'))
    },
  )

  test.each(['{{{', '{}', '7', '[{"id":1}]', '[null]', '"x"'])(
    'a list of changes that is none, %s: everything is read again, once, and the next change mends it',
    async (text) => {
      const { storage, state } = slow()
      const [one, other] = [mapOf(storage), mapOf(storage)]
      await one.put(resource('/a'))
      await other.find('/a')
      await storage.set('host:changes', text)
      await storage.set('host:resource:/b', JSON.stringify(resource('/b')))
      for (const map of [other, mapOf(storage)]) {
        expect(await map.find('/b')).toEqual(resource('/b'))
        expect(await map.find('/a')).toEqual(resource('/a'))
        state.reads = 0
        expect(await map.find('/c')).toBeUndefined()
        expect(state.reads).toBe(1)
      }
      await one.put(resource('/d'))
      expect(await other.find('/d')).toEqual(resource('/d'))
      expect(JSON.parse((await storage.get('host:changes')) ?? '')).toMatchObject([{ pattern: '/d' }])
    },
  )
})
