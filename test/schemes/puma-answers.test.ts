/** What an authorization manager may answer, and what is done about it (P-9 to P-16). */
import { describe, expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { createRequester } from '../../src/index.ts'
import { puma } from '../../src/schemes/puma.ts'
import type { AuthorizationManagerOptions } from '../helpers/am/authorization-manager.ts'
import { nameLoopback } from '../helpers/loopback-names.ts'
import {
  bearerOf,
  jsonOf,
  managersPerson,
  name,
  queryOf,
  REDIRECT_URI,
  shown,
  startAmWorld,
  umaRejection,
  visitManager,
} from './kit.ts'

const ticketPath = '/api/uma/permissions_grant/ticket'

async function cast(
  am: Partial<AuthorizationManagerOptions> = {},
  more: Partial<RequesterOptions> = {},
  scheme = puma(),
) {
  const world = await startAmWorld('puma', { am })
  const requester = world.requester(scheme, more)
  return { world, am: world.am, get: () => requester.fetch(world.host.origin + name), requester }
}

describe('P-9 the ticket to the manager', () => {
  test('JSON, by the AAT', async () => {
    const { world, am, get } = await cast()
    await get()
    const [asked] = world.to(ticketPath)
    const only = (map: ReadonlyMap<string, unknown>): string | undefined => [...map.keys()][0]
    const [rpt, ticket, aat] = [only(am.state.rpts), only(am.state.tickets), only(am.state.aats)]
    expect([asked?.headers['content-type'], jsonOf(asked as never), bearerOf(asked as never)]).toEqual([
      'application/json',
      { rpt, ticket },
      aat,
    ])
  })

  test('as the application says', async () => {
    const world = await startAmWorld('puma')
    const scheme = puma({
      ticketEndpoint: `${world.am.issuer}${ticketPath}`,
      ticketRequest: ({ rpt, ticket }) => ({
        json: { rpt, ticket, more: 1 },
        headers: { 'content-type': 'application/uma-x+json' },
      }),
    })
    expect((await world.requester(scheme).fetch(world.host.origin + name)).status).toBe(200)
    const [asked] = world.to(ticketPath)
    expect([asked?.headers['content-type'], jsonOf(asked as never).more]).toEqual(['application/uma-x+json', 1])
  })
})

describe('P-10 claims', () => {
  test.each([200, 401, 403] as const)('a list or claims_requested, with %i', async (claimsStatus) => {
    for (const claimsShape of ['array', 'claims_requested'] as const) {
      const { get } = await cast({ quirks: { claimsStatus, claimsShape } })
      expect((await get()).status).toBe(200)
    }
  })

  test('another kind of claim: need_info', async () => {
    const { get } = await cast({ policy: () => ({ status: 200, body: [{ claim_type: 'telepathy' }] }) })
    expect((await umaRejection(get())).code).toBe('need_info')
  })

  test.each(['javascript:alert(1)', 'http://am.example/claims', 'https://user:pass@am.example/', '/claims'])(
    'P-16 nobody is sent to %s',
    async (claim_value) => {
      const alice = managersPerson()
      const { get } = await cast(
        { policy: () => ({ status: 200, body: [{ claim_type: 'redirect_required', claim_value }] }) },
        { onRedirect: alice },
      )
      expect((await umaRejection(get())).code).toBe('redirect_failed')
      expect(alice.asked.length).toBe(1)
    },
  )
})

describe('P-11 granted at once', () => {
  test.each([
    ['the same RPT', {}],
    ['as rpt, with 200', { rptMember: 'rpt', grantStatus: 200 }],
    ['a new one', { grantedRpt: 'new' }],
    ['an empty 201', { grant: 'empty' }],
    ['an empty 200', { grant: 'empty', grantStatus: 200 }],
    ['a 204', { grant: 'empty', grantStatus: 204 }],
  ] as const)('%s', async (_what, quirks) => {
    const { world, get } = await cast({ quirks: { direct: true, ...quirks } })
    for (const _ of [1, 2]) expect((await get()).status).toBe(200)
    expect(shown(world)).toEqual(['/oauth/authorize'])
    expect(world.to(ticketPath).length).toBe(1)
  })
})

describe('P-12, P-13 the redirect', () => {
  test('the way back is in the URL, with our state', async () => {
    const alice = managersPerson()
    const { get } = await cast({}, { onRedirect: alice })
    await get()
    const { redirect_uri, session } = queryOf({ path: alice.asked[1]?.url ?? '' })
    expect(redirect_uri).toBe(`${REDIRECT_URI}?state=${alice.asked[1]?.state}`)
    expect(session).toBeDefined()
  })

  test('P-16 a manager that goes to the registered URL, without our state: not accepted', async () => {
    const { world, get } = await cast({ quirks: { registeredReturn: true } })
    expect((await umaRejection(get())).code).toBe('invalid_state')
    expect(world.recorder.to('host').map(({ status }) => status)).toEqual([401, 403])
  })

  test('a redirect URI with a query of its own', async () => {
    const { get } = await cast({}, { redirectUri: `${REDIRECT_URI}?keep=this` })
    expect((await get()).status).toBe(200)
  })

  test.each(['ok', 'Success', 'GRANTED', 'true', '1', 'whatever'])(
    'claim_status=%s: the resource tells',
    async (claimStatus) => {
      const { get } = await cast({ quirks: { claimStatus } })
      expect((await get()).status).toBe(200)
    },
  )

  test('claim_status of a person who is not let in: once more, then the host has said no', async () => {
    const { world, get } = await cast({ quirks: { claimStatus: 'failed' } }, { onRedirect: managersPerson('bob') })
    expect((await umaRejection(get())).code).toBe('max_flows_reached')
    expect(world.recorder.to('host').map(({ status }) => status)).toEqual([401, 403, 403])
  })

  test('x-oauth_access_req: pending', async () => {
    const { world, get } = await cast({}, { onRedirect: managersPerson('bob') })
    expect((await umaRejection(get())).code).toBe('request_submitted')
    expect(world.recorder.to('host').map(({ status }) => status)).toEqual([401, 403])
  })

  test('somebody else sits at the manager', async () => {
    const { get } = await cast(
      {},
      { onRedirect: ({ url }) => visitManager(url, url.includes('/claims') ? 'bob' : 'alice') },
    )
    expect(await umaRejection(get())).toMatchObject({ code: 'redirect_failed', reason: 'access_denied' })
  })

  test.each([
    ['no state', 'x-oauth_access_granted=1', 'invalid_state'],
    ['another state', 'x-oauth_access_granted=1&state=other', 'invalid_state'],
    ['nothing that is known', 'STATE', 'redirect_failed'],
  ])('P-16 back with %s', async (_what, query, code) => {
    const { world, get } = await cast(
      {},
      {
        onRedirect: ({ url, state }) =>
          url.includes('/claims')
            ? Promise.resolve(`${REDIRECT_URI}?${query.replace('STATE', `state=${state}`)}`)
            : visitManager(url, 'alice'),
      },
    )
    expect((await umaRejection(get())).code).toBe(code)
    expect(world.recorder.to('host').map(({ status }) => status)).toEqual([401, 403])
  })
})

describe('P-15 errors', () => {
  test.each(['invalid', 'expired'])('%s_requester_ticket: once more with a fresh ticket', async (what) => {
    for (const statusErrors of [true, false]) {
      const { world, am, get } = await cast({ quirks: { statusErrors } })
      let bad = 1
      am.quirks.answer = (_usual, { path }) =>
        path === ticketPath && bad-- > 0
          ? {
              status: 400,
              headers: { 'content-type': 'application/uma-status+json' },
              body: { status: 'error', error: `${what}_requester_ticket` },
            }
          : undefined
      expect((await get()).status).toBe(200)
      expect(new Set(world.to(ticketPath).map((request) => jsonOf(request).ticket)).size).toBe(2)
    }
  })

  test('not_authorized_permission', async () => {
    const { get } = await cast({ policy: () => 'deny' })
    expect((await umaRejection(get())).code).toBe('request_denied')
  })

  test.each([
    ['need_claims', 403, 'need_info'],
    ['invalid_request', 400, 'invalid_request'],
  ])('%s', async (error, status, code) => {
    const { get } = await cast({ policy: () => ({ status, body: { status: 'error', error } }) })
    expect((await umaRejection(get())).code).toBe(code)
  })

  test.each([
    [200, {}],
    [500, 'oops'],
    [302, ''],
  ])('nonsense: %i %j', async (status, body) => {
    const { get } = await cast({ policy: () => ({ status, body }) })
    expect((await umaRejection(get())).code).toBe('invalid_token_response')
  })
})

describe('P-16 in the clear', () => {
  const issuer = 'http://am.example'
  const server = (allowInsecureHttp?: boolean) => ({
    issuer,
    hosts: ['http://host.example'],
    client: { id: 'photo-app' },
    scheme: puma(allowInsecureHttp === undefined ? {} : { allowInsecureHttp }),
  })

  test.each([undefined, false])('not unless it is asked for: %s', (allow) => {
    expect(() => createRequester({ authorizationServers: [server(allow)] })).toThrow(TypeError)
  })

  test('allowed for that issuer and its hosts, and for no other', () => {
    expect(() => createRequester({ authorizationServers: [server(true)] })).not.toThrow()
    const { scheme, ...other } = server(true)
    expect(() =>
      createRequester({ authorizationServers: [server(true), { ...other, issuer: 'http://other.example' }] }),
    ).toThrow(TypeError)
  })

  test.each([
    ['with its scheme', (usual: string) => usual],
    ['without (P-3)', (usual: string) => usual.replace('http://', '')],
  ])('the whole story over plain http, am_uri %s', async (_what, sent) => {
    const stop = nameLoopback('am.example', 'host.example')
    try {
      const world = await startAmWorld('puma')
      const plain = (origin: string, host: string) => origin.replace('127.0.0.1', host)
      world.am.state.issuer = plain(world.am.issuer, 'am.example')
      world.host.quirks.issuer = sent
      const host = plain(world.host.origin, 'host.example')
      const requester = world.requester(
        // The manager knows this host by its address, and the application by a name.
        puma({ allowInsecureHttp: true, hostId: () => world.host.id }),
        {},
        { issuer: world.am.state.issuer, hosts: [host] },
      )
      expect((await requester.fetch(host + name)).status).toBe(200)
    } finally {
      stop()
    }
  })
})
