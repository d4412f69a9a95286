/** S7: a sign-out in another process counts after 5 s at most, and costs one read of the epoch. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { epochKey } from '../../../src/parties/record-keys.ts'
import { authorityOf, host, key, moodyStorage, obtain, processOn, tokenAt } from './kit.ts'

const epochOfBob = epochKey('bob')

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A process that holds an RPT, and whose last look is some seconds old. */
async function holder(seconds: number) {
  const storage = moodyStorage()
  const process = processOn(storage)
  await process.stored.ready(host)
  await obtain(process, 'a')
  // The places are written after 100 ms, which is a look, too.
  await vi.advanceTimersByTimeAsync(100)
  await vi.advanceTimersByTimeAsync(seconds * 1_000)
  storage.gets.length = 0
  return { storage, ...process, process }
}

describe('recent', () => {
  test('nothing is looked at before the party first reads', () => {
    const storage = moodyStorage()
    const { stored } = processOn(storage)
    expect(stored.recent()).toBeUndefined()
    expect(storage.gets).toEqual([])
  })

  test('a look of the last 5 s is enough', async () => {
    const { storage, stored } = await holder(5)
    expect(stored.recent()).toBeUndefined()
    expect(storage.gets).toEqual([])
  })

  test('after 5 s: one read of the epoch, which concurrent callers share; then 5 s without', async () => {
    const { storage, stored, party } = await holder(5.001)
    const look = stored.recent()
    expect(look).toBeInstanceOf(Promise)
    expect(stored.recent()).toBe(look)
    await look
    expect(storage.gets).toEqual([epochOfBob])
    expect([stored.recent(), party.forgotten, vi.getTimerCount()]).toEqual([undefined, 0, 0])
    await vi.advanceTimersByTimeAsync(5_001)
    expect(stored.recent()).toBeInstanceOf(Promise)
  })

  test('the party is forgotten, and has the epoch of the storage', async () => {
    const { storage, stored, party, process } = await holder(6)
    expect(tokenAt(process, '/a')).toBe('a')
    storage.held.set(epochOfBob, '3')
    await stored.recent()
    expect([tokenAt(process, '/a'), party.epoch, party.forgotten]).toEqual([undefined, 3, 1])
    // The record is of the old epoch: it does not come back.
    await stored.ready(host)
    await stored.sync(authorityOf(), host)
    expect([tokenAt(process, '/a'), party.forgotten]).toEqual([undefined, 1])
  })

  test('a read that fails: the copy in memory counts, and an event tells', async () => {
    const { storage, stored, events, process } = await holder(6)
    storage.mood = 'fails'
    await stored.recent()
    expect(events).toEqual([{ type: 'storage-failed', operation: 'get' }])
    expect(tokenAt(process, '/a')).toBe('a')
    expect(stored.recent()).toBeUndefined()
  })

  test('a read that hangs is waited for 250 ms; its answer counts when it comes', async () => {
    const { storage, stored, events, party } = await holder(6)
    let answer = (_text: string): void => {}
    storage.get = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    let over = false
    stored.recent()?.then(() => {
      over = true
    })
    await vi.advanceTimersByTimeAsync(249)
    expect(over).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect([over, events]).toEqual([true, [{ type: 'storage-failed', operation: 'get' }]])
    // The next requests do not wait again.
    expect(stored.recent()).toBeUndefined()
    answer('1')
    await vi.advanceTimersByTimeAsync(0)
    expect([party.forgotten, vi.getTimerCount()]).toEqual([1, 0])
  })

  test('R12: the clock set back does not put the look off', async () => {
    const { stored } = await holder(0)
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(5_001)
    expect(stored.recent()).toBeInstanceOf(Promise)
  })

  test.each(['sync', 'readAll'] as const)('%s counts as a look', async (how) => {
    const { storage, stored } = await holder(6)
    await (how === 'sync' ? stored.sync(authorityOf(), host) : stored.readAll())
    expect(storage.gets).toContain(epochOfBob)
    expect(stored.recent()).toBeUndefined()
  })
})

describe('sync', () => {
  test('a higher epoch forgets the party before anything is written', async () => {
    const { storage, stored, party } = await holder(0)
    storage.held.set(epochOfBob, '1')
    const before = storage.sets.length
    party.wallet.store({ grant: { token: 'b', type: 'bearer' }, headers: {}, authority: key, host })
    await stored.save(key, host)
    expect([party.forgotten, party.epoch, party.wallet.all()]).toEqual([1, 1, []])
    expect(storage.sets.length).toBe(before)
  })

  test('a sign-out of this process, whose epoch is not written yet, is not undone and not repeated', async () => {
    const { stored, party, process } = await holder(0)
    party.forget()
    await stored.sync(authorityOf(), host)
    expect([party.epoch, party.forgotten, tokenAt(process, '/a')]).toEqual([1, 1, undefined])
  })

  test('a storage that was emptied: the party is forgotten, and all processes agree on a new epoch', async () => {
    const { storage, stored, party } = await holder(0)
    storage.held.set(epochOfBob, '4')
    await stored.sync(authorityOf(), host)
    storage.held.clear()
    await stored.sync(authorityOf(), host)
    expect([party.epoch, party.forgotten, storage.held.get(epochOfBob)]).toEqual([5, 2, '5'])
    const other = processOn(storage)
    await other.stored.ready(host)
    await obtain(other, 'b')
    expect(other.party.epoch).toBe(5)
    await stored.sync(authorityOf(), host)
    expect(party.wallet.all().map(({ grant }) => grant.token)).toEqual(['b'])
    expect(party.forgotten).toBe(2)
  })

  test('the answer of an older look that comes last does not count', async () => {
    const { storage, stored, party } = await holder(0)
    const { get } = storage
    let answer = (_text: string): void => {}
    storage.get = (name) =>
      name === epochOfBob
        ? new Promise((resolve) => {
            answer = resolve
          })
        : get(name)
    const late = stored.readAll()
    storage.get = get
    storage.held.set(epochOfBob, '2')
    await stored.sync(authorityOf(), host)
    answer('0')
    await late
    expect([party.epoch, party.forgotten]).toEqual([2, 1])
  })
})
