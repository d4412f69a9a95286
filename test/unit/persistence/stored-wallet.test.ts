import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  epochKey,
  indexKey,
  pctKey,
  placesKey,
  rptKey,
  snapshotKey,
  stampKey,
} from '../../../src/parties/record-keys.ts'
import type { RecordChannel, RecordListener } from '../../../src/persistence/record-channel.ts'
import { authorityOf, host, key, type MoodyStorage, moodyStorage, obtain, processOn, tokenAt } from './kit.ts'

const stampOfBob = stampKey('bob', host, key)
const placesOfBob = placesKey('bob', host, key)
const snapshotOfBob = snapshotKey('bob', host, key)
const indexOfBob = indexKey('bob')
const pctOfBob = pctKey('bob', key)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A storage that has an RPT of Bob's. */
async function filled(token = 'a'): Promise<MoodyStorage> {
  const storage = moodyStorage()
  const process = processOn(storage)
  process.party.pcts.set(key, 'pct')
  await obtain(process, token)
  await vi.advanceTimersByTimeAsync(100)
  storage.gets.length = 0
  storage.sets.length = 0
  return storage
}

interface StampText {
  v: number
  epoch: number
  never: boolean
  places: string
  rpts: string[]
}

const stampIn = (storage: MoodyStorage): StampText => JSON.parse(storage.held.get(stampOfBob) ?? 'null')

/** The records of RPTs in the storage. */
const rptsIn = (storage: MoodyStorage): { id: string; revision: number; grant: { token: string } }[] =>
  [...storage.held].filter(([name]) => name.startsWith('uma:rpt:')).map(([, text]) => JSON.parse(text))

const tokensIn = (storage: MoodyStorage): string[] => rptsIn(storage).map(({ grant }) => grant.token)

describe('ready', () => {
  test('reads the records of a host once, however many requests come at once', async () => {
    const storage = await filled()
    const process = processOn(storage)
    const reading = process.stored.ready(host)
    expect(process.stored.ready(host)).toBe(reading)
    await reading
    expect(process.stored.ready(host)).toBeUndefined()
    expect(tokenAt(process, '/a')).toBe('a')
    expect(process.party.pcts.get(key)).toBe('pct')
    expect(storage.gets.sort()).toEqual(
      [indexOfBob, epochKey('bob'), stampOfBob, pctOfBob, snapshotOfBob, placesOfBob].sort(),
    )
    expect(process.asked).toEqual([`${host}/`])
  })

  test('a storage that failed is read again later', async () => {
    const storage = await filled()
    const process = processOn(storage)
    storage.mood = 'fails'
    await process.stored.ready(host)
    storage.mood = 'well'
    await vi.advanceTimersByTimeAsync(5_100)
    await process.stored.ready(host)
    expect(tokenAt(process, '/a')).toBe('a')
  })

  const servers: [string, () => Promise<ReturnType<typeof authorityOf> | undefined>][] = [
    ['not trusted any more', async () => undefined],
    ['with another client now', async () => authorityOf(undefined, 'https://as.example.com other')],
    ['that cannot be found', () => Promise.reject(new Error('no'))],
    ['that may not speak for the host', async () => authorityOf(async () => false)],
    ['whose predicate says 1', async () => authorityOf((async () => 1) as never)],
    ['whose predicate says "yes"', async () => authorityOf((() => 'yes') as never)],
    ['whose predicate rejects', async () => authorityOf(() => Promise.reject(new Error('no')))],
  ]
  test.each(servers)('S1: the records of a server %s stay unread', async (_name, find) => {
    const storage = await filled()
    const process = processOn(storage, { find })
    await process.stored.ready(host)
    expect(process.party.wallet.all()).toEqual([])
    expect(storage.gets).not.toContain(stampOfBob)
    expect(storage.held.has(stampOfBob)).toBe(true)
  })
})

describe('a record that cannot be used', () => {
  const texts: Record<string, string> = {
    empty: '',
    'no JSON': '{"v":3,',
    'version 1': JSON.stringify({ v: 1, epoch: '0', never: false, rpts: [] }),
    'version 2': JSON.stringify({ v: 2, epoch: 0, never: false, rpts: [] }),
    'version 4': JSON.stringify({ v: 4 }),
  }
  test.each(Object.keys(texts))('R8: a stamp, %s: dropped with an event, once', async (name) => {
    const storage = await filled()
    storage.held.set(stampOfBob, texts[name] as string)
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.events).toEqual([{ type: 'record-dropped', host }])
    expect(storage.held.has(stampOfBob)).toBe(false)
    await process.stored.sync(authorityOf(), host)
    expect(process.events).toHaveLength(1)
    await obtain(process, 'b')
    expect(stampIn(storage)).toMatchObject({ v: 3, epoch: 0 })
  })

  /** A storage with the RPTs `a` and `b`, without the snapshot that has copies. */
  async function two(): Promise<{ storage: MoodyStorage; keyOf: (token: string) => string }> {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    await obtain(process, 'b')
    storage.held.delete(snapshotOfBob)
    const id = (token: string) => rptsIn(storage).find(({ grant }) => grant.token === token)?.id as string
    return { storage, keyOf: (token) => rptKey('bob', host, key, id(token)) }
  }

  test.each(['', '{', '{"v":3}', '{"v":2}'])('R8: an RPT, %j: dropped singly, with an event, once', async (text) => {
    const { storage, keyOf } = await two()
    const keyOfA = keyOf('a')
    storage.held.set(keyOfA, text)
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.events).toEqual([{ type: 'record-dropped', host }])
    expect([process.party.wallet.all().length, tokenAt(process, '/b'), storage.held.has(keyOfA)]).toEqual([
      1,
      'b',
      false,
    ])
    await obtain(process, 'c')
    expect([process.events.length, stampIn(storage).rpts.length]).toEqual([1, 2])
  })

  test('an RPT whose record is missing was dropped elsewhere', async () => {
    const { storage, keyOf } = await two()
    storage.held.delete(keyOf('a'))
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['b'])
    expect(process.events).toEqual([])
  })

  test('the record of another RPT is not taken', async () => {
    const { storage, keyOf } = await two()
    storage.held.set(keyOf('a'), storage.held.get(keyOf('b')) as string)
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['b'])
  })

  test('R8: anything thrown while a record is read drops the record', async () => {
    const { storage } = await two()
    const process = processOn(storage, {
      present: () => {
        throw new Error('binding')
      },
    })
    await process.stored.ready(host)
    expect(process.events).toEqual([{ type: 'record-dropped', host }])
    expect([process.party.wallet.all(), tokensIn(storage)]).toEqual([[], []])
  })

  test.each(['', '{', '{"v":3,"rpts":7}', '{"v":3,"rpts":[null,1,["x"],[["x",{}]]]}'])(
    'R8: a snapshot, %j: the records are read instead',
    async (text) => {
      const { storage } = await two()
      storage.held.set(snapshotOfBob, text)
      const process = processOn(storage)
      await process.stored.ready(host)
      expect([tokenAt(process, '/a'), tokenAt(process, '/b'), process.events]).toEqual(['a', 'b', []])
    },
  )

  test('a copy with another mark than in the stamp does not count', async () => {
    const storage = await filled()
    storage.held.set(snapshotOfBob, (storage.held.get(snapshotOfBob) as string).replace('"a"', '"old"'))
    const copied = processOn(storage)
    await copied.stored.ready(host)
    expect(copied.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['old'])
    const mark = stampIn(storage).rpts[0]?.split(' ')[1] as string
    storage.held.set(snapshotOfBob, (storage.held.get(snapshotOfBob) as string).replace(mark, 'other'))
    const read = processOn(storage)
    await read.stored.ready(host)
    expect(read.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['a'])
  })

  test.each([undefined, '', '{', '{"v":3,"rpts":{}}'])(
    'the hints of places are lost (%j): the RPTs are held',
    async (text) => {
      const { storage } = await two()
      for (const name of [...storage.held.keys()].filter((one) => one.startsWith('uma:rpt:'))) {
        storage.held.set(name, JSON.stringify({ ...JSON.parse(storage.held.get(name) as string), recent: [] }))
      }
      if (text === undefined) storage.held.delete(placesOfBob)
      else storage.held.set(placesOfBob, text)
      const process = processOn(storage)
      await process.stored.ready(host)
      expect(process.party.wallet.all()).toHaveLength(2)
      expect([tokenAt(process, '/a'), process.events]).toEqual([undefined, []])
    },
  )

  test.each(['', '{', '[]', '{"pairs":1}', '{"pairs":[null,[],["x"],[1,2],["a","b","c"]]}'])(
    'an index that is none: %s',
    async (text) => {
      const storage = await filled()
      storage.held.set(indexOfBob, text)
      const process = processOn(storage)
      await process.stored.ready(host)
      await obtain(process, 'b')
      expect(JSON.parse(storage.held.get(indexOfBob) as string).pairs).toContainEqual([host, key])
    },
  )
})

describe('save', () => {
  test('a stamp, an RPT, its places, a snapshot, the PCT and the index', async () => {
    const storage = await filled()
    const [rpt] = rptsIn(storage)
    expect(stampIn(storage)).toEqual({
      v: 3,
      epoch: 0,
      never: false,
      places: expect.stringMatching(/^\w+$/),
      rpts: [expect.stringMatching(new RegExp(`^${rpt?.id} \\w+$`))],
    })
    expect(rpt).toEqual({
      v: 3,
      id: rpt?.id,
      revision: 0,
      grant: { token: 'a', type: 'bearer' },
      recent: [['GET', '/a']],
    })
    expect(JSON.parse(storage.held.get(placesOfBob) as string)).toEqual({
      v: 3,
      rpts: [[rpt?.id, 0, [['GET', '/a']], []]],
    })
    expect(JSON.parse(storage.held.get(indexOfBob) as string)).toEqual({ pairs: [[host, key]] })
    expect(storage.held.get(pctOfBob)).toBe('pct')
    expect([...storage.held.keys()].filter((name) => name === snapshotOfBob)).toHaveLength(1)
  })

  test('a flow reads one stamp and writes one record and the stamp', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    storage.gets.length = 0
    storage.sets.length = 0
    await process.stored.sync(authorityOf(), host)
    expect(storage.gets).toEqual([epochKey('bob'), stampOfBob, pctOfBob])
    await obtain(process, 'b')
    expect(storage.sets.map((name) => name.split(':', 2).join(':'))).toEqual(['uma:rpt', 'uma:rpts'])
  })

  test('the write is not waited for, unless a refresh token has changed', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    const { set } = storage
    const open: (() => void)[] = []
    const release = () => {
      for (const go of open.splice(0)) go()
    }
    storage.set = async (name, value) => {
      await new Promise<void>((resolve) => open.push(resolve))
      return set(name, value)
    }
    const grant = { token: 'b', type: 'bearer' }
    const rpt = process.party.wallet.store({ grant, headers: {}, authority: key, host })
    await process.stored.save(key, host)
    expect([tokensIn(storage), process.stored.written(`${key} ${host}`)]).toEqual([['a'], expect.any(Promise)])
    const written = process.stored.written(`${key} ${host}`)
    for (let n = 0; n < 5; n++) {
      await vi.advanceTimersByTimeAsync(1)
      release()
    }
    await written
    expect([tokensIn(storage), process.stored.written(`${key} ${host}`)]).toEqual([['a', 'b'], undefined])

    process.party.wallet.renew(rpt, { ...grant, refreshToken: 'r' }, {})
    let isSaved = false
    const saving = process.stored.save(key, host).then(() => {
      isSaved = true
    })
    await vi.advanceTimersByTimeAsync(1)
    expect([isSaved, open.length]).toEqual([false, 1])
    for (let n = 0; n < 5; n++) {
      release()
      await vi.advanceTimersByTimeAsync(1)
    }
    await saving
    expect(JSON.stringify(rptsIn(storage))).toContain('"refreshToken":"r"')
  })

  test('getMany is used if the storage has it', async () => {
    const storage = await filled()
    const asked: string[][] = []
    storage.getMany = (keys) => {
      asked.push([...keys])
      return keys.map((name) => storage.held.get(name))
    }
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(asked).toEqual([
      [indexOfBob, epochKey('bob')],
      [stampOfBob, pctOfBob, snapshotOfBob, placesOfBob],
    ])
    expect([storage.gets, tokenAt(process, '/a')]).toEqual([[], 'a'])
  })

  test('a dropped RPT leaves the stamp and the storage', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    process.party.wallet.drop(process.party.wallet.all()[0] as never)
    process.stored.note(key, host)
    await vi.advanceTimersByTimeAsync(100)
    expect([tokensIn(storage), stampIn(storage).rpts]).toEqual([[], []])
    expect([...storage.held.values()].filter((text) => text.includes('"token"'))).toEqual([])
  })

  test('a record whose stamp could not be written is not lost when others write', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    const { set } = storage
    storage.set = (name, value) => (name === stampOfBob ? Promise.reject(new Error('no')) : set(name, value))
    await obtain(process, 'b')
    storage.set = set
    const other = processOn(storage)
    await other.stored.ready(host)
    await obtain(other, 'c')
    await vi.advanceTimersByTimeAsync(11_000)
    expect(stampIn(storage).rpts).toHaveLength(3)
    expect(process.party.wallet.all()).toHaveLength(3)
  })

  test('two processes lose nothing of one another', async () => {
    const storage = await filled()
    const one = processOn(storage)
    const two = processOn(storage)
    await Promise.all([one.stored.ready(host), two.stored.ready(host)])
    await obtain(one, 'b')
    await obtain(two, 'c')
    await one.stored.sync(authorityOf(), host)
    for (const process of [one, two]) {
      expect(['/a', '/b', '/c'].map((path) => tokenAt(process, path))).toEqual(['a', 'b', 'c'])
    }
  })

  test('a refresh in one process reaches the other, with its revision', async () => {
    const storage = await filled()
    const one = processOn(storage)
    const two = processOn(storage)
    await Promise.all([one.stored.ready(host), two.stored.ready(host)])
    const [rpt] = one.party.wallet.all()
    one.party.wallet.renew(rpt as never, { token: 'fresh', type: 'bearer' }, {})
    await one.stored.save(key, host)
    await one.stored.written(`${key} ${host}`)
    await two.stored.sync(authorityOf(), host)
    expect(tokenAt(two, '/a')).toBe('fresh')
    expect(two.party.wallet.all()[0]?.revision).toBe(1)
    expect(rptsIn(storage)[0]?.revision).toBe(1)
  })

  test('nothing new, nothing written; saves during a save become one', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    await process.stored.save(key, host)
    expect(storage.sets).toEqual([])
    const [rpt] = process.party.wallet.all()
    const saves = [1, 2, 3, 4].map((n) => {
      process.party.wallet.renew(rpt as never, { token: `a${n}`, type: 'bearer' }, {})
      return process.stored.save(key, host)
    })
    await Promise.all(saves)
    await process.stored.written(`${key} ${host}`)
    expect(storage.sets.length).toBeLessThanOrEqual(4)
    expect(tokensIn(storage)).toEqual(['a4'])
  })

  test('a server that ignores `rpt` is remembered', async () => {
    const storage = await filled()
    const one = processOn(storage)
    one.party.neverUpgrades.add(`${key} ${host}`)
    await one.stored.save(key, host)
    await one.stored.written(`${key} ${host}`)
    const two = processOn(storage)
    await two.stored.ready(host)
    expect([...two.party.neverUpgrades]).toEqual([`${key} ${host}`])
  })

  test('a write that failed is tried again', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    storage.mood = 'fails'
    await obtain(process, 'b')
    expect(tokenAt(process, '/b')).toBe('b')
    storage.mood = 'well'
    expect(tokensIn(storage)).not.toContain('b')
    await vi.advanceTimersByTimeAsync(11_000)
    expect(tokensIn(storage)).toContain('b')
    expect(stampIn(storage).rpts).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an older read that ends after a write does not drop what was written', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    const { get } = storage
    const old = storage.held.get(stampOfBob)
    let answer = (): void => {}
    storage.get = (name) =>
      name === stampOfBob
        ? new Promise((resolve) => {
            answer = () => resolve(old)
          })
        : get(name)
    const late = process.stored.sync(authorityOf(), host)
    storage.get = get
    await obtain(process, 'b')
    answer()
    await late
    expect(process.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['a', 'b'])
  })

  test('note writes 100 ms later, many changes at once', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    const [rpt] = process.party.wallet.all()
    for (let n = 0; n < 50; n++) {
      process.party.wallet.opened(rpt as never, { method: 'GET', url: `${host}/${n}` })
      process.stored.note(key, host)
    }
    await vi.advanceTimersByTimeAsync(99)
    expect(storage.sets).toEqual([])
    await vi.advanceTimersByTimeAsync(10)
    expect(storage.sets).toEqual([placesOfBob, stampOfBob])
  })

  test('nothing is kept of a host where nothing is held', async () => {
    const storage = moodyStorage()
    await processOn(storage).stored.save(key, host)
    await vi.advanceTimersByTimeAsync(1_000)
    expect([...storage.held]).toEqual([])
  })

  test('a stamp of an older epoch is void, and its RPTs do not stay in the storage', async () => {
    const storage = await filled()
    storage.held.set(epochKey('bob'), '1')
    const process = processOn(storage)
    await process.stored.ready(host)
    expect([process.party.wallet.all(), process.party.epoch, process.events]).toEqual([[], 1, []])
    expect([...storage.held.values()].filter((text) => text.includes('"token"'))).toEqual([])
    await obtain(process, 'b')
    expect([stampIn(storage).epoch, tokensIn(storage)]).toEqual([1, ['b']])
  })
})

test('erase deletes all records, also those that are not in the index; a noted write brings none back', async () => {
  const storage = await filled()
  const process = processOn(storage)
  await process.stored.readAll()
  storage.held.delete(indexOfBob)
  process.stored.note(key, host)
  process.party.forget()
  await process.stored.erase()
  await vi.advanceTimersByTimeAsync(1_000)
  expect([...storage.held]).toEqual([])
})

describe('tabs', () => {
  /** Channels that hear one another at once. */
  function tabs() {
    const heard: [number, RecordListener][] = []
    return (tab: number): RecordChannel => ({
      post: (name) => {
        for (const [other, listener] of heard) if (other !== tab) listener.hear(name)
      },
      listen: (listener) => void heard.push([tab, listener]),
      close: () => {},
    })
  }

  test('an RPT and a sign-out in one tab reach the other', async () => {
    const storage = await filled()
    const channel = tabs()
    const one = processOn(storage, { channel: channel(1) })
    const two = processOn(storage, { channel: channel(2) })
    await Promise.all([one.stored.ready(host), two.stored.ready(host)])
    await obtain(one, 'b')
    await vi.advanceTimersByTimeAsync(0)
    expect(tokenAt(two, '/b')).toBe('b')
    one.party.forget()
    await one.records.set(epochKey('bob'), '1')
    await one.stored.erase()
    await vi.advanceTimersByTimeAsync(0)
    expect([two.party.wallet.all(), two.party.epoch]).toEqual([[], 1])
  })

  test('a new host in one tab is read in the other', async () => {
    const storage = moodyStorage()
    const channel = tabs()
    const one = processOn(storage, { channel: channel(1) })
    const two = processOn(storage, { channel: channel(2) })
    await two.stored.ready(host)
    await obtain(one, 'a')
    await two.stored.ready(host)
    expect(tokenAt(two, '/a')).toBe('a')
  })
})
