/** Aborting rejects as the platform does; who waits with others leaves it to them. */

import { getEventListeners } from 'node:events'
import axios from 'axios'
import { describe, expect, test } from 'vitest'
import { signal, until } from '../helpers/wait.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { byFetch, rejection, umaErrorOf, waysIn } from '../ways-in/kit.ts'
import { FOREVER, holdNextSend, holdTokens } from './kit.ts'

const path = '/alice/1.jpg'
const atToken = (world: World) => (): boolean => world.sent().some((r) => r.path === '/token')

function expectAbort(name: string, failure: unknown): void {
  if (name.startsWith('axios')) {
    expect(axios.isCancel(failure)).toBe(true)
    expect((failure as { code: string }).code).toBe('ERR_CANCELED')
  } else expect((failure as Error).name).toBe('AbortError')
}

describe.each(waysIn)('$name', ({ name, attach }) => {
  test('aborted before it starts: nothing is sent', async () => {
    const world = await startWorld()
    expectAbort(
      name,
      await rejection(attach(world.requester())(world.host.origin + path, { signal: AbortSignal.abort() })),
    )
    expect(world.sent()).toEqual([])
  })

  test.each(['host', 'discovery', 'token'] as const)('aborted during the call to: %s', async (where) => {
    const world = await startWorld({
      as: { quirks: { delayMs: where === 'host' ? {} : { [where]: FOREVER } } },
      host: { quirks: { delayMs: where === 'host' ? FOREVER : 0 } },
    })
    const controller = new AbortController()
    const sent = rejection(attach(world.requester())(world.host.origin + path, { signal: controller.signal }))
    const label = { host: path, discovery: 'uma2-configuration', token: '/token' }[where]
    await until(() => world.sent().some((r) => r.path.endsWith(label)))
    controller.abort()
    expectAbort(name, await sent)
  })

  test('aborted during the second send', async () => {
    const world = await startWorld()
    holdNextSend(world)
    const controller = new AbortController()
    const sent = rejection(attach(world.requester())(world.host.origin + path, { signal: controller.signal }))
    await until(() => world.sent().filter((r) => r.path === path).length === 2)
    controller.abort()
    expectAbort(name, await sent)
  })

  test('a token that arrives after all have left is stored', async () => {
    const world = await startWorld()
    const release = holdTokens(world)
    const send = attach(world.requester())
    const controller = new AbortController()
    const sent = Promise.all(
      [1, 2, 3].map(() => rejection(send(world.host.origin + path, { signal: controller.signal }))),
    )
    await until(atToken(world))
    controller.abort()
    for (const failure of await sent) expectAbort(name, failure)
    release()
    await until(() => world.events.some((e) => e.type === 'rpt-stored'))
    world.recorder.clear()
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })
})

test('the reason of the signal is what fetch rejects with', async () => {
  const world = await startWorld()
  holdTokens(world)
  const controller = new AbortController()
  const sent = rejection(byFetch.attach(world.requester())(world.host.origin + path, { signal: controller.signal }))
  await until(atToken(world))
  const reason = new Error('moved on')
  controller.abort(reason)
  expect(await sent).toBe(reason)
})

test('a waiter that aborts leaves the others', async () => {
  const world = await startWorld()
  const release = holdTokens(world)
  const send = byFetch.attach(world.requester())
  const controller = new AbortController()
  const leader = send(world.host.origin + path)
  await until(() => world.events.some((e) => e.type === 'flow-started'))
  const [others, waiter] = [
    [1, 2].map(() => send(world.host.origin + path)),
    rejection(send(world.host.origin + path, { signal: controller.signal })),
  ]
  await until(atToken(world))
  controller.abort()
  expectAbort('fetch', await waiter)
  release()
  expect((await Promise.all([leader, ...others])).map(({ status }) => status)).toEqual([200, 200, 200])
  expect(world.as.stats.tokenRequests).toBe(1)
})

test('a leader that aborts hands over: the token request that is under way serves the others', async () => {
  const world = await startWorld()
  const release = holdTokens(world)
  const send = byFetch.attach(world.requester())
  const controller = new AbortController()
  const leader = rejection(send(world.host.origin + path, { signal: controller.signal }))
  await until(() => world.events.some((e) => e.type === 'flow-started'))
  const others = [1, 2].map(() => send(world.host.origin + path))
  await until(atToken(world))
  controller.abort()
  expectAbort('fetch', await leader)
  release()
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200])
  expect([world.as.stats.tokenRequests, world.as.stats.ticketsReplayed]).toEqual([1, 0])
})

test('a leader that aborts during discovery hands over before its ticket is spent', async () => {
  const world = await startWorld()
  const discovered = signal()
  const slowly: typeof fetch = async (input, init) => {
    if (String(input).includes('/.well-known/')) await discovered.given
    return fetch(input, init)
  }
  const send = byFetch.attach(world.requester({ fetch: slowly }))
  const controller = new AbortController()
  const leader = rejection(send(world.host.origin + path, { signal: controller.signal }))
  await until(() => world.events.some((e) => e.type === 'flow-started'))
  const other = send(world.host.origin + path)
  await until(() => world.sent().filter((r) => r.path === path).length === 2)
  controller.abort()
  expectAbort('fetch', await leader)
  discovered.give()
  expect((await other).status).toBe(200)
  expect([world.as.stats.tokenRequests, world.as.stats.ticketsReplayed]).toEqual([1, 0])
})

test('a leader whose send in between fails rejects with that, and hands over to those who wait', async () => {
  const world = await startWorld()
  const fault = new TypeError('cut')
  const failed: string[] = []
  const send = world.requester().wrapFetch((input, init) => {
    const presents = new Headers(init?.headers).has('authorization')
    if (String(input).endsWith(path) && presents && failed.push('x') === 1) return Promise.reject(fault)
    return fetch(input, init)
  })
  expect((await send(`${world.host.origin}/bob/0.jpg`, { method: 'PUT', body: 'x' })).status).toBe(200)
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => send(world.host.origin + path)))
  expect(outcomes.map((one) => (one.status === 'rejected' ? one.reason : one.value.status)).sort()).toEqual([
    200,
    200,
    fault,
  ])
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('timeouts.flow ends a flow for all who wait', async () => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: FOREVER } } } })
  const send = byFetch.attach(world.requester({ timeouts: { flow: 150 } }))
  const failures = await Promise.all([1, 2, 3].map(() => rejection(send(world.host.origin + path))))
  expect(failures.map((failure) => umaErrorOf(failure).code)).toEqual(['timeout', 'timeout', 'timeout'])
})

test('AbortSignal.timeout: TimeoutError, as fetch does', async () => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: FOREVER } } } })
  const failure = await rejection(
    byFetch.attach(world.requester())(world.host.origin + path, { signal: AbortSignal.timeout(150) }),
  )
  expect((failure as Error).name).toBe('TimeoutError')
})

test('no listener of ours is left on a signal that lives long', async () => {
  const world = await startWorld()
  const left = async (send: (url: string, init: RequestInit) => Promise<Response>): Promise<number> => {
    const { signal } = new AbortController()
    world.recorder.clear()
    for (let i = 0; i < 5; i++) await (await send(`${world.host.origin}/alice/${i}.jpg`, { signal })).text()
    return getEventListeners(signal, 'abort').length / world.sent().filter((r) => r.server === 'host').length
  }
  // Node's fetch leaves one for each request until it is collected.
  expect(await left(world.requester().fetch)).toBe(await left(fetch))
})
