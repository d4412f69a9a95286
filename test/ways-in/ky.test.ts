/** The behaviour that only ky has. */

import ky, { HTTPError, TimeoutError } from 'ky'
import { describe, expect, test } from 'vitest'
import { isUmaError } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { startWorld } from '../helpers/world.ts'
import { FOREVER } from '../requester/kit.ts'
import { rejection } from './kit.ts'

const path = '/alice/1.jpg'

test('no time-out of 10 s is left; one that is given counts, flow and all', async () => {
  const world = await startWorld({ as: { quirks: { delayMs: { token: FOREVER } } } })
  expect(
    await rejection(
      Promise.resolve(extendKy(ky, world.requester()).get(world.host.origin + path, { timeout: 200, retry: 0 })),
    ),
  ).toBeInstanceOf(TimeoutError)
  expect(
    await rejection(
      Promise.resolve(extendKy(ky.extend({ timeout: 200, retry: 0 }), world.requester()).get(world.host.origin + path)),
    ),
  ).toBeInstanceOf(TimeoutError)
  world.as.quirks.delayMs = {}
  expect((await extendKy(ky, world.requester()).get(world.host.origin + path)).status).toBe(200)
})

test('hooks, prefix and search parameters of the instance stay', async () => {
  const world = await startWorld()
  const seen: string[] = []
  const base = ky.create({
    baseUrl: `${world.host.origin}/alice/`,
    searchParams: { v: 1 },
    hooks: {
      init: [() => void seen.push('init')],
      beforeRequest: [() => void seen.push('before')],
      afterResponse: [({ response }) => void seen.push(`after ${response.status}`)],
    },
  })
  const api = extendKy(base, world.requester())
  expect(await api.get('1.jpg').json()).toMatchObject({ path })
  expect(seen).toEqual(['init', 'before', 'after 200'])
  expect(world.sent()[0]?.path).toBe(`${path}?v=1`)
})

test('a fetch of the instance is the one that sends', async () => {
  const world = await startWorld()
  let calls = 0
  const counted: typeof fetch = (input, init) => {
    calls++
    return fetch(input, init)
  }
  const api = extendKy(ky.create({ fetch: counted }), world.requester())
  expect((await api.get(world.host.origin + path)).status).toBe(200)
  expect(calls).toBe(2)
})

test('extended further: options of the call reach us', async () => {
  const world = await startWorld()
  const api = extendKy(ky, world.requester()).extend({ uma: { scope: 'write' } })
  await api.get(world.host.origin + path)
  expect(
    world.as.grants(world.sent().at(-1)?.headers.authorization?.slice(7) as string)[0]?.resource_scopes.toSorted(),
  ).toEqual(['read', 'write'])
  const status = await api
    .get(`${world.host.origin}/alice/2.jpg`, { uma: false })
    .catch((error: HTTPError) => error.response.status)
  expect(status).toBe(401)
})

describe('errors', () => {
  test('a UmaError comes as it is, and is not retried', async () => {
    const world = await startWorld({ as: { policy: () => 'deny' } })
    const failure = await rejection(
      Promise.resolve(extendKy(ky, world.requester()).get(world.host.origin + path, { retry: 5 })),
    )
    expect(isUmaError(failure, 'request_denied')).toBe(true)
    expect(await (failure as { response: Response }).response.text()).toBe('{"error":"protected"}')
    expect(world.as.stats.tokenRequests).toBe(1)
  })

  test('any other answer is an HTTPError of ky', async () => {
    const world = await startWorld()
    world.host.quirks.answer = (answer) => (answer.status === 200 ? { status: 404, body: { no: 1 } } : answer)
    const failure = (await rejection(
      Promise.resolve(extendKy(ky, world.requester()).get(world.host.origin + path)),
    )) as HTTPError
    expect([failure instanceof HTTPError, failure.response.status]).toEqual([true, 404])
  })

  test('503 is retried by ky with the RPT, without a second flow', async () => {
    const world = await startWorld()
    let left = 1
    world.host.quirks.answer = (answer) =>
      answer.status === 200 && left-- > 0 ? { status: 503, headers: { 'retry-after': '0' } } : answer
    expect(
      (await extendKy(ky, world.requester()).get(world.host.origin + path, { retry: { limit: 2, delay: () => 1 } }))
        .status,
    ).toBe(200)
    expect(world.as.stats.tokenRequests).toBe(1)
    expect(
      world
        .sent()
        .filter((r) => r.path === path)
        .map((r) => r.status),
    ).toEqual([401, 503, 200])
  })
})

test('POST with retry: 0, where ky does not clone the request', async () => {
  const world = await startWorld()
  const api = extendKy(ky, world.requester())
  expect((await api.post(world.host.origin + path, { json: { a: 1 }, retry: 0 })).status).toBe(200)
  expect(world.host.bodies.map((write) => write.bytes.toString())).toEqual(['{"a":1}'])
})

test('the instance that was extended is left alone', async () => {
  const world = await startWorld()
  extendKy(ky, world.requester())
  expect(await ky.get(world.host.origin + path).catch((error: HTTPError) => error.response.status)).toBe(401)
})
