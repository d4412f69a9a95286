/** R12: intervals are measured with a monotonic clock: a system clock that is set back does not prolong them. */

import { expect, onTestFinished, test, vi } from 'vitest'
import type { UmaStorage } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path, until } from '../flows/kit.ts'
import { startWorld } from '../helpers/world.ts'

const HOUR = 3_600_000

/** The system's clock is set; the monotonic clock goes on by so many milliseconds. */
function setClocks(dateMs: number, monotonicMs: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + dateMs })
  const now = performance.now.bind(performance)
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + monotonicMs)
  onTestFinished(() => {
    spy.mockRestore()
    vi.useRealTimers()
  })
}

test('R12: the clock is set back one hour after the storage failed: it is used again after 5 s', async () => {
  const map = new Map<string, string>()
  let fails = true
  const act = <T>(work: () => T): T => {
    if (fails) throw new Error('no storage')
    return work()
  }
  const storage: UmaStorage = {
    get: (key) => act(() => map.get(key)),
    set: (key, value) => act(() => map.set(key, value)),
    delete: (key) => act(() => map.delete(key)),
  }
  const world = await startWorld()
  const requester = world.requester({ storage: keyValueStorage(storage), requestingParty: 'alice' })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect(world.events.map(({ type }) => type)).toContain('storage-failed')
  expect(map.size).toBe(0)

  fails = false
  setClocks(-HOUR, 5_001)
  expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  await until(() => [...map.keys()].some((key) => key.startsWith('uma:rpts:')))
})

test('R12: the clock is set back one hour: a sign-out elsewhere counts after 5 s all the same', async () => {
  const world = await startWorld()
  const options = { storage: keyValueStorage(new Map<string, string>()), requestingParty: 'alice' }
  const a = world.requester(options)
  const b = world.requester(options)
  for (const requester of [a, b]) expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  const rpt = world.sent().at(-1)?.headers.authorization?.slice(7) as string
  await a.signOut()
  setClocks(-HOUR, 5_001)
  world.recorder.clear()
  await b.fetch(world.host.origin + path)
  expect(world.recorder.containing(rpt)).toEqual([])
})

test('R12: the clock is set back one hour: a fruitless repetition is put off for 60 s and no longer', async () => {
  const world = await startWorld()
  const requester = world.requester({}, { staleStatuses: [400] })
  const url = world.host.origin + path
  expect((await requester.fetch(url)).status).toBe(200)
  world.host.quirks.answer = () => ({ status: 400 })
  await requester.fetch(url)
  setClocks(-HOUR, 60_001)
  world.recorder.clear()
  await requester.fetch(url)
  expect(world.lines().length).toBe(2)
})
