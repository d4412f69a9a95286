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
  // A call in the very moment in which the first run ends does not begin a run beside the next one.
  const later = first.then(() => run('a'))
  await Promise.all([first, second, later])
  expect(most).toBe(1)
  await run('a')
  expect(log.length).toBeLessThanOrEqual(4)
  await Promise.all([run('a'), run('b')])
  expect(most).toBe(2)
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
