/** What every storage must do. Runs in Node and, bundled, in a page: nothing of vitest here. */
import type { UmaStorage } from '../../src/storage/storage.ts'

/** What a storage may leave out. `past`: a time to live of 0 or less, which Keyv takes for none. */
export type Extra = 'ttl' | 'past' | 'keys' | 'lock' | 'getMany' | 'add'

export interface Check {
  name: string
  needs?: Extra[]
  /** `open` gives another handle on the same, empty storage. */
  run(open: () => UmaStorage): Promise<void>
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function same(actual: unknown, expected: unknown): void {
  const [a, e] = [actual, expected].map((value) => JSON.stringify(value))
  if (a !== e) throw new Error(`expected ${e?.slice(0, 200)}, got ${a?.slice(0, 200)}`)
}

/** Nothing there may be said in two ways. */
const read = async (storage: UmaStorage, key: string) => (await storage.get(key)) ?? undefined

async function keysOf(storage: UmaStorage, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const key of (await storage.keys?.(prefix)) ?? []) found.push(key)
  return found.sort()
}

const odd = [
  'ключ',
  '鍵:🔑',
  'é≠e\u0301',
  'a b\n"c"',
  '*?[a-z]\\',
  '%_',
  'uma:https://photos.example.com/a?b=c#d',
  '__proto__',
]

function withLock(storage: UmaStorage): Required<Pick<UmaStorage, 'lock'>> {
  const { lock } = storage
  if (!lock) throw new Error('no lock')
  return { lock: (key, task) => lock.call(storage, key, task) as never }
}

/** Runs tasks that overlap if nothing keeps them apart; how many were in at once, at most. */
async function overlap(tasks: number, enter: (task: () => Promise<void>, index: number) => Promise<void>) {
  let inside = 0
  let most = 0
  let ran = 0
  const task = async () => {
    most = Math.max(most, ++inside)
    await pause(Math.random() * 3)
    inside--
    ran++
  }
  await Promise.all(Array.from({ length: tasks }, (_, index) => enter(task, index)))
  return { most, ran }
}

export const contract: Check[] = [
  {
    name: 'nothing there is undefined or null',
    run: async (open) => same(await read(open(), 'nothing'), undefined),
  },
  {
    name: 'get what was set; set overwrites; delete deletes, twice if need be',
    async run(open) {
      const storage = open()
      await storage.set('a', '1')
      await storage.set('b', '')
      same([await read(storage, 'a'), await read(storage, 'b')], ['1', ''])
      await storage.set('a', '2')
      same(await read(storage, 'a'), '2')
      await storage.delete('a')
      await storage.delete('a')
      same([await read(storage, 'a'), await read(storage, 'b')], [undefined, ''])
    },
  },
  {
    name: 'another handle sees it',
    async run(open) {
      await open().set('a', '1')
      same(await read(open(), 'a'), '1')
    },
  },
  {
    name: 'keys and values of any characters, long ones too',
    async run(open) {
      const storage = open()
      const keys = [...odd, 'k'.repeat(2000)]
      for (const key of keys) await storage.set(key, `${key};1;${key}`)
      for (const key of keys) same(await read(storage, key), `${key};1;${key}`)
    },
  },
  {
    name: 'values of 64 KiB',
    async run(open) {
      const storage = open()
      const value = '0123456789abcdeй'.repeat(4096)
      await storage.set('big', value)
      same((await read(storage, 'big')) === value, true)
    },
  },
  {
    name: '200 writes at once, and of two writes to one key the later one stays',
    async run(open) {
      const storage = open()
      const writes = Array.from({ length: 200 }, (_, index) => storage.set(`many:${index % 100}`, String(index)))
      await Promise.all(writes)
      const values = await Promise.all(Array.from({ length: 100 }, (_, index) => read(storage, `many:${index}`)))
      same(
        values,
        Array.from({ length: 100 }, (_, index) => String(index + 100)),
      )
    },
  },
  {
    name: 'keys by prefix, taken literally',
    needs: ['keys'],
    async run(open) {
      const storage = open()
      for (const key of ['uma:a:1', 'uma:a:2', 'uma:ab', 'uma:b', 'other', ...odd]) await storage.set(key, 'x')
      await storage.delete('uma:a:2')
      same(await keysOf(storage, 'uma:a:'), ['uma:a:1'])
      same(await keysOf(storage, 'uma:a'), ['uma:a:1', 'uma:ab'])
      same(await keysOf(storage, 'none'), [])
      same(await keysOf(storage, '*'), ['*?[a-z]\\'])
      same(await keysOf(storage, '%'), ['%_'])
      same(await keysOf(storage, '鍵'), ['鍵:🔑'])
      same((await keysOf(storage, '')).length, 4 + odd.length)
    },
  },
  {
    name: 'keys of 1,500 records',
    needs: ['keys'],
    async run(open) {
      const storage = open()
      await Promise.all(Array.from({ length: 1500 }, (_, index) => storage.set(`n:${index}`, 'x')))
      same((await keysOf(storage, 'n:')).length, 1500)
    },
  },
  {
    name: 'several values at once, in the order of their keys, few and many',
    needs: ['getMany'],
    async run(open) {
      const storage = open()
      const getMany = async (keys: string[]) =>
        ((await storage.getMany?.(keys)) ?? []).map((value) => value ?? undefined)
      const keys = Array.from({ length: 40 }, (_, index) => `many:${index}`)
      for (const key of [...keys, ...odd]) await storage.set(key, `value of ${key}`)
      await storage.delete('many:7')
      const asked = ['many:3', 'none', ...odd, 'many:7', 'many:1', 'many:3']
      const expected = (key: string) => (key === 'none' || key === 'many:7' ? null : `value of ${key}`)
      same(await getMany(asked), asked.map(expected))
      same(await getMany([...keys].reverse()), [...keys].reverse().map(expected))
      same(await getMany([]), [])
    },
  },
  {
    name: 'several values at once: an expired one is none',
    needs: ['getMany', 'past'],
    async run(open) {
      const storage = open()
      await storage.set('a', 'x', 50)
      await storage.set('b', 'y', 60_000)
      await pause(80)
      same(await storage.getMany?.(['a', 'b']), [null, 'y'])
    },
  },
  {
    name: 'of 50 callers that add one key, on two handles, exactly one does',
    needs: ['add'],
    async run(open) {
      const handles = [open(), open()]
      const added = await Promise.all(
        Array.from({ length: 50 }, (_, index) => handles[index % 2]?.add?.('once', `${index}`, 60_000)),
      )
      const winners = added.flatMap((won, index) => (won ? [`${index}`] : []))
      same(winners.length, 1)
      same(await read(open(), 'once'), winners[0])
    },
  },
  {
    name: 'a key can be added again after it has expired, or was deleted',
    needs: ['add'],
    async run(open) {
      const storage = open()
      same(await storage.add?.('again', '1', 50), true)
      same(await storage.add?.('again', '2', 50), false)
      await pause(80)
      same(await read(storage, 'again'), undefined)
      same(await storage.add?.('again', '3', 60_000), true)
      await storage.delete('again')
      same(await storage.add?.('again', '4', 60_000), true)
      same(await read(storage, 'again'), '4')
      await storage.set('set', '1')
      same(await storage.add?.('set', '2', 60_000), false)
    },
  },
  {
    name: 'a value past its time is gone, and from keys; one set again lives by its new time',
    needs: ['ttl'],
    async run(open) {
      const storage = open()
      await storage.set('t:short', 'x', 150)
      await storage.set('t:long', 'x', 60_000.5)
      await storage.set('t:again', 'x', 150)
      await storage.set('t:again', 'y')
      await pause(200)
      same(await read(storage, 't:short'), undefined)
      same([await read(storage, 't:long'), await read(storage, 't:again')], ['x', 'y'])
      if (storage.keys) same(await keysOf(storage, 't:'), ['t:again', 't:long'])
      await storage.set('t:short', 'z', 60_000)
      same(await read(storage, 't:short'), 'z')
    },
  },
  {
    name: 'a value that comes too late takes the one before with it',
    needs: ['past'],
    async run(open) {
      const storage = open()
      await storage.set('late', 'x')
      await storage.set('late', 'y', 0)
      same(await read(storage, 'late'), undefined)
      await storage.set('late', 'z', -5)
      same(await read(storage, 'late'), undefined)
    },
  },
  {
    name: 'a lock keeps 100 tasks apart, on two handles',
    needs: ['lock'],
    async run(open) {
      const handles = [withLock(open()), withLock(open())]
      const found = await overlap(100, (task, index) => (handles[index % 2] ?? withLock(open())).lock('one', task))
      same(found, { most: 1, ran: 100 })
    },
  },
  {
    name: 'locks of different keys run side by side',
    needs: ['lock'],
    async run(open) {
      const storage = withLock(open())
      let inside = 0
      let all = (): void => {}
      const full = new Promise<void>((resolve) => {
        all = resolve
      })
      const task = async () => {
        if (++inside === 5) all()
        await full
      }
      await Promise.all(['a', 'b', 'c', 'd', '鍵 🔑'].map((key) => storage.lock(key, task)))
      same(inside, 5)
    },
  },
  {
    name: 'a lock gives what the task gives, and is let go when the task fails',
    needs: ['lock'],
    async run(open) {
      const storage = withLock(open())
      same(await storage.lock('l', async () => ({ n: 1 })), { n: 1 })
      const failing = () => Promise.reject(new Error('mine'))
      same(await storage.lock('l', failing).catch((error: Error) => error.message), 'mine')
      const throwing = () => {
        throw new Error('thrown')
      }
      same(await storage.lock('l', throwing).catch((error: Error) => error.message), 'thrown')
      same(await withLock(open()).lock('l', async () => 'free'), 'free')
    },
  },
  {
    name: 'a lock is no record, and the storage can be used under it',
    needs: ['lock'],
    async run(open) {
      const storage = open()
      await storage.set('l', '1')
      await withLock(storage).lock('l', async () => {
        same(await read(storage, 'l'), '1')
        await storage.set('l', '2')
        if (storage.keys) same(await keysOf(storage, ''), ['l'])
      })
      same(await read(storage, 'l'), '2')
      if (storage.keys) same(await keysOf(storage, ''), ['l'])
    },
  },
]
