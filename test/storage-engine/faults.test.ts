/** Storages that fail and hang: requests go on, an event tells, and what was granted is kept. */

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { answerTo } from '../../bench/answers.ts'
import { createRequester, type Requester, type UmaEvent } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { startWorld, type World } from '../helpers/world.ts'
import {
  ask,
  costs,
  get,
  type Moody,
  moody,
  type Operation,
  pause,
  settled,
  stored,
  together,
  told,
  watchRejections,
} from './kit.ts'

const bob = (world: World, storage: RequesterStorage): Requester => world.requester({ storage, requestingParty: 'bob' })
const operations: Operation[] = ['get', 'set', 'delete', 'lock']
/** Time enough for a storage that failed to be tried again: it is after 5 s. */
const aPause = 5_500

/** All of these storages at once, each with a requester and events of its own. */
async function allAtOnce(fates: [string, Moody['fate']][]) {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const rejections = watchRejections()
  const outcomes = await Promise.all(
    fates.map(async ([name, fate]) => {
      const events: UmaEvent[] = []
      const requester = world.requester({
        storage: moody(fate),
        requestingParty: name,
        onEvent: (event) => events.push(event),
      })
      const { statuses } = await ask(requester, world, [1, 2, 1, 2])
      await requester.signOut()
      return { name, statuses, failed: events.some(({ type }) => type === 'storage-failed') }
    }),
  )
  await settled()
  expect(rejections).toEqual([])
  return outcomes
}

describe('operations that fail', () => {
  for (const how of ['reject', 'throw'] as const) {
    test(`all of them, and each: ${how}`, async () => {
      const fates: [string, Moody['fate']][] = [
        ['all', () => how],
        ...operations.map((bad): [string, Moody['fate']] => [
          bad,
          (operation) => (operation === bad ? how : undefined),
        ]),
      ]
      expect(await allAtOnce(fates)).toEqual(
        fates.map(([name]) => ({ name, statuses: [200, 200, 200, 200], failed: true })),
      )
    })
  }
})

describe('operations that hang, by a clock that the test turns', () => {
  /** A requester on this storage, and hosts and servers that answer at once. */
  function scene(storage: RequesterStorage) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const origin = 'https://photos.example.com'
    const answer = async (input: unknown, init?: RequestInit): Promise<Response> => {
      const { pathname } = new URL(String(input))
      const { body, ...rest } = answerTo(origin, pathname, new Headers(init?.headers).get('authorization'))
      return new Response(body, rest)
    }
    const events: string[] = []
    const requester = createRequester({
      authorizationServers: [{ issuer: origin, hosts: [origin], client: { id: 'spa' } }],
      requestingParty: 'bob',
      storage,
      fetch: answer as typeof fetch,
      onEvent: ({ type }) => events.push(type),
    })
    const send = async (who = requester): Promise<number> =>
      (await who.wrapFetch(answer as typeof fetch)(`${origin}/1`)).status
    return { requester, events, send }
  }

  /** Turns the clock until the task is done; how long that took by this clock. */
  async function timed<T>(task: Promise<T>): Promise<{ value: T; ms: number }> {
    const from = Date.now()
    let over = false
    const end = task.finally(() => {
      over = true
    })
    end.catch(() => {})
    while (!over) {
      // Not everything is a timer or a promise: the platform's cryptography takes a moment of its own.
      await new Promise((resolve) => setImmediate(resolve))
      if (!over) await vi.advanceTimersByTimeAsync(50)
    }
    return { value: await end, ms: Date.now() - from }
  }

  test.each(['all', 'get', 'set', 'delete'])('%s: cost one operation’s patience, once', async (bad) => {
    const { requester, events, send } = scene(
      moody((operation) => (bad === 'all' || operation === bad ? 'hang' : undefined)),
    )
    const first = await timed(send())
    expect(first.value).toBe(200)
    const others = await timed(Promise.all([send(), send(), send()]))
    expect(others.value).toEqual([200, 200, 200])
    expect(first.ms + others.ms).toBeLessThanOrEqual(3_000)
    expect((await timed(requester.signOut())).ms).toBeLessThanOrEqual(5_000)
    expect(events).toContain('storage-failed')
  })

  /** A lock that does not come while the storage answers is most likely held by another. */
  test('a lock that hangs is waited for 15 s, once', async () => {
    const { requester, events, send } = scene(moody((operation) => (operation === 'lock' ? 'hang' : undefined)))
    const first = await timed(send())
    expect(first.value).toBe(200)
    expect(first.ms).toBeLessThanOrEqual(16_000)
    expect(events).toContain('storage-failed')
    const from = Date.now()
    expect(await send(requester.as('carol'))).toBe(200)
    expect(Date.now() - from).toBe(0)
  })
})

/** They mostly wait, so they do it together. */
const scenarios: Record<string, () => Promise<void>> = {}

scenarios['a storage that fails for a while: no permission is lost meanwhile, nothing that was granted afterwards'] =
  async () => {
    const world = await startWorld()
    const storage = moody()
    const requester = bob(world, storage)
    await ask(requester, world, [1, 2])
    await settled()
    storage.fate = () => 'reject'
    world.recorder.clear()
    expect((await ask(requester, world, [1, 2, 3])).statuses).toEqual([200, 200, 200])
    expect(told(world, 'storage-failed')).toBeGreaterThan(0)
    world.recorder.clear()
    expect((await ask(requester, world, [1, 2, 3])).statuses).toEqual([200, 200, 200])
    expect(costs(world), 'while it is away').toEqual({ host: 3, token: 0 })
    storage.fate = () => undefined
    await pause(aPause)
    await ask(requester, world, [4])
    await stored(storage, [1, 2, 3, 4])
    await settled()
    world.recorder.clear()
    expect((await ask(bob(world, storage), world, [1, 2, 3, 4])).statuses).toEqual([200, 200, 200, 200])
    expect(costs(world), 'for the next process').toEqual({ host: 4, token: 0 })
  }

scenarios['a storage that fails to read what it has: the wallet in memory stays'] = async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const storage = moody()
  const requester = bob(world, storage)
  // Signed out once, so that the epoch is not what an empty storage would say.
  await requester.signOut()
  await ask(requester, world, [1, 1, 2, 3])
  await settled()
  storage.fate = (operation) => (operation === 'get' ? 'reject' : undefined)
  await ask(requester, world, [4])
  world.recorder.clear()
  expect((await ask(requester, world, [1, 2, 3, 4])).statuses).toEqual([200, 200, 200, 200])
  expect(costs(world)).toEqual({ host: 4, token: 0 })
}

scenarios['what was granted meanwhile is written once the storage is back, without another flow'] = async () => {
  const world = await startWorld()
  const storage = moody()
  const requester = bob(world, storage)
  storage.fate = () => 'reject'
  await ask(requester, world, [1, 2])
  storage.fate = () => undefined
  await stored(storage, [1, 2])
  await settled()
  world.recorder.clear()
  expect((await ask(bob(world, storage), world, [1, 2])).statuses).toEqual([200, 200])
  expect(costs(world)).toEqual({ host: 2, token: 0 })
}

scenarios['one write that fails here does not undo what others wrote'] = async () => {
  const world = await startWorld({ as: { quirks: { upgrade: 'never' } } })
  const held = new Map<string, string>()
  const storage = moody(undefined, held)
  const here = bob(world, storage)
  const there = bob(world, moody(undefined, held))
  await ask(here, world, [1])
  await ask(there, world, [1])
  await settled()
  storage.fate = (operation, key) => (operation === 'set' && key.startsWith('uma:rpts') ? 'reject' : undefined)
  await ask(here, world, [2])
  storage.fate = () => undefined
  await ask(there, world, [3])
  await settled()
  await pause(aPause)
  await ask(here, world, [4])
  await settled()
  await ask(there, world, [5])
  await stored(storage, [1, 2, 3, 4, 5])
  await settled()
  world.recorder.clear()
  expect((await ask(there, world, [1, 3, 5])).statuses).toEqual([200, 200, 200])
  expect(costs(world), 'what the other had').toEqual({ host: 3, token: 0 })
  world.recorder.clear()
  expect((await ask(bob(world, keyValueStorage(held)), world, [1, 2, 3, 4, 5])).statuses).toEqual([
    200, 200, 200, 200, 200,
  ])
  expect(costs(world), 'for the next process').toEqual({ host: 5, token: 0 })
}

test('storages that fail for a while, fail in part', () => together(scenarios))

test('a storage that fails now and then, under load', async () => {
  const world = await startWorld({ host: { direct: true } })
  const rejections = watchRejections()
  let turn = 0
  const storage = moody(() => (++turn % 7 === 0 ? (turn % 2 ? 'throw' : 'reject') : undefined))
  const requester = bob(world, storage)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => get(requester, world, n % 20)))
  expect(answers.filter((status) => status !== 200)).toEqual([])
  expect(world.as.stats.tokenRequests).toBeLessThanOrEqual(20)
  expect([world.as.stats.ticketsReplayed, world.as.stats.supersededRptsPresented]).toEqual([0, 0])
  await settled()
  expect(rejections).toEqual([])
})
