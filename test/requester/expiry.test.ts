/** When an RPT ends: by expires_in, by the `exp` of a JWT, or when the host says so. */

import { expect, test } from 'vitest'
import { later } from '../helpers/later.ts'
import { startWorld } from '../helpers/world.ts'
import { byFetch } from '../ways-in/kit.ts'
import { rptAt } from './kit.ts'

const path = '/alice/1.jpg'
const twice = async (
  send: (url: string) => Promise<{ status: number }>,
  origin: string,
  pauseMs: number,
): Promise<void> => {
  expect((await send(origin + path)).status).toBe(200)
  later(pauseMs)
  expect((await send(origin + path)).status).toBe(200)
}

test('expires_in: not presented once it is over', async () => {
  const world = await startWorld({ as: { quirks: { expiresIn: 60 } } })
  const send = byFetch.attach(world.requester())
  await send(world.host.origin + path)
  const rpt = rptAt(world, path) as string
  later(60_100)
  world.recorder.clear()
  expect((await send(world.host.origin + path)).status).toBe(200)
  expect(world.sent()[0]?.headers.authorization).toBeUndefined()
  expect(world.recorder.containing(rpt).filter((r) => r.origin === world.host.origin)).toEqual([])
  expect(world.lines()).toEqual([`GET host ${path} 401`, 'POST as /token 200', `GET host ${path} 200`])
})

test("a JWT's exp counts where there is no expires_in", async () => {
  const world = await startWorld({ as: { quirks: { rptFormat: 'jwt', omitExpiresIn: true, rptLifetimeMs: 60_000 } } })
  const send = byFetch.attach(world.requester())
  await twice(send, world.host.origin, 61_000)
  expect(
    world
      .sent()
      .filter((r) => r.path === path)
      .map((r) => r.headers.authorization !== undefined),
  ).toEqual([false, true, false, true])
})

test('an opaque RPT without expires_in is presented until the host refuses it', async () => {
  const world = await startWorld({ as: { quirks: { omitExpiresIn: true, rptLifetimeMs: 60_000, badRpt: 'ignore' } } })
  const send = byFetch.attach(world.requester())
  await twice(send, world.host.origin, 60_100)
  expect(
    world
      .sent()
      .filter((r) => r.path === path)
      .map((r) => r.headers.authorization !== undefined),
  ).toEqual([false, true, true, true])
})

test.each([null, 0, -5, 'soon', '3600', 1e18, Number.MAX_VALUE, '', '1e999'])(
  'expires_in %j: the token is used, and used again',
  async (expiresIn) => {
    const world = await startWorld({ as: { quirks: { expiresIn } } })
    const send = byFetch.attach(world.requester())
    await twice(send, world.host.origin, 0)
    expect(world.lines().slice(2)).toEqual(['POST as /token 200', `GET host ${path} 200`, `GET host ${path} 200`])
  },
)

test.each([{ expires_in: [] }, { expires_in: {} }, { expires_in: true }, { upgraded: 1, pct: 7, refresh_token: null }])(
  'odd members are no reason to refuse a token: %j',
  async (odd) => {
    const world = await startWorld({ as: { quirks: { tokenAnswer: (json) => ({ ...json, ...odd }) } } })
    const send = byFetch.attach(world.requester())
    await twice(send, world.host.origin, 0)
    expect(world.sent().length).toBe(5)
  },
)

test.each(['{"exp":"never"}', '{"exp":-1}', '{"exp":1e300}', '[]', 'null', '{'])(
  'an RPT that looks like a JWT, with the payload %s, is used',
  async (payload) => {
    const world = await startWorld({ as: { quirks: { omitExpiresIn: true } } })
    const fake = `e30.${Buffer.from(payload).toString('base64url')}.x`
    // The host takes whatever the client was given.
    world.as.quirks.tokenAnswer = (json) => ({ ...json, access_token: fake })
    world.host.quirks.answer = (answer, { headers }) =>
      headers.authorization === `Bearer ${fake}` ? { status: 200, body: 'in' } : answer
    const send = byFetch.attach(world.requester())
    expect(await send(world.host.origin + path)).toEqual({ status: 200, text: 'in' })
    expect(world.sent().length).toBe(4)
  },
)
