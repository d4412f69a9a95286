/** A refused PCT, RPT or ticket is dropped or left out, and the request is sent again once for a fresh ticket. */

import { describe, expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { type AuthorizationServerQuirks, denyAll, onlySubjects, products } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import { holdTokens } from '../requester/kit.ts'
import { byFetch, type Send, waysIn } from '../ways-in/kit.ts'
import { claim, hostSends, path, rejection, tick, tokenRequests, umaErrorOf, umaRejection, until } from './kit.ts'

type Quirks = Partial<AuthorizationServerQuirks>
const other = '/alice/2.jpg'
const short: Quirks = { ticketLifetimeMs: 1, delayMs: { discovery: 20, token: 20 } }

/** Answers the first token requests from a list, and the rest as usual. */
function refusing(world: World, ...answers: { status: number; error: string }[]): void {
  const { quirks } = world.as
  const queue = [...answers]
  world.as.policy = () => {
    const next = queue.shift()
    return next ? { error: next.error, status: next.status } : 'grant'
  }
  quirks.errorAnswer = undefined
}

/** A world where an RPT and a PCT are held already. */
async function held(
  options: WorldOptions = {},
  more: Partial<RequesterOptions> = {},
  attach = byFetch.attach,
): Promise<{ world: World; send: Send }> {
  const world = await startWorld({ ...options, as: { policy: onlySubjects(['alice']), ...options.as } })
  const send = attach(world.requester({ claims: () => claim(), ...more }))
  expect((await send(world.host.origin + path)).status).toBe(200)
  world.recorder.clear()
  world.events.length = 0
  return { world, send }
}

describe.each(waysIn)('$name', ({ attach }) => {
  test('G-3.3.6-a: an expired ticket: one fresh one, and the request is answered', async () => {
    const world = await startWorld({ as: { quirks: { ...short } } })
    world.as.quirks.errorAnswer = (answer) => {
      world.as.quirks.ticketLifetimeMs = 60_000
      return answer
    }
    const send = attach(world.requester())
    const sent = send(world.host.origin + path)
    expect((await sent).status).toBe(200)
    expect(world.lines().filter((line) => !line.includes('well-known'))).toEqual([
      `GET host ${path} 401`,
      'POST as /token 400',
      `GET host ${path} 401`,
      'POST as /token 200',
      `GET host ${path} 200`,
    ])
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test.each([
    ['invalid_grant', 400],
    ['invalid_ticket', 403],
    ['expired_ticket', 400],
    ['invalid_rpt', 400],
    ['invalid_rpt', 403],
    ['invalid_pct', 401],
  ])('%s %i: one fresh ticket, and it goes on', async (error, status) => {
    const { world, send } = await held({}, {}, attach)
    refusing(world, { status, error })
    expect((await send(world.host.origin + other)).status).toBe(200)
    expect([hostSends(world).length, tokenRequests(world).length, world.as.stats.ticketsReplayed]).toEqual([3, 2, 0])
    // One flow, two tickets: within the budget of one.
    expect(world.events.filter(({ type }) => type === 'flow-started').length).toBe(1)
  })
})

describe('what is dropped, what is left out', () => {
  test.each([
    ['invalid_rpt', 403, [false, true], [false, true]],
    ['invalid_pct', 401, [true, false], [true, false]],
    ['invalid_grant', 400, [false, true], [true, true]],
  ] as const)('%s: with the fresh ticket go [rpt, pct] %j, in the next flow %j', async (error, status, fresh, next) => {
    const { world, send } = await held({ as: { quirks: { upgrade: 'same-string', pctOff: false } } })
    refusing(world, { status, error })
    // No new PCT in the answers from here on: what is sent next was held before.
    world.as.quirks.tokenAnswer = ({ pct: _pct, ...json }) => json
    await send(world.host.origin + other)
    world.as.policy = () => 'grant'
    const sent = (): boolean[][] => tokenRequests(world).map((form) => [form.has('rpt'), form.has('pct')])
    expect(sent()).toEqual([[true, true], fresh])
    world.recorder.clear()
    await send(`${world.host.origin}/alice/3.jpg`)
    expect(sent()[0]?.[1]).toBe(next[1])
  })

  test('a bad rpt is not presented at the host either', async () => {
    const { world, send } = await held({ as: { quirks: { badRpt: 'invalid_rpt-403' } } })
    refusing(world, { status: 403, error: 'invalid_rpt' })
    const bad = (): string | undefined => tokenRequests(world)[0]?.get('rpt') ?? undefined
    await send(world.host.origin + other)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'rpt-dropped', reason: 'refused' }))
    const rpt = bad() as string
    world.recorder.clear()
    for (const one of [path, other, '/alice/3.jpg']) expect((await send(world.host.origin + one)).status).toBe(200)
    expect(world.recorder.containing(rpt)).toEqual([])
  })

  test('Gluu: a PCT that has run out (401 invalid_pct)', async () => {
    const { world, send } = await held({
      as: { quirks: { ...products.gluu, redirectUserStyle: 'plain', pctLifetimeMs: 60_000 } },
    })
    later(61_000)
    expect((await send(world.host.origin + other)).status).toBe(200)
    expect(tokenRequests(world).map((form) => [form.has('pct'), form.has('claim_token')])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ])
    world.recorder.clear()
    expect((await send(`${world.host.origin}/alice/3.jpg`)).status).toBe(200)
    expect(tokenRequests(world).map((form) => form.has('pct'))).toEqual([true])
  })

  test('431 at the host: dropped, sent without, and not upgraded', async () => {
    const { world, send } = await held({ as: { quirks: { growRpt: 1000 } } })
    world.host.quirks.rptTooLong = 500
    world.as.quirks.growRpt = 0
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect([hostSends(world).map(({ status }) => status), tokenRequests(world).map((form) => form.has('rpt'))]).toEqual(
      [[431, 401, 200], [false]],
    )
    world.recorder.clear()
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('431 without an RPT is an answer like any other', async () => {
    const world = await startWorld()
    world.host.quirks.answer = () => ({ status: 431 })
    expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(431)
    expect(world.lines()).toEqual([`GET host ${path} 431`])
  })
})

describe('at most once', () => {
  test.each(['invalid_grant', 'invalid_rpt', 'invalid_pct'])(
    '%s for ever: two token requests, then that error; maxFlowsPerRequest makes no difference',
    async (error) => {
      for (const maxFlowsPerRequest of [1, 5]) {
        const { world, send } = await held({}, { maxFlowsPerRequest })
        world.as.policy = () => ({ error, status: 400 })
        expect((await umaRejection(send(world.host.origin + other))).code).toBe(error)
        expect([tokenRequests(world).length, hostSends(world).length, world.as.stats.ticketsReplayed]).toEqual([
          2, 2, 0,
        ])
      }
    },
  )

  test('one after the other (rpt, then pct): one of them', async () => {
    const { world, send } = await held()
    refusing(world, { status: 403, error: 'invalid_rpt' }, { status: 401, error: 'invalid_pct' })
    expect((await umaRejection(send(world.host.origin + other))).code).toBe('invalid_pct')
    expect(tokenRequests(world).length).toBe(2)
    // Both are gone: the next request goes through.
    expect((await send(world.host.origin + other)).status).toBe(200)
  })

  test('the flow that recovered counts as one: MaxFlowsReachedError.flows', async () => {
    const { world, send } = await held(
      { host: { quirks: { requireExtraFlows: ({ path: at }) => (at === other ? 9 : 0) } } },
      { maxFlowsPerRequest: 2 },
    )
    refusing(world, { status: 400, error: 'invalid_grant' })
    const error = umaErrorOf(await rejection(send(world.host.origin + other)))
    expect(error).toMatchObject({ code: 'max_flows_reached', flows: 2 })
    expect(tokenRequests(world).length).toBe(3)
  })

  test('the host answers otherwise the second time: that is the answer', async () => {
    const { world, send } = await held()
    refusing(world, { status: 400, error: 'invalid_grant' })
    let sends = 0
    world.host.quirks.answer = (answer, { path: at }) =>
      at === other && sends++ > 0 ? { status: 503, body: 'later' } : answer
    expect(await send(world.host.origin + other)).toEqual({ status: 503, text: 'later' })
    expect(tokenRequests(world).length).toBe(1)
  })
})

describe('a body that can be read only once', () => {
  const stream = (): RequestInit => ({ method: 'PUT', body: new Blob(['once']).stream() })
  test('no fresh ticket: the error, and nothing is sent empty', async () => {
    const { world, send } = await held()
    refusing(world, { status: 400, error: 'invalid_grant' })
    expect((await umaRejection(send(world.host.origin + other, stream() as object))).code).toBe('invalid_grant')
    expect([hostSends(world).length, tokenRequests(world).length, world.host.bodies]).toEqual([1, 1, []])
  })
  test('with uma.body: it goes on', async () => {
    const { world, send } = await held()
    refusing(world, { status: 400, error: 'invalid_grant' })
    expect((await send(world.host.origin + other, { method: 'PUT', uma: { body: () => 'made anew' } })).status).toBe(
      200,
    )
    expect(world.host.bodies.map(({ bytes }) => bytes.toString())).toEqual(['made anew'])
  })
})

describe('a no is a no', () => {
  test.each(['spec', 'keycloak', 'gluu', 'gravitee', 'solidlab', 'openam'] as const)(
    '%s: RequestDeniedError, one token request, one send',
    async (denial) => {
      const { world, send } = await held({ as: { quirks: { denial } } })
      world.as.policy = denyAll
      const error = await umaRejection(send(world.host.origin + other))
      expect(error).toMatchObject({ name: 'RequestDeniedError', code: 'request_denied', issuer: world.as.issuer })
      expect([hostSends(world).length, tokenRequests(world).length]).toEqual([1, 1])
      // What is held stays good for what it opened.
      world.recorder.clear()
      expect((await send(world.host.origin + path)).status).toBe(200)
      expect(world.lines()).toEqual([`GET host ${path} 200`])
    },
  )
})

test('an upload that cannot be sent again leads: it fails alone, and those who wait recover', async () => {
  const world = await startWorld()
  refusing(world, { status: 400, error: 'invalid_grant' })
  const release = holdTokens(world)
  const requester = world.requester()
  const put = (body: BodyInit) =>
    requester.fetch(`${world.host.origin}/alice/note.txt`, { method: 'PUT', body, duplex: 'half' } as RequestInit)
  const stream = rejection(put(new Blob(['stream']).stream()))
  await until(() => tokenRequests(world).length === 1)
  const text = put('text')
  await until(() => hostSends(world).length === 2)
  await tick(30)
  release()
  expect(await stream).toMatchObject({ code: 'invalid_grant' })
  expect((await text).status).toBeLessThan(300)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})
