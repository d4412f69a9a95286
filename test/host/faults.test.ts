/** An authorization server that fails in every way, behind a host of node:http (F-R-d, F-R-h, F-R-i, F-4.3-b). */

import { Agent, request } from 'node:http'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import type { HostOptions } from '../../src/host/index.ts'
import { guardNode } from '../../src/host/node.ts'
import type { FlowContext } from '../../src/index.ts'
import { umaChallenges } from '../../src/protocol/uma2/challenge.ts'
import { listen } from '../helpers/http.ts'
import { later } from '../helpers/later.ts'
import { repetitions } from '../helpers/long.ts'
import { stopwatch, until } from '../helpers/wait.ts'
import { hosted } from './hosted.ts'
import { type Fault, openRoad } from './road.ts'

const path = '/alice/1.jpg'
const photo = 'the photo'
/** Milliseconds that the host gives a call and a decision: a call that is well must not look slow on a busy machine. */
const timeouts = { request: 2_000, decision: 6_000 }
/** The longest that a request may wait: the time-out for a decision, and what the work itself takes. */
const most = timeouts.decision + 4_000

/** What nobody caught. Vitest would say so too; this says it in the test that it belongs to. */
let uncaught: unknown[] = []
beforeEach(() => {
  uncaught = []
  const note = (reason: unknown) => void uncaught.push(reason)
  process.on('unhandledRejection', note)
  return () => void process.off('unhandledRejection', note)
})

interface Got {
  status: number
  body: string
  ticket: string | undefined
  warning: string | undefined
  /** How long it waited, of a stopwatch. */
  ms: number
}

async function scene(options: Partial<HostOptions> = {}) {
  const road = await openRoad()
  const load = { breaker: { failures: 5, openMs: 150 } }
  const world = await hosted({ host: { fetch: road.fetch, timeouts, load, ...options } })
  await world.host.protect({ url: path, owner: 'alice' })
  const now = { host: world.host, served: 0 }
  const server = await listen((req, res) =>
    guardNode(now.host, (_req, out) => {
      now.served++
      out.end(photo)
    })(req, res),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const watch = stopwatch()
  onTestFinished(async () => {
    watch.stop()
    agent.destroy()
    await server.close()
  })
  /** One request to the host, over a kept connection. */
  const ask = (token?: string, method = 'GET'): Promise<Got> =>
    new Promise((resolve, reject) => {
      const begun = watch.ms()
      const headers = token ? { authorization: `Bearer ${token}` } : {}
      const sent = request({ host: '127.0.0.1', port: server.port, path, method, headers, agent }, (answer) => {
        let body = ''
        answer.setEncoding('latin1')
        answer.on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => {
          const { statusCode: status = 0, headers: got } = answer
          const challenge = umaChallenges(got['www-authenticate'] ?? '')[0]
          const warning = got.warning as string | undefined
          resolve({ status, body, ticket: challenge?.ticket, warning, ms: watch.ms() - begun })
        })
        answer.on('error', reject)
      })
      sent.on('error', reject)
      sent.end()
    })
  /** Another process takes over: it shares the storage, and knows nothing else. */
  const restart = () => {
    now.host = world.another()
  }
  return { ...world, road, ask, now, restart }
}

/** 403 without anything of the resource, in time. */
function unreachable(got: Got): void {
  expect([got.status, got.warning, got.ticket]).toEqual([
    403,
    '199 - "UMA Authorization Server Unreachable"',
    undefined,
  ])
  expect(got.body).not.toContain(photo)
  expect(got.ms).toBeLessThan(most)
}

/** Until the host has found out by itself that the authorization server is there again. */
async function recovered(ask: () => Promise<Got>): Promise<Got> {
  let got = await ask()
  await until(async () => {
    if (got.status === 403) got = await ask()
    return got.status !== 403
  }, 20)
  return got
}

const whileRunning: Fault[] = ['closed port', 'reset', 'slow', 'slow body', '500', 'HTML', 'PAT refused']

describe('F-R-d, F-R-h, F-4.3-b: 403 with Warning in time, and recovery by itself', () => {
  test.each(whileRunning)('%s, in mid-run', async (fault) => {
    const { road, ask, tokenFor, now } = await scene()
    const token = await tokenFor(path)
    road.fault = fault
    const answers = await Promise.all([...Array(10)].flatMap(() => [ask(), ask('stale'), ask(token)]))
    for (const got of answers) unreachable(got)
    expect(now.served).toBe(0)
    road.fault = undefined
    expect(await recovered(ask)).toMatchObject({ status: 401, ticket: expect.any(String) })
    expect(await recovered(() => ask(token))).toMatchObject({ status: 200, body: photo })
    expect(uncaught).toEqual([])
  })

  test.each([...whileRunning, 'wrong issuer'] as Fault[])('%s, when the host starts', async (fault) => {
    const { road, ask, tokenFor, now, restart } = await scene()
    const token = await tokenFor(path)
    restart()
    road.fault = fault
    for (const got of await Promise.all([ask(), ask('stale'), ask(token)])) unreachable(got)
    expect(now.served).toBe(0)
    road.fault = undefined
    expect(await recovered(ask)).toMatchObject({ status: 401, ticket: expect.any(String) })
    expect(await recovered(() => ask(token))).toMatchObject({ status: 200, body: photo })
    expect(uncaught).toEqual([])
  })

  test('who was let through before it went down is let through as long as that is remembered', async () => {
    const { road, ask, tokenFor } = await scene({ cache: { ttl: 60_000 } })
    const token = await tokenFor(path)
    expect((await ask(token)).status).toBe(200)
    road.fault = 'closed port'
    later(59_000)
    expect((await ask(token)).status).toBe(200)
    later(1_001)
    unreachable(await ask(token))
  })

  test('the breaker: opens, half-opens, closes; while it is open the authorization server is left alone', async () => {
    const { road, ask, events } = await scene({ load: { breaker: { failures: 3, openMs: 60_000 } } })
    await ask()
    road.fault = '500'
    for (let i = 0; i < 3; i++) unreachable(await ask())
    const { calls } = road
    await Promise.all([...Array(100)].map(() => ask()))
    expect(road.calls).toBe(calls)
    road.fault = undefined
    later(60_001)
    expect((await recovered(ask)).status).toBe(401)
    const states = events.flatMap((event) => (event.type === 'breaker' ? [event.state] : []))
    expect(states[0]).toBe('open')
    expect(states.slice(-2)).toEqual(['half-open', 'closed'])
  })

  test('F-R-i: the PAT is revoked in mid-run: a new one is had, once, and nobody notices', async () => {
    const { as, ask, clientId, events } = await scene()
    as.quirks.onePatPerClient = true
    expect((await ask()).status).toBe(401)
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'uma_protection' })
    const request = new Request(`${as.issuer}/token`, { method: 'POST', body })
    const context = {} as FlowContext
    await clientSecretBasic('photos-secret')(
      { issuer: as.issuer },
      { client_id: clientId },
      body,
      request.headers,
      context,
    )
    expect((await fetch(request)).status).toBe(200)
    const { patRequests } = as.stats
    const answers = await Promise.all([...Array(20)].map(() => ask()))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
    expect(as.stats.patRequests - patRequests).toBe(1)
    expect(events.filter(({ type }) => type === 'pat-rejected')).toHaveLength(1)
  })
})

/** More than 10,000 requests in `npm run test:long`. */
const series = { requests: repetitions(1_000, 10_000), rounds: repetitions(1, 2), phase: repetitions(60, 500) }

test(`F-R-b, F-R-d, F-R-h: more than ${series.requests} requests through a changing series of faults`, async () => {
  const { road, ask, rpt, now, restart } = await scene({ cache: { ttl: 400, negativeTtl: 200 } })
  const token = await rpt((await ask()).ticket ?? '')
  const kinds: (() => Promise<Got>)[] = [
    () => ask(token),
    () => ask(token),
    () => ask(),
    () => ask(token),
    () => ask('stale'),
    () => ask(token),
    () => ask(token, 'PUT'),
    () => ask(token),
  ]
  const seen = new Map<number, number>()
  let requests = 0
  let granted = 0

  function check(got: Got, permitted: boolean): void {
    seen.set(got.status, (seen.get(got.status) ?? 0) + 1)
    if (got.status === 200) {
      granted++
      expect([permitted, got.body]).toEqual([true, photo])
    } else if (got.status === 401) expect([permitted, typeof got.ticket]).toEqual([false, 'string'])
    else unreachable(got)
    if (got.status !== 200) expect(got.body).not.toContain(photo)
  }

  /** 32 at a time, so many of them and for longer than the breaker is open. */
  async function phase(fault: Fault | undefined): Promise<{ made: number; ms: number; calls: number; saw: number[] }> {
    seen.clear()
    road.fault = fault
    const { calls } = road
    const begun = performance.now()
    let made = 0
    const worker = async () => {
      while (made < series.phase || performance.now() - begun < 300) {
        const kind = made++ % kinds.length
        check(await (kinds[kind] as () => Promise<Got>)(), [0, 1, 3, 5, 7].includes(kind))
      }
    }
    await Promise.all(Array.from({ length: 32 }, worker))
    requests += made
    return { made, ms: performance.now() - begun, calls: road.calls - calls, saw: [...seen.keys()].sort() }
  }

  const faults = [...whileRunning, 'wrong issuer'] as Fault[]
  for (let round = 0; requests <= series.requests || round < series.rounds; round++) {
    for (const fault of faults) {
      if (fault === 'wrong issuer') restart()
      const bad = await phase(fault)
      expect(bad.saw, fault).toContain(403)
      // What takes an answer to be well is asked again for each request, three calls at most: call, new PAT, call. From what is down,
      // the host keeps away: those that were under way, and a probe each time that the breaker has been open.
      const answers = fault === 'HTML' || fault === 'PAT refused' || fault === 'wrong issuer'
      const most = answers ? 3 * bad.made : 3 * 32 + 5 + bad.ms / 150
      expect(bad.calls, `${fault}: calls for ${bad.made} requests`).toBeLessThanOrEqual(most)
      road.fault = undefined
      expect((await recovered(ask)).status).toBe(401)
    }
    const good = await phase(undefined)
    expect(good.saw).toEqual([200, 401])
    // One for each ticket; a token is asked for when what is known of it has run out, the tokens that are none sooner.
    expect(good.calls).toBeLessThanOrEqual(good.made * 0.5 + good.ms / 400 + good.ms / 200)
  }
  expect(requests).toBeGreaterThan(series.requests)
  expect(now.served).toBe(granted)
  expect(uncaught).toEqual([])
})
