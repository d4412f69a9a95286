/** H5: requests with unknown or failing tokens never shut out the holders of good tokens. */
import { expect, test } from 'vitest'
import type { Host, HostOptions } from '../../src/host/index.ts'
import { signal, until } from '../helpers/wait.ts'
import { get, hosted, ticketOf } from '../host/hosted.ts'

const path = '/alice/1.jpg'

/** Changes how the authorization server answers about tokens; `undefined` leaves the answer to the server. */
type Introspect = (token: string) => Promise<Response | undefined> | Response | undefined

async function scene(introspect: Introspect, more: Partial<HostOptions> = {}) {
  const fetching: typeof fetch = async (input, init) => {
    const token = new URLSearchParams(String(init?.body ?? '')).get('token')
    const own = String(input).endsWith('/introspect') && token !== null ? await introspect(token) : undefined
    return own ?? fetch(input, init)
  }
  const kit = await hosted({ host: { fetch: fetching, ...more } })
  await kit.host.protect({ url: path, owner: 'alice' })
  const open = async (token: string, method = 'GET', host: Host = kit.host) =>
    host.guard(() => new Response())(get(path, token, { method }))
  return { ...kit, open }
}

test('H5: tokens that make the server answer 500 keep no other token out', async () => {
  const { open, tokenFor } = await scene((token) =>
    token.startsWith('bad') ? new Response('<h1>no</h1>', { status: 500 }) : undefined,
  )
  const good = await Promise.all(Array.from({ length: 8 }, () => tokenFor(path)))
  const statuses: number[] = []
  for (const [i, token] of good.entries()) {
    for (let n = 0; n < 8; n++) expect((await open(`bad-${i}-${n}`)).status).toBe(403)
    statuses.push((await open(token)).status)
  }
  expect(statuses).toEqual(good.map(() => 200))
})

test('H5: one token that was good, and at which the server fails now, keeps no other token out', async () => {
  let failing = ''
  const { open, tokenFor } = await scene(
    (token) => (token === failing ? new Response('', { status: 500 }) : undefined),
    {
      cache: { ttl: 0 },
    },
  )
  const [one, other] = [await tokenFor(path), await tokenFor(path)]
  for (const token of [one, other]) expect((await open(token)).status).toBe(200)
  failing = one
  for (let n = 0; n < 8; n++) expect((await open(one)).status).toBe(403)
  expect((await open(other)).status).toBe(200)
})

test('H5: random tokens that the server is slow with leave room for a token that was active', async () => {
  const { given, give } = signal()
  let held = 0
  const { open, tokenFor } = await scene(
    async (token) => {
      if (!token.startsWith('random')) return undefined
      held++
      await given
      return Response.json({ active: false })
    },
    { cache: { ttl: 0 }, load: { concurrent: 4, waiting: 8 } },
  )
  const good = await tokenFor(path)
  expect((await open(good)).status).toBe(200)
  const flood = Array.from({ length: 40 }, (_, i) => open(`random-${i}`))
  await until(() => held > 0)
  const statuses = []
  for (let n = 0; n < 5; n++) statuses.push((await open(good)).status)
  give()
  expect(statuses).toEqual([200, 200, 200, 200, 200])
  await Promise.all(flood)
})

test('H5: an upgrade that keeps the string of the token counts at the next request', async () => {
  const granted = ['read']
  let id: string | undefined
  let questions = 0
  const { open, tokenFor, host, rpt } = await scene(() => {
    if (id === undefined) return undefined
    questions++
    return Response.json({ active: true, permissions: [{ resource_id: id, resource_scopes: [...granted] }] })
  })
  const token = await tokenFor(path)
  id = (await host.resourceAt(path))?.id
  expect((await open(token)).status).toBe(200)
  const many = await Promise.all(Array.from({ length: 20 }, () => open(token, 'PUT')))
  expect(new Set(many.map(({ status }) => status))).toEqual(new Set([401]))
  // The 20 requests share their questions.
  expect(questions).toBeLessThan(10)
  const [refused] = many
  await rpt(ticketOf(refused as Response))
  granted.push('write')
  expect((await open(token, 'PUT')).status).toBe(200)
})
