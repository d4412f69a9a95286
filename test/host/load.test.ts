/** F-R-h: a host spares an authorization server that is not well, and itself while it waits for this server. */

import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { call } from '../../src/authorization-server/call.ts'
import { sparing } from '../../src/host/load.ts'
import type { HostEvent, HostOptions } from '../../src/host/types.ts'
import { send } from '../helpers/http.ts'
import { later } from '../helpers/later.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { pause, signal, until } from '../helpers/wait.ts'
import { failure, scripted, servicesAt } from './protection-kit.ts'

type Act = (res: ServerResponse) => unknown

/** A server that does what it is told at the moment, and a caller with this much patience. */
async function setup(load: NonNullable<HostOptions['load']> = {}, timeout = 30_000) {
  const now: { act: Act } = { act: (res) => send(res, { status: 200, body: 'well' }) }
  const stats = { arrived: 0, inFlight: 0, most: 0 }
  const server = await startPlainServer((_req, res) => {
    stats.arrived += 1
    stats.inFlight += 1
    stats.most = Math.max(stats.most, stats.inFlight)
    res.once('close', () => {
      stats.inFlight -= 1
    })
    return now.act(res)
  })
  onTestFinished(server.close)
  const events: HostEvent[] = []
  const { rest: fetching } = sparing(
    () => fetch,
    load,
    (event) => void events.push(event),
  )
  const ask = (patience = timeout) =>
    call({ fetch: () => fetching, timeout: patience }, server.origin, `${server.origin}/perm`, {
      method: 'POST',
      body: 'x',
    })
  const states = () => events.map((event) => event.type === 'breaker' && event.state)
  return { now, stats, ask, states, fetching, server }
}

const well: Act = (res) => send(res, { status: 200, body: 'well' })
const ill: Act = (res) => send(res, { status: 503, headers: { 'retry-after': '1' }, body: 'later' })
const never: Act = () => {}

test('F-R-h: after failures in a row the breaker opens; then nothing is sent, and callers are told at once', async () => {
  const { now, stats, ask, states } = await setup({ breaker: { failures: 3, openMs: 60_000 } })
  now.act = ill
  for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(503)
  expect(states()).toEqual(['open'])
  // Nobody would answer them, had they been sent.
  now.act = never
  const errors = await Promise.all(Array.from({ length: 100 }, () => failure(ask(600_000))))
  expect(errors.every(({ message }) => /breaker is open/.test(message))).toBe(true)
  expect(stats.arrived).toBe(3)
})

test.each<[string, Act, number]>([
  ['connections that break', (res) => res.destroy(), 30_000],
  ['no answer within the time-out', never, 80],
  [
    'an answer that begins and does not end',
    (res) => {
      res.writeHead(200)
      res.write('x')
    },
    80,
  ],
  ['500', (res) => send(res, { status: 500, body: '<h1>no</h1>' }), 30_000],
])('F-R-h: %s count as failures', async (_, act, timeout) => {
  const { now, stats, ask, states } = await setup({ breaker: { failures: 2, openMs: 60_000 } }, timeout)
  now.act = act
  for (let i = 0; i < 2; i++) await ask().catch(() => {})
  expect(states()).toEqual(['open'])
  await failure(ask())
  expect(stats.arrived).toBe(2)
})

test('F-R-h: a body that does not come in time is a time-out, and typed', async () => {
  const { now, ask } = await setup({}, 500)
  now.act = (res) => {
    res.writeHead(200, { 'content-length': '100' })
    res.write('x')
  }
  expect(await failure(ask())).toMatchObject({ name: 'UmaTimeoutError', code: 'timeout' })
})

test('F-R-h: 4xx are answers of a server that is well; a success begins the count anew', async () => {
  const { now, ask, states } = await setup({ breaker: { failures: 2 } })
  for (const status of [400, 401, 403, 404, 429]) {
    now.act = (res) => send(res, { status, body: {} })
    expect((await ask()).status).toBe(status)
  }
  for (const act of [ill, well, ill, well, ill]) {
    now.act = act
    await ask()
  }
  expect(states()).toEqual([])
})

test('F-R-h: after openMs one call goes through; while it fails the breaker opens again, when it succeeds it closes', async () => {
  const { now, stats, ask, states } = await setup({ breaker: { failures: 1, openMs: 60_000 } })
  now.act = ill
  await ask()
  later(60_001)
  // One probe for all of them.
  await Promise.all(Array.from({ length: 10 }, () => ask().catch(() => {})))
  expect(stats.arrived).toBe(2)
  expect(states()).toEqual(['open', 'half-open', 'open'])
  now.act = well
  await failure(ask())
  later(60_001)
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask()))
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
  expect(states()).toEqual(['open', 'half-open', 'open', 'half-open', 'closed'])
  expect(stats.arrived).toBe(12)
})

test('F-R-h: so many calls at once, so many that wait; what is beyond is told at once', async () => {
  const { now, stats, ask, states } = await setup({ concurrent: 3, waiting: 4 })
  const { given, give } = signal()
  now.act = async (res) => {
    await given
    well(res)
  }
  const refused: string[] = []
  const calls = Array.from({ length: 12 }, () =>
    ask().then(
      ({ status }) => status,
      (error: Error) => refused.push(error.name + error.message),
    ),
  )
  // Nothing is answered before these are told.
  await until(() => refused.length === 5 && stats.arrived === 3)
  give()
  const statuses = await Promise.all(calls)
  expect(statuses.filter((status) => status === 200)).toHaveLength(7)
  expect(refused).toHaveLength(5)
  for (const told of refused) expect(told).toMatch(/bulkhead/i)
  expect([stats.arrived, stats.most]).toEqual([7, 3])
  // That there is no room says nothing of the server.
  expect(states()).toEqual([])
})

test('F-R-h: those that waited too long are not sent, and do not count against the server', async () => {
  const { now, stats, ask, states } = await setup({ concurrent: 1, waiting: 50, breaker: { failures: 3 } })
  const { given, give } = signal()
  now.act = async (res) => {
    await given
    well(res)
  }
  const first = ask()
  const late = Promise.all(Array.from({ length: 10 }, () => failure(ask(60))))
  await pause(100)
  give()
  expect((await first).status).toBe(200)
  for (const error of await late) expect(error).toMatchObject({ name: 'UmaTimeoutError' })
  expect(stats.arrived).toBe(1)
  expect(states()).toEqual([])
  expect((await ask()).status).toBe(200)
})

test('F-R-h: an answer passes unharmed: status, headers, text; nothing of one that is too long', async () => {
  const { now, ask, fetching, server } = await setup()
  now.act = (res) => send(res, { status: 201, headers: { etag: '"1"', location: '/x' }, body: 'é ü' })
  const answer = await ask()
  expect([answer.status, answer.headers.get('etag'), answer.headers.get('location'), answer.text]).toEqual([
    201,
    '"1"',
    '/x',
    'é ü',
  ])
  now.act = (res) => send(res, { status: 204 })
  expect(await ask()).toMatchObject({ status: 204, text: '' })
  now.act = (res) => send(res, { status: 302, headers: { location: '/elsewhere' } })
  expect((await ask()).status).toBe(302)
  now.act = (res) => send(res, { status: 200, body: 'x'.repeat(2 ** 20 + 1) })
  expect((await ask()).text).toBe('')
  now.act = well
  expect((await fetching(server.origin)).status).toBe(200)
})

test('F-R-h: a host tells its breaker’s states, and recovers by itself', async () => {
  const { now, stats, server } = await setup()
  const metadata = {
    issuer: server.origin,
    token_endpoint: `${server.origin}/token`,
    permission_endpoint: `${server.origin}/perm`,
  }
  const { services, events } = servicesAt(server.origin, {
    metadata,
    load: { breaker: { failures: 2, openMs: 100 } },
  })
  const ticket = () => services.api.ticket('alice', [{ resource_id: 'x', resource_scopes: [] }])
  now.act = (res) => send(res, { status: 503, body: 'no time is given' })
  for (let i = 0; i < 5; i++) await failure(ticket())
  expect(stats.arrived).toBe(2)
  now.act = (res) => send(res, { status: 200, body: { access_token: 'pat', token_type: 'bearer', ticket: 't' } })
  later(60_001)
  expect(await ticket()).toBe('t')
  const breaker = events.filter(({ type }) => type === 'breaker')
  expect(breaker).toEqual([
    { type: 'breaker', state: 'open' },
    { type: 'breaker', state: 'half-open' },
    { type: 'breaker', state: 'closed' },
  ])
})

const resource = { resource_id: 'x', resource_scopes: [] }

test('F-R-h: a flood of permission requests leaves room for introspection, PATs and resources', async () => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let arrived = 0
  const { services } = await scripted(
    async ({ path }) => {
      if (path === '/perm') {
        arrived++
        await gate
      }
      const answers = { '/perm': { ticket: 't' }, '/introspect': { active: true }, '/rreg/': { _id: 'r' } }
      return { status: path === '/introspect' ? 200 : 201, body: answers[path as '/perm'] }
    },
    { load: { concurrent: 4, waiting: 4 } },
  )
  const { api } = services
  // The PAT is there before the flood.
  await api.introspect('alice', 'first')
  const flood = Array.from({ length: 30 }, () => api.ticket('alice', [resource]).catch(({ cause }: Error) => cause))
  await expect.poll(() => arrived).toBe(2)
  expect(await api.introspect('alice', 'good')).toEqual({ active: true })
  expect(await api.introspect('bob', 'whose PAT is new')).toEqual({ active: true })
  expect(await api.create('alice', { resource_scopes: [] })).toEqual({ id: 'r' })
  release()
  const outcomes = await Promise.all(flood)
  // Half of those at once, and half of those that wait.
  expect(outcomes.filter((outcome) => outcome === 't')).toHaveLength(4)
  expect(outcomes.filter((outcome) => /bulkhead/i.test(String(outcome)))).toHaveLength(26)
})

test.each(['pat', 'client'] as const)(
  'F-R-h: tokens that introspection (by %s) fails at keep nobody from a ticket, and no other token from its answer',
  async (introspectionAuth) => {
    const { services, events } = await scripted(
      ({ path, body }) => {
        if (path !== '/introspect') return { status: 201, body: { ticket: 't', _id: 'r' } }
        return body.includes('token=good') ? { status: 200, body: { active: true } } : { status: 500 }
      },
      { dialect: { introspectionAuth }, load: { breaker: { failures: 5, openMs: 60_000 } } },
    )
    const { api } = services
    for (let i = 0; i < 7; i++) await failure(api.introspect('alice', `strange ${i}`))
    // One token that was active, and at which the server fails now.
    for (let i = 0; i < 7; i++) await failure(api.introspect('alice', 'known', true))
    expect(events.filter(({ type }) => type === 'breaker')).toEqual([])
    expect(await api.introspect('alice', 'good')).toEqual({ active: true })
    expect(await api.introspect('alice', 'good', true)).toEqual({ active: true })
    expect(await api.ticket('alice', [resource])).toBe('t')
    expect(await api.create('bob', { resource_scopes: [] })).toEqual({ id: 'r' })
    // Several known tokens in a row: the server is not well.
    for (let i = 0; i < 6; i++) await failure(api.introspect('alice', `known ${i}`, true))
    expect(events.filter(({ type }) => type === 'breaker')).toEqual([{ type: 'breaker', state: 'open' }])
    expect(await failure(api.introspect('alice', 'good', true))).not.toHaveProperty('status', 500)
    expect(await api.ticket('alice', [resource])).toBe('t')
  },
)
