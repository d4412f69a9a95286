import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { epochKey, indexKey, pctKey, rptsKey } from '../../../src/parties/record-keys.ts'
import type { RecordChannel } from '../../../src/persistence/record-channel.ts'
import { authorityOf, host, key, type MoodyStorage, moodyStorage, obtain, processOn, tokenAt } from './kit.ts'

const recordOfBob = rptsKey('bob', host, key)
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
  storage.gets.length = 0
  storage.sets.length = 0
  return storage
}

const recordIn = (storage: MoodyStorage): { v: number; epoch: number; rpts: { revision: number }[] } =>
  JSON.parse(storage.held.get(recordOfBob) ?? 'null')

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
    expect(storage.gets.sort()).toEqual([indexOfBob, epochKey('bob'), recordOfBob, pctOfBob].sort())
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
    expect(storage.gets).not.toContain(recordOfBob)
    expect(storage.held.has(recordOfBob)).toBe(true)
  })
})

describe('a record that cannot be used', () => {
  const texts: Record<string, string> = {
    empty: '',
    'no JSON': '{"v":2,',
    'version 1': JSON.stringify({ v: 1, epoch: '0', never: false, rpts: [] }),
    'version 3': JSON.stringify({ v: 3 }),
  }
  test.each(Object.keys(texts))('R8: %s: dropped with an event, once', async (name) => {
    const storage = await filled()
    storage.held.set(recordOfBob, texts[name] as string)
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.events).toEqual([{ type: 'record-dropped', host }])
    expect(storage.held.has(recordOfBob)).toBe(false)
    await process.stored.sync(authorityOf(), host)
    expect(process.events).toHaveLength(1)
    await obtain(process, 'b')
    expect(recordIn(storage)).toMatchObject({ v: 2, epoch: 0 })
  })

  test('R8: anything thrown while a record is read drops the record', async () => {
    const storage = await filled()
    const process = processOn(storage, {
      present: () => {
        throw new Error('binding')
      },
    })
    await process.stored.ready(host)
    expect(process.events).toEqual([{ type: 'record-dropped', host }])
    expect([process.party.wallet.all(), storage.held.has(recordOfBob)]).toEqual([[], false])
  })

  test('R8: a place that is a list: the place is left out, the RPT is held', async () => {
    const storage = await filled()
    storage.held.set(recordOfBob, (storage.held.get(recordOfBob) as string).replace(`"${host}/a"`, `["${host}/a"]`))
    const process = processOn(storage)
    await process.stored.ready(host)
    expect(process.party.wallet.all().map(({ grant }) => grant.token)).toEqual(['a'])
    expect([tokenAt(process, '/a'), process.events]).toEqual([undefined, []])
  })

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
  test('the record has version 2, the epoch and the revisions; the index has the pair', async () => {
    const storage = await filled()
    expect(recordIn(storage)).toMatchObject({ v: 2, epoch: 0, never: false, rpts: [{ revision: 0 }] })
    expect(JSON.parse(storage.held.get(indexOfBob) as string)).toEqual({ pairs: [[host, key]] })
    expect(storage.held.get(pctOfBob)).toBe('pct')
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
    await two.stored.sync(authorityOf(), host)
    expect(tokenAt(two, '/a')).toBe('fresh')
    expect(two.party.wallet.all()[0]?.revision).toBe(1)
    expect(recordIn(storage).rpts[0]?.revision).toBe(1)
  })

  test('nothing new, nothing written; saves during a save become one', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    await process.stored.save(key, host)
    expect(storage.sets).toEqual([])
    const [rpt] = process.party.wallet.all()
    const saves = [1, 2, 3, 4].map((n) => {
      process.party.wallet.opened(rpt as never, { method: 'GET', url: `${host}/${n}` })
      return process.stored.save(key, host)
    })
    await Promise.all(saves)
    expect(storage.sets.length).toBeLessThanOrEqual(2)
    expect(storage.held.get(recordOfBob)).toContain('/4"')
  })

  test('a server that ignores `rpt` is remembered', async () => {
    const storage = await filled()
    const one = processOn(storage)
    one.party.neverUpgrades.add(`${key} ${host}`)
    await one.stored.save(key, host)
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
    expect(storage.held.get(recordOfBob)).not.toContain('"b"')
    await vi.advanceTimersByTimeAsync(11_000)
    expect(storage.held.get(recordOfBob)).toContain('"b"')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an older read that ends after a write does not drop what was written', async () => {
    const storage = await filled()
    const process = processOn(storage)
    await process.stored.ready(host)
    const { get } = storage
    const old = storage.held.get(recordOfBob)
    let answer = (): void => {}
    storage.get = (name) =>
      name === recordOfBob
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
    expect(storage.sets).toEqual([recordOfBob])
  })

  test('nothing is kept of a host where nothing is held', async () => {
    const storage = moodyStorage()
    await processOn(storage).stored.save(key, host)
    expect([...storage.held]).toEqual([])
  })

  test('a record of an older epoch is void', async () => {
    const storage = await filled()
    storage.held.set(epochKey('bob'), '1')
    const process = processOn(storage)
    await process.stored.ready(host)
    expect([process.party.wallet.all(), process.party.epoch, process.events]).toEqual([[], 1, []])
    await obtain(process, 'b')
    expect(recordIn(storage)).toMatchObject({ epoch: 1, rpts: [{ grant: { token: 'b' } }] })
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
    const heard: [number, (name: string) => void][] = []
    return (tab: number): RecordChannel => ({
      post: (name) => {
        for (const [other, listener] of heard) if (other !== tab) listener(name)
      },
      listen: (listener) => void heard.push([tab, listener]),
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
