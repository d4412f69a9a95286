/** UMA 1.0 and 1.0.1 from challenge to resource (core §3). */
import { describe, expect, test } from 'vitest'
import { uma1 } from '../../src/schemes/uma1.ts'
import { photoApp } from '../helpers/am/authorization-manager.ts'
import {
  bearerOf,
  jsonOf,
  managersPerson,
  name,
  programs,
  queryOf,
  REDIRECT_URI,
  sentTo,
  shown,
  startAmWorld,
  umaRejection,
  waysIn,
} from './kit.ts'

const grant = () => 'grant' as const

describe.each(['1.0', '1.0.1'] as const)('UMA %s', (era) => {
  test.each(waysIn)('a resource, by $name: sign-in, one RPT, then nothing more', async ({ attach }) => {
    const world = await startAmWorld(era)
    const send = attach(world.requester(uma1()))
    expect(await send(world.host.origin + name)).toMatchObject({ status: 200, text: expect.stringContaining('alice') })
    expect(programs(world)).toEqual([
      `GET host ${name} ${era === '1.0' ? 403 : 401}`,
      'GET am /.well-known/uma-configuration 200',
      'POST am /token 200',
      'POST am /rpt 200',
      `GET host ${name} 200`,
    ])
    world.recorder.clear()
    expect((await send(world.host.origin + name)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${name} 200`])
  })

  test.each(waysIn)(
    'U1-3.3.1-a a challenge that is not for us leaves the answer unread, by $name',
    async ({ attach }) => {
      const world = await startAmWorld(era, {
        host: {
          quirks: { ticketIn: 'body', insufficientStatus: 403, tokenlessStatus: 403, header: () => 'Bearer realm="x"' },
        },
      })
      const send = attach(world.requester(uma1()))
      const { status, text } = await send(world.host.origin + name)
      expect([status, Object.keys(JSON.parse(text))]).toEqual([403, ['ticket']])
      expect(world.lines()).toEqual([`GET host ${name} 403`])
    },
  )
})

test('U1-1.3.2-a the AAT: scope uma_authorization, once per party, client and issuer', async () => {
  const world = await startAmWorld('1.0.1')
  const alice = managersPerson('alice')
  const requester = world.requester(uma1(), { requestingParty: 'alice', onRedirect: alice })
  for (const path of [name, '/alice/1.jpg']) expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect(alice.asked.length).toBe(1)
  const { scope, client_id, code_challenge_method, redirect_uri } = queryOf({ path: alice.asked[0]?.url ?? '' })
  expect({ scope, client_id, code_challenge_method, redirect_uri }).toEqual({
    scope: 'uma_authorization',
    client_id: photoApp.id,
    code_challenge_method: 'S256',
    redirect_uri: REDIRECT_URI,
  })
  expect(new Set(world.to('/rpt').map(bearerOf)).size).toBe(1)
})

test('U1-1.3.2-a two parties at once: each its own AAT and RPT, never crossed', async () => {
  const world = await startAmWorld('1.0.1', { am: { policy: grant } })
  const people = { alice: managersPerson('alice'), bob: managersPerson('bob') }
  const app = world.requester(uma1(), {
    requestingParty: 'nobody',
    onRedirect: (asked) => people[asked.requestingParty as 'alice'](asked),
  })
  const paths = ['/alice/1.jpg', '/bob/1.jpg', '/carol/1.jpg']
  const sent = ['alice', 'bob'].flatMap((party) => paths.map((path) => app.as(party).fetch(world.host.origin + path)))
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(6).fill(200))
  expect([people.alice.asked.length, people.bob.asked.length]).toEqual([1, 1])
  for (const request of world.to('/rpt')) {
    const { party } = world.am.state.aats.get(bearerOf(request)) ?? {}
    const { rpt } = jsonOf(request)
    if (rpt) expect(world.am.state.rpts.get(rpt)?.party).toBe(party)
  }
  const rptsOf = (party: string) => [...world.am.state.rpts.values()].filter((rpt) => rpt.party === party && rpt.valid)
  expect([rptsOf('alice').length, rptsOf('bob').length]).toEqual([1, 1])
})

test('U1-1.3.3-a, U1-3.5.3-a one RPT for all owners at a host, replaced in store', async () => {
  const world = await startAmWorld('1.0.1', { am: { policy: grant } })
  const requester = world.requester(uma1())
  const paths = ['/alice/1.jpg', '/bob/1.jpg', '/alice/2.jpg']
  for (const path of paths) expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  const [first, second, third] = sentTo(world, '/rpt')
  expect(first.rpt).toBeUndefined()
  expect([second.rpt, third.rpt].every((rpt) => world.am.state.rpts.get(rpt)?.valid === false)).toBe(true)
  world.recorder.clear()
  for (const path of paths) expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect(world.lines()).toEqual(paths.map((path) => `GET host ${path} 200`))
})

test('U1-3.5.3-a the same string again, with more in it', async () => {
  const world = await startAmWorld('1.0.1', { am: { policy: grant, quirks: { grantedRpt: 'same' } } })
  const requester = world.requester(uma1())
  for (const path of ['/alice/1.jpg', '/bob/1.jpg']) await requester.fetch(world.host.origin + path)
  expect(world.am.state.rpts.size).toBe(1)
  expect((await requester.fetch(`${world.host.origin}/alice/1.jpg`)).status).toBe(200)
})

test('U1-3.5.1-a what goes to rpt_endpoint', async () => {
  const world = await startAmWorld('1.0.1')
  await world.requester(uma1()).fetch(world.host.origin + name)
  const [request] = world.to('/rpt')
  expect(request?.headers).toMatchObject({ 'content-type': expect.stringContaining('application/json') })
  const [aat] = world.am.state.aats.keys()
  expect(request?.headers.authorization).toBe(`Bearer ${aat}`)
  expect(Object.keys(jsonOf(request as never))).toEqual(['ticket'])
})

describe('U1-3.3.1-a where the challenge is', () => {
  test.each([
    ['401 in the header', '1.0.1', {}],
    ['403 in the header', '1.0.1', { tokenlessStatus: 403 }],
    ['403 in header and body', '1.0.1', { tokenlessStatus: 403, ticketIn: 'both' }],
    ['403 in the body', '1.0', {}],
    ['W08 a comma missing', '1.0', { missingComma: true }],
    ['W12 insufficient_scope', '1.0.1', { sayInsufficient: true }],
    ['as_uri is the configuration', '1.0.1', { issuer: (issuer: string) => `${issuer}/.well-known/uma-configuration` }],
  ] as const)('%s', async (_what, era, quirks) => {
    const world = await startAmWorld(era, { am: { policy: grant }, host: { quirks } })
    const requester = world.requester(uma1())
    for (const path of ['/alice/1.jpg', '/alice/2.jpg'])
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  })

  test('401 with a ticket in the body only: not continuable', async () => {
    const world = await startAmWorld('1.0.1', { host: { quirks: { ticketIn: 'body' } } })
    const answer = await world.requester(uma1()).fetch(world.host.origin + name)
    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([401, ['ticket']])
  })

  test('HEAD: a ticket in the body cannot be had', async () => {
    const world = await startAmWorld('1.0')
    expect((await world.requester(uma1()).fetch(world.host.origin + name, { method: 'HEAD' })).status).toBe(403)
    expect(world.to('/rpt')).toEqual([])
  })

  test('preflight with the ticket in the body: the request itself brings it', async () => {
    const world = await startAmWorld('1.0')
    const answer = await world.requester(uma1()).fetch(world.host.origin + name, { uma: { preflight: true } })
    expect(answer.status).toBe(200)
  })

  test('a write', async () => {
    const world = await startAmWorld('1.0')
    const send = world.requester(uma1()).fetch
    expect((await send(world.host.origin + name, { method: 'PUT', body: 'Alicja' })).status).toBe(200)
    expect(world.host.written).toEqual([{ path: name, body: 'Alicja' }])
  })
})

test('U1-3.3.2-a the AS was not reached: that answer, and an event', async () => {
  const world = await startAmWorld('1.0.1', { host: { quirks: { unreachable: true } } })
  expect((await world.requester(uma1()).fetch(world.host.origin + name)).status).toBe(403)
  expect(world.events.map(({ type }) => type)).toEqual(['authorization-server-unreachable'])
})

describe('U1-3.2.2-a tickets are not single use', () => {
  test('after need_info and a redirect, the same ticket', async () => {
    const world = await startAmWorld('1.0.1', {
      am: { policy: ({ gathered }) => (gathered ? 'grant' : { redirectUser: true }) },
    })
    expect((await world.requester(uma1()).fetch(world.host.origin + name)).status).toBe(200)
    const tickets = sentTo(world, '/rpt').map(({ ticket }) => ticket)
    expect(tickets.length).toBe(2)
    expect(new Set(tickets).size).toBe(1)
    expect(world.am.state.tickets.size).toBe(1)
    expect(shown(world)).toEqual(['/authorize', '/rqp_claims'])
  })

  test('but several requests for one place spend one', async () => {
    const world = await startAmWorld('1.0.1')
    const requester = world.requester(uma1())
    const all = await Promise.all(Array.from({ length: 5 }, () => requester.fetch(world.host.origin + name)))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(world.to('/rpt').length).toBe(1)
    expect(shown(world)).toEqual(['/authorize'])
  })
})

test('nobody to sign in: interaction_required, and nothing was sent to rpt_endpoint', async () => {
  const world = await startAmWorld('1.0.1')
  const requester = world.requester(uma1())
  const error = await umaRejection(requester.fetch(world.host.origin + name, { uma: { interactive: false } }))
  expect(error.code).toBe('interaction_required')
  expect(world.to('/rpt')).toEqual([])
  expect((await requester.fetch(world.host.origin + name)).status).toBe(200)
})
