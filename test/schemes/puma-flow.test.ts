/** Puma's requester from the first HEAD to the resource (P-1 to P-16). */
import { describe, expect, test } from 'vitest'
import { puma } from '../../src/schemes/puma.ts'
import { bearerOf, jsonOf, managersPerson, name, programs, shown, startAmWorld, umaRejection, waysIn } from './kit.ts'

const ticketPath = '/api/uma/permissions_grant/ticket'

describe.each(waysIn)('$name', ({ attach }) => {
  test('P-1 to P-14: Alice reads her own', async () => {
    const world = await startAmWorld('puma')
    const send = attach(world.requester(puma()))
    const answer = await send(world.host.origin + name, { uma: { preflight: true } })
    expect(JSON.parse(answer.text)).toEqual({ path: name, owner: 'alice' })
    expect(programs(world)).toEqual([
      `HEAD host ${name} 401`,
      'GET am /.well-known/uma-configuration 200',
      'POST am /oauth/token 200',
      'POST am /oauth/token 201',
      `HEAD host ${name} 403`,
      `POST am ${ticketPath} 200`,
      `HEAD host ${name} 200`,
      `GET host ${name} 200`,
    ])
    expect(shown(world)).toEqual(['/oauth/authorize', '/claims'])
    world.recorder.clear()
    expect((await send(world.host.origin + name)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${name} 200`])
  })

  test('P-13 Bob asks Alice: pending, and when she has agreed it just works', async () => {
    const world = await startAmWorld('puma')
    const send = attach(world.requester(puma(), { onRedirect: managersPerson('bob') }))
    expect((await umaRejection(send(world.host.origin + name))).code).toBe('request_submitted')
    expect(world.am.agree('alice', 'bob')).toBe(true)
    world.recorder.clear()
    expect((await send(world.host.origin + name)).status).toBe(200)
    expect(programs(world)).toEqual([`GET host ${name} 403`, `POST am ${ticketPath} 201`, `GET host ${name} 200`])
    expect(shown(world)).toEqual([])
  })

  test('P-14 an update', async () => {
    const world = await startAmWorld('puma')
    const send = attach(world.requester(puma()))
    expect((await send(world.host.origin + name, { method: 'PUT', body: 'Alicja' })).status).toBe(200)
    expect(world.host.written).toEqual([{ path: name, body: 'Alicja' }])
  })
})

test('P-1 without a preflight, the request itself is challenged', async () => {
  const world = await startAmWorld('puma')
  expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
  const [first] = world.recorder.to('host')
  expect([first?.method, first?.headers.authorization]).toEqual(['GET', undefined])
})

describe('P-2 the challenge', () => {
  test('one flow, from the first 401 to the 200', async () => {
    const world = await startAmWorld('puma')
    await world.requester(puma()).fetch(world.host.origin + name, { uma: { maxFlowsPerRequest: 1 } })
    const flows = world.events.flatMap((event) => (event.type === 'flow-started' ? [event] : []))
    expect(flows.length).toBe(1)
  })

  test.each([
    ['a comma missing (W09)', { missingComma: true }],
    ['am_uri is the configuration', { issuer: (issuer: string) => `${issuer}/.well-known/uma-configuration` }],
    ['a slash more', { issuer: (issuer: string) => `${issuer}/` }],
    ['a ticket from the start', { ticketAtFirst: true }],
    ['insufficient is 401 (03B)', { insufficientStatus: 401, ticketIn: 'body' }],
  ] as const)('%s', async (_what, quirks) => {
    const world = await startAmWorld('puma', { host: { quirks } })
    expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
  })

  test('host_id goes to the manager', async () => {
    const world = await startAmWorld('puma')
    await world.requester(puma()).fetch(world.host.origin + name)
    const issued = world.to('/oauth/token').at(-1)
    expect(new URLSearchParams(issued?.body.toString()).get('host_id')).toBe(world.host.id)
  })

  test('host_id of another host: refused, and nothing is sent to the manager', async () => {
    const world = await startAmWorld('puma', { host: { quirks: { hostId: 'pumahostone.appspot.com' } } })
    await world
      .requester(puma())
      .fetch(world.host.origin + name)
      .catch(() => {})
    expect(programs(world)).toEqual([`GET host ${name} 401`])
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'challenge-refused', reason: 'host-id' }))
  })

  test('host_id of another host, which the application knows by that name', async () => {
    const world = await startAmWorld('puma', { host: { quirks: { hostId: 'pumahostone.appspot.com' } } })
    await world
      .requester(puma({ hostId: (named) => (named === 'pumahostone.appspot.com' ? named : undefined) }))
      .fetch(world.host.origin + name)
      .catch(() => {})
    const issued = world.to('/oauth/token').at(-1)
    expect(new URLSearchParams(issued?.body.toString()).get('host_id')).toBe('pumahostone.appspot.com')
  })

  test('no host_id: the host of the resource', async () => {
    const world = await startAmWorld('puma', {
      host: { quirks: { header: (usual) => usual.replace(/host_id="[^"]*", /, '') } },
    })
    expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
  })

  test('a name that the application does not accept: nothing is sent to the manager', async () => {
    const world = await startAmWorld('puma', { host: { quirks: { hostId: 'bank.example' } } })
    const scheme = puma({ hostId: (named, resource) => (named === new URL(resource).host ? named : undefined) })
    await world
      .requester(scheme)
      .fetch(world.host.origin + name)
      .catch(() => {})
    expect(programs(world)).toEqual([`GET host ${name} 401`])
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'challenge-refused', reason: 'host-id' }))
  })

  test('a 403 without a ticket is no challenge: that answer', async () => {
    const world = await startAmWorld('puma', {
      host: { quirks: { header: (usual) => usual.replace(/, ticket="[^"]*"/, '') } },
    })
    const answer = await world.requester(puma()).fetch(world.host.origin + name)
    expect([answer.status, world.to(ticketPath).length]).toEqual([403, 0])
  })

  test('a host that never gives a ticket: bounded', async () => {
    const world = await startAmWorld('puma', {
      host: { quirks: { insufficientStatus: 401, header: (usual) => usual.replace(/, ticket="[^"]*"/, '') } },
    })
    expect((await umaRejection(world.requester(puma()).fetch(world.host.origin + name))).code).toBe('max_flows_reached')
    expect(world.to('/oauth/token').length).toBeLessThan(4)
  })
})

describe('P-6 an RPT per host', () => {
  test('from requester_token_endpoint, by the AAT', async () => {
    const world = await startAmWorld('puma')
    await world.requester(puma()).fetch(world.host.origin + name)
    const [, issued] = world.to('/oauth/token')
    const [aat] = world.am.state.aats.keys()
    expect(issued?.headers).toMatchObject({
      authorization: `Bearer ${aat}`,
      accept: expect.stringContaining('application/uma-access-token+json'),
    })
    expect(issued?.body.toString()).toBe(new URLSearchParams({ host_id: world.host.id }).toString())
  })

  test.each(['rpt', 'token'] as const)('the member is %s, the status 200 or 201', async (rptMember) => {
    for (const issueStatus of [200, 201] as const) {
      const world = await startAmWorld('puma', { am: { quirks: { rptMember, issueStatus } } })
      expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
    }
  })

  test('from rpt_endpoint where the configuration has one', async () => {
    const world = await startAmWorld('puma', { am: { quirks: { issueAt: 'rpt_endpoint' } } })
    expect((await world.requester(puma()).fetch(world.host.origin + name)).status).toBe(200)
    expect(world.to('/api/uma/rpt').length).toBe(1)
  })

  test('from where the application says, as it says', async () => {
    const world = await startAmWorld('puma', {
      am: { quirks: { issueAt: 'rpt_endpoint', configuration: ({ rpt_endpoint, ...rest }) => rest } },
    })
    const scheme = puma({
      rptEndpoint: `${world.am.issuer}/api/uma/rpt`,
      rptRequest: (hostId) => ({ json: { host_id: hostId }, headers: { 'content-type': 'application/uma+json' } }),
    })
    expect((await world.requester(scheme).fetch(world.host.origin + name)).status).toBe(200)
    const [issued] = world.to('/api/uma/rpt')
    expect([issued?.headers['content-type'], jsonOf(issued as never)]).toEqual([
      'application/uma+json',
      { host_id: world.host.id },
    ])
  })

  test('one for all resources of a host', async () => {
    const world = await startAmWorld('puma')
    const requester = world.requester(puma())
    for (const path of [name, '/api/people/alice/address', '/api/people/alice/school'])
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    expect(world.am.state.rpts.size).toBe(1)
  })

  test.each(['challenge', 'plain-401'] as const)(
    'forgotten by the manager (the host says %s): a new one',
    async (unknownToken) => {
      const world = await startAmWorld('puma', { host: { quirks: { unknownToken } } })
      const requester = world.requester(puma())
      await requester.fetch(world.host.origin + name)
      world.am.state.rpts.clear()
      expect((await requester.fetch(world.host.origin + name)).status).toBe(200)
      expect(world.am.state.rpts.size).toBe(1)
    },
  )

  test('an answer that holds none', async () => {
    const world = await startAmWorld('puma')
    world.am.quirks.answer = (usual) => (usual.status === 201 ? { status: 201, body: {} } : undefined)
    expect((await umaRejection(world.requester(puma()).fetch(world.host.origin + name))).code).toBe(
      'invalid_token_response',
    )
  })
})

test('P-7, P-14 the same RPT, before and after the upgrade', async () => {
  const world = await startAmWorld('puma')
  await world.requester(puma()).fetch(world.host.origin + name)
  const tokens = world.recorder.to('host').map(bearerOf)
  expect(tokens).toEqual(['', ...Array(2).fill([...world.am.state.rpts.keys()][0])])
})

test.each(['header', 'body', 'both'] as const)('P-8 the ticket in %s', async (ticketIn) => {
  for (const preflight of [true, false]) {
    const world = await startAmWorld('puma', { host: { quirks: { ticketIn } } })
    expect((await world.requester(puma()).fetch(world.host.origin + name, { uma: { preflight } })).status).toBe(200)
    expect(world.am.state.rpts.size).toBe(1)
  }
})

test('two people at once: each their own AAT and RPT, never crossed', async () => {
  const world = await startAmWorld('puma')
  const people = { alice: managersPerson('alice'), bob: managersPerson('bob') }
  const app = world.requester(puma(), {
    requestingParty: 'nobody',
    onRedirect: (asked) => people[asked.requestingParty as 'alice'](asked),
  })
  const paths = ['name', 'address', 'school']
  const own = (party: string) =>
    paths.map((path) => app.as(party).fetch(`${world.host.origin}/api/people/${party}/${path}`))
  const answers = await Promise.all([...own('alice'), ...own('bob')])
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
    ['alice', 'bob'].flatMap((owner) => paths.map((path) => ({ path: `/api/people/${owner}/${path}`, owner }))),
  )
  for (const request of world.to(ticketPath)) {
    const { party } = world.am.state.aats.get(bearerOf(request)) ?? {}
    expect(world.am.state.rpts.get(jsonOf(request).rpt)?.party).toBe(party)
  }
  expect([world.am.state.aats.size, world.am.state.rpts.size]).toEqual([2, 2])
})
