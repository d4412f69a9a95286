import { expect, test } from 'vitest'
import { coalesced } from '../../../src/persistence/coalesced.ts'

test('one run of a key at a time; calls during a run share the next one', async () => {
  const log: string[] = []
  let running = 0
  let most = 0
  const run = coalesced(
    (key: string) => key,
    async (key) => {
      most = Math.max(most, ++running)
      log.push(key)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
    },
  )
  const first = run('a')
  const second = run('a')
  expect(run('a')).toBe(second)
  await Promise.all([first, second])
  expect(most).toBe(1)
  await run('a')
  expect(log).toEqual(['a', 'a', 'a'])
  await Promise.all([run('a'), run('b')])
  expect(most).toBe(2)
})

test('a call in the very moment in which a run ends does not begin a run beside the next one', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const run = coalesced(
    () => '',
    async () => {
      most = Math.max(most, ++running)
      if (++runs === 1) void callInEachMicrotask()
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (runs === 1) void callInEachMicrotask()
      running--
    },
  )
  async function callInEachMicrotask(): Promise<void> {
    for (let n = 0; n < 10; n++) {
      await undefined
      void run()
    }
  }
  await run()
  await run()
  await run()
  expect(most).toBe(1)
})

test('a run that fails does not keep the next one from running', async () => {
  let runs = 0
  const run = coalesced(
    () => '',
    async () => {
      if (++runs === 1) throw new Error('first')
    },
  )
  const first = run()
  const second = run()
  await expect(first).rejects.toThrow('first')
  await second
  expect(runs).toBe(2)
})
