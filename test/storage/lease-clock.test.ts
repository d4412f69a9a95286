/** The lock and its leases by a clock that the test turns: a slow machine changes nothing here. */
import { beforeEach, expect, test, vi } from 'vitest'
import { type Leases, leaseLock } from '../../src/storage/lease.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  return () => void vi.useRealTimers()
})

const leases = (some: Partial<Leases<number>> = {}): Leases<number> => ({
  take: async () => 1,
  renew: async () => true,
  release: async () => {},
  ...some,
})
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Turns the clock until the task is done. */
async function turning<T>(task: Promise<T>): Promise<T> {
  let over = false
  const end = task.finally(() => {
    over = true
  })
  end.catch(() => {})
  while (!over) await vi.advanceTimersByTimeAsync(10)
  return end
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await turning(task())
  return performance.now() - from
}

test('a storage that cannot be asked rejects, and the next in line asks again', async () => {
  const take = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(1)
  const lock = leaseLock(leases({ take }), 1000)
  const [first, second] = [lock('l', async () => 1), lock('l', async () => 2)]
  await expect(first).rejects.toThrow('away')
  expect(await second).toBe(2)
})

test('a lease that cannot be given back does not fail the task, nor keep it for longer than a second', async () => {
  const failing = leaseLock(leases({ release: () => Promise.reject(new Error('away')) }), 1000)
  expect(await failing('l', async () => 'done')).toBe('done')
  const hanging = leaseLock(leases({ release: () => new Promise(() => {}) }), 1000)
  expect(await timed(() => hanging('l', async () => {}))).toBeLessThanOrEqual(1_010)
})

test.each([
  ['fails', () => Promise.reject(new Error('away'))],
  ['hangs', () => new Promise<boolean>(() => {})],
])('a renewal that %s is no loss before the lease has run out, and one soon afterwards', async (_how, renew) => {
  const lock = leaseLock(leases({ renew }), 300)
  const at = await timed(() =>
    lock('l', (lost) => new Promise((resolve) => lost.addEventListener('abort', resolve, { once: true }))),
  )
  expect(at).toBeGreaterThan(290)
  expect(at).toBeLessThanOrEqual(410)
})

test('one renewal that fails is made up for by the next', async () => {
  const renew = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(true)
  const lock = leaseLock(leases({ renew }), 1200)
  expect(await turning(lock('l', (lost) => pause(2000).then(() => lost.aborted)))).toBe(false)
  expect(renew.mock.calls.length).toBeGreaterThan(2)
})

test('nothing is renewed after the task', async () => {
  const renew = vi.fn().mockResolvedValue(true)
  await leaseLock(leases({ renew }), 60)('l', async () => {})
  await vi.advanceTimersByTimeAsync(1_000)
  expect(renew).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('of those in one process only the first asks the storage', async () => {
  let free = false
  const take = vi.fn(async () => (free ? 1 : undefined))
  const lock = leaseLock(leases({ take }), 1000)
  const all = Promise.all(Array.from({ length: 50 }, () => lock('l', async () => {})))
  await vi.advanceTimersByTimeAsync(300)
  expect(take.mock.calls.length).toBeGreaterThan(1)
  expect(take.mock.calls.length).toBeLessThan(15)
  free = true
  await turning(all)
})
