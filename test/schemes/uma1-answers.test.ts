/** What a UMA 1 server may answer, and what is done about it (checklist C.1.2, §3.5 and §3.6). */
import { describe, expect, test } from 'vitest'
import type { RedirectHandler, RedirectRequest, RequesterOptions } from '../../src/index.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import type { AuthorizationManagerOptions } from '../helpers/am/authorization-manager.ts'
import type { AmHostOptions } from '../helpers/am/host.ts'
import { openAm } from '../helpers/am/quirks.ts'
import type { AmPolicy } from '../helpers/am/types.ts'
import {
  jsonOf,
  managersPerson,
  name,
  queryOf,
  REDIRECT_URI,
  sentTo,
  shown,
  startAmWorld,
  umaRejection,
  visitManager,
} from './kit.ts'

const person: AmPolicy = ({ gathered }) => (gathered ? 'grant' : { redirectUser: true })

async function cast(
  am: Partial<AuthorizationManagerOptions>,
  more: Partial<RequesterOptions> = {},
  host: Partial<AmHostOptions> = {},
) {
  const world = await startAmWorld('1.0.1', { am, host })
  const requester = world.requester(uma1(), more)
  return { world, am: world.am, get: (options = {}) => requester.fetch(world.host.origin + name, options), requester }
}

/** Comes back on another URL than the one that the server sent the person to. */
const comesBackWith =
  (change: (back: URL, asked: RedirectRequest) => void): RedirectHandler =>
  async (asked) => {
    const back = new URL(await visitManager(asked.url, 'alice'))
    if (asked.url.includes('/rqp_claims')) change(back, asked)
    return back.href
  }

describe('U1-3.5.4-a errors', () => {
  test.each(['invalid_ticket', 'expired_ticket'])('%s: once more with a fresh ticket', async (code) => {
    const { world, am, get } = await cast({})
    let bad = 1
    am.quirks.answer = (_usual, { path }) =>
      path === '/rpt' && bad-- > 0 ? { status: 400, body: { error: code } } : undefined
    expect((await get()).status).toBe(200)
    const tickets = sentTo(world, '/rpt').map(({ ticket }) => ticket)
    expect([tickets.length, new Set(tickets).size]).toEqual([2, 2])
  })

  test.each(['invalid_ticket', 'expired_ticket'])('%s for good: that error', async (code) => {
    const { world, am, get } = await cast({})
    am.quirks.answer = (_usual, { path }) => (path === '/rpt' ? { status: 400, body: { error: code } } : undefined)
    expect((await umaRejection(get())).code).toBe(code)
    expect(world.to('/rpt').length).toBe(2)
  })

  test('a ticket that expired while the person was away', async () => {
    const { world, am, get } = await cast(
      { policy: person },
      {
        onRedirect: async ({ url }) => {
          const back = await visitManager(url, 'alice')
          if (url.includes('/rqp_claims')) world.am.expireTickets()
          return back
        },
      },
    )
    expect((await umaRejection(get())).code).toBe('expired_ticket')
    expect(am.state.tickets.size).toBe(2)
  })

  test.each(['not_authorized', 'not_authorised'] as const)('%s', async (denial) => {
    const { world, get } = await cast({ policy: () => 'deny', quirks: { denial } })
    expect((await umaRejection(get())).code).toBe('request_denied')
    expect(world.to('/rpt').length).toBe(1)
  })

  test.each([400, 403, 409] as const)('request_submitted with %i: no polling', async (submittedStatus) => {
    const { world, get } = await cast({ policy: () => 'submitted', quirks: { submittedStatus } })
    expect((await umaRejection(get())).code).toBe('request_submitted')
    expect(world.to('/rpt').length).toBe(1)
  })

  test('Bob asks Alice: pending until she agrees, then the same request works', async () => {
    const { world, am, get } = await cast({}, { onRedirect: managersPerson('bob') })
    expect((await umaRejection(get())).code).toBe('request_submitted')
    expect(am.agree('alice', 'bob')).toBe(true)
    expect((await get()).status).toBe(200)
    expect(shown(world)).toEqual(['/authorize'])
  })

  test('need_info without any detail: a person may help', async () => {
    const { world, get } = await cast({
      policy: ({ gathered }) => (gathered ? 'grant' : { status: 403, body: { error: 'need_info' } }),
    })
    expect((await get()).status).toBe(200)
    expect(shown(world)).toEqual(['/authorize', '/rqp_claims'])
  })

  test('need_info that nobody can meet', async () => {
    const { get } = await cast({
      policy: () => ({ requiredClaims: [{ name: 'age' }] }),
      quirks: { configuration: ({ requesting_party_claims_endpoint, ...rest }) => rest },
    })
    expect((await umaRejection(get())).code).toBe('need_info')
  })

  test('redirect_user without an endpoint for it', async () => {
    const { get } = await cast({
      policy: () => ({ redirectUser: true }),
      quirks: { configuration: ({ requesting_party_claims_endpoint, ...rest }) => rest },
    })
    expect((await umaRejection(get())).code).toBe('need_info')
  })

  test('need_info that says nothing that is understood', async () => {
    const { get } = await cast({
      policy: () => ({ status: 403, body: { error: 'need_info', error_details: { telepathy: true } } }),
    })
    expect((await umaRejection(get())).code).toBe('invalid_token_response')
  })

  test('need_info for ever: bounded', async () => {
    const { world, get } = await cast({ policy: () => ({ redirectUser: true }) })
    expect((await umaRejection(get())).code).toBe('need_info')
    expect(world.to('/rpt').length).toBeLessThan(10)
  })
})

describe('U1-3.5.4-b the AAT', () => {
  test.each([true, false])(
    'ended: refreshed or obtained anew, once, with the same ticket (refresh token: %s)',
    async (issueRefreshToken) => {
      const { world, am, get, requester } = await cast({ quirks: { issueRefreshToken } })
      await get()
      am.expireAats()
      world.recorder.clear()
      expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
      const tickets = world.to('/rpt').map((request) => [request.status, jsonOf(request).ticket])
      expect(tickets).toEqual([
        [401, expect.any(String)],
        [200, tickets[0]?.[1]],
      ])
      expect(shown(world)).toEqual(issueRefreshToken ? [] : ['/authorize'])
    },
  )

  test('never good: the end, after one attempt more', async () => {
    const { world, am, get } = await cast({})
    am.quirks.answer = (_usual, { path }) =>
      path === '/rpt' ? { status: 401, body: { error: 'invalid_token' } } : undefined
    await umaRejection(get())
    expect(world.to('/rpt').length).toBe(2)
  })

  test('of the wrong scope is as bad as none', async () => {
    const { world, get } = await cast({ quirks: {} })
    const aat = world.am.issueAat('alice', undefined, 'uma_protection')
    const direct = await fetch(`${world.am.issuer}/rpt`, {
      method: 'POST',
      headers: { authorization: `Bearer ${aat.token}` },
    })
    expect(direct.status).toBe(401)
    expect((await get()).status).toBe(200)
  })
})

test('U1-3.5.4-c invalid_request, and no word of its description', async () => {
  const { get } = await cast({
    policy: () => ({
      status: 400,
      body: { error: 'invalid_request', error_description: 'secret words', error_uri: 'x' },
    }),
  })
  const error = await umaRejection(get())
  expect(error.code).toBe('invalid_request')
  expect(error.message).not.toContain('secret')
})

describe('U1-3.5.4.1-a required_acr', () => {
  const strong = 'https://example.com/acrs/LOA3.14159'

  test('a step-up by acr_values, then the same ticket', async () => {
    const alice = managersPerson()
    const { world, get } = await cast(
      { policy: ({ acr }) => (acr === strong ? 'grant' : { requiredAcr: [strong, 'other'] }) },
      { onRedirect: alice },
    )
    expect((await get()).status).toBe(200)
    expect(alice.asked.map((asked) => queryOf({ path: asked.url }).acr_values)).toEqual([undefined, `${strong} other`])
    const tickets = sentTo(world, '/rpt').map(({ ticket }) => ticket)
    expect([tickets.length, new Set(tickets).size]).toEqual([2, 1])
  })

  test('the AAT of the step-up is kept', async () => {
    const alice = managersPerson()
    const { world, get, requester } = await cast(
      { policy: ({ acr }) => (acr === strong ? 'grant' : { requiredAcr: [strong] }) },
      { onRedirect: alice },
    )
    await get()
    expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
    expect(alice.asked.length).toBe(2)
  })

  test('with claims besides: one after the other', async () => {
    const { world, get } = await cast({
      policy: ({ acr, gathered }) =>
        acr && gathered ? 'grant' : { ...(!acr && { requiredAcr: [strong] }), redirectUser: true },
    })
    expect((await get()).status).toBe(200)
    expect(shown(world)).toEqual(['/authorize', '/authorize', '/rqp_claims'])
  })

  test('never reached: bounded', async () => {
    const alice = managersPerson()
    const { get } = await cast({ policy: () => ({ requiredAcr: [strong] }) }, { onRedirect: alice })
    await umaRejection(get())
    expect(alice.asked.length).toBeLessThan(7)
  })
})

describe('U1-3.5.4.2-a requesting_party_claims', () => {
  test.each([
    ['as specified', {}],
    ['as OpenAM does', openAm],
    ['with the deprecated ticket', { ticketInClaims: true }],
  ])('%s', async (_what, quirks) => {
    const { world, get } = await cast({ policy: person, quirks })
    expect((await get()).status).toBe(200)
    expect(new Set(sentTo(world, '/rpt').map(({ ticket }) => ticket)).size).toBe(1)
  })

  test('the deprecated ticket is not depended on', async () => {
    const { world, get } = await cast({
      policy: ({ gathered }) =>
        gathered
          ? 'grant'
          : {
              status: 403,
              body: {
                error: 'need_info',
                error_details: { requesting_party_claims: { redirect_user: true, ticket: 'misleading' } },
              },
            },
    })
    expect((await get()).status).toBe(200)
    expect(world.recorder.containing('misleading')).toEqual([])
  })

  test('redirect_user is false by default: claims that nobody has are not asked of a person', async () => {
    const { world, get } = await cast({ policy: () => ({ requiredClaims: [{ name: 'age' }] }) })
    expect((await umaRejection(get())).code).toBe('need_info')
    expect(shown(world)).toEqual(['/authorize'])
  })
})

test('U1-3.6.2-a claims are pushed, with the same ticket', async () => {
  const token = { token: 'eyJhIjoxfQ', format: 'http://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken' }
  const wanted = { name: 'email', claim_token_format: [token.format] }
  const asked: unknown[] = []
  const { world, get } = await cast(
    { policy: ({ claims }) => (claims.length ? 'grant' : { requiredClaims: [wanted] }) },
    {
      claims(needed) {
        asked.push(needed)
        return token
      },
    },
  )
  expect((await get()).status).toBe(200)
  expect(asked).toEqual([[{ ...wanted, raw: wanted }]])
  const [first, second] = sentTo(world, '/rpt')
  expect(first.claim_tokens).toBeUndefined()
  expect(second).toEqual({ ticket: first.ticket, claim_tokens: [token] })
})

describe('the claims endpoint', () => {
  test.each([
    ['by default', undefined, { claims_redirect_uri: REDIRECT_URI, redirect_uri: REDIRECT_URI }],
    ['1.0', '1.0', { redirect_uri: REDIRECT_URI }],
    ['1.0.1', '1.0.1', { claims_redirect_uri: REDIRECT_URI }],
  ] as const)('U1-3.6.3-a parameters, %s', async (_what, version, uris) => {
    const alice = managersPerson()
    const world = await startAmWorld(version ?? '1.0.1', { am: { policy: person } })
    const requester = world.requester(uma1(version ? { version } : {}), { onRedirect: alice })
    expect((await requester.fetch(world.host.origin + name)).status).toBe(200)
    const [ticket] = world.am.state.tickets.keys()
    expect(queryOf({ path: alice.asked[1]?.url ?? '' })).toEqual({
      client_id: 'photo-app',
      state: expect.stringMatching(/^[\w-]{32}$/),
      ticket,
      ...uris,
    })
  })

  describe('U1-3.6.3-b authorization_state', () => {
    test('need_info, with the same ticket: back to rpt_endpoint, which says what is needed', async () => {
      const { world, am, get } = await cast(
        {
          policy: ({ gathered, claims }) =>
            gathered ? (claims.length ? 'grant' : { requiredClaims: [{ name: 'age' }] }) : { redirectUser: true },
          quirks: { authorizationState: 'need_info' },
        },
        { claims: (needed) => (needed[0]?.name === 'age' ? { token: 'YQ', format: 'f' } : undefined) },
      )
      expect((await get()).status).toBe(200)
      expect(am.state.tickets.size).toBe(1)
      expect(world.to('/rpt').length).toBe(3)
    })

    test.each([
      ['not_authorized', 'request_denied'],
      ['request_submitted', 'request_submitted'],
    ])('%s: stop', async (authorizationState, code) => {
      const { world, get } = await cast({ policy: person, quirks: { authorizationState } })
      expect((await umaRejection(get())).code).toBe(code)
      expect(world.to('/rpt').length).toBe(1)
    })

    test('a person who declines', async () => {
      const { get } = await cast(
        { policy: person },
        { onRedirect: ({ url }) => visitManager(url, 'alice', url.includes('rqp_claims') ? 'deny' : 'allow') },
      )
      expect((await umaRejection(get())).code).toBe('request_denied')
    })

    test.each(['', 'granted'])('%j is none', async (authorizationState) => {
      const { get } = await cast({ policy: person, quirks: { authorizationState } })
      expect(await umaRejection(get())).toMatchObject({ code: 'redirect_failed', reason: 'authorization_state' })
    })

    test.each([
      ['none', (back: URL) => back.searchParams.delete('state')],
      ['another', (back: URL) => back.searchParams.set('state', 'other')],
    ])('state: %s', async (_what, change) => {
      const { world, get } = await cast({ policy: person }, { onRedirect: comesBackWith(change) })
      expect((await umaRejection(get())).code).toBe('invalid_state')
      expect(world.to('/rpt').length).toBe(1)
    })
  })

  test.each(['invalid_request', 'server_error', 'temporarily_unavailable'])('U1-3.6.3-c %s', async (reason) => {
    const { get } = await cast(
      { policy: person },
      {
        onRedirect: comesBackWith((back) => {
          back.searchParams.delete('authorization_state')
          back.searchParams.set('error', reason)
        }),
      },
    )
    expect(await umaRejection(get())).toMatchObject({ code: 'redirect_failed', reason })
  })

  test('U1-7.1-a a ticket that was changed on the way', async () => {
    const { world, get } = await cast(
      { policy: person },
      {
        onRedirect: comesBackWith((back) => back.searchParams.set('ticket', 'changed')),
      },
    )
    expect(await umaRejection(get())).toMatchObject({ code: 'redirect_failed', reason: 'ticket' })
    expect(world.recorder.containing('changed')).toEqual([])
  })

  describe('C.1.5 claims-sec-1.0', () => {
    test('the new ticket is used, and the old one never again', async () => {
      const { world, get } = await cast({ policy: person, quirks: { securityEnhanced: true } })
      expect((await get()).status).toBe(200)
      const [before, after] = sentTo(world, '/rpt').map(({ ticket }) => ticket)
      expect(after).not.toBe(before)
      expect(world.am.state.tickets.get(before)?.presented).toBe(3)
    })

    test('none came back', async () => {
      const { get } = await cast(
        { policy: person, quirks: { securityEnhanced: true, back: ({ ticket, ...rest }) => rest } },
        {},
      )
      expect(await umaRejection(get())).toMatchObject({ code: 'redirect_failed', reason: 'ticket' })
    })
  })
})

describe('C.1.1 dynamic_client_endpoint', () => {
  const register = { client_name: 'Photos', redirect_uris: [REDIRECT_URI] }

  test('registers, once', async () => {
    const world = await startAmWorld('1.0.1')
    const requester = world.requester(uma1(), {}, { client: { register } })
    for (const path of [name, '/alice/1.jpg'])
      expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    expect(world.to('/register').map(jsonOf)).toEqual([expect.objectContaining(register)])
  })

  test.each([
    [true, 'found where OpenID Connect says'],
    [false, 'not found'],
  ])('openid: %s', async (there) => {
    const world = await startAmWorld('1.0.1')
    world.am.quirks.configuration = (document) => ({ ...document, dynamic_client_endpoint: 'openid' })
    const { issuer } = world.am
    const found = {
      issuer,
      token_endpoint: `${issuer}/token`,
      ...(there && { registration_endpoint: `${issuer}/register` }),
    }
    world.am.quirks.answer = (_usual, { path }) =>
      path === '/.well-known/openid-configuration' ? { status: 200, body: found } : undefined
    const sent = world.requester(uma1(), {}, { client: { register } }).fetch(world.host.origin + name)
    if (there) expect((await sent).status).toBe(200)
    else expect((await umaRejection(sent)).code).toBe('discovery_failed')
    expect(world.to('/register').length).toBe(there ? 1 : 0)
  })
})

describe('C.1.1 the configuration', () => {
  test.each([
    [
      'Universal Money Address (G-2-h)',
      () => ({ umaMajorVersions: [0, 1], uma_request_endpoint: 'https://vasp.example' }),
    ],
    ['of another issuer', (document: object) => ({ ...document, issuer: 'https://other.example' })],
    ['of another version', (document: object) => ({ ...document, version: '2.0' })],
    ['without rpt_endpoint', ({ rpt_endpoint, ...rest }: Record<string, unknown>) => rest],
  ])('%s: nothing more is sent there', async (_what, configuration) => {
    const { world, get } = await cast({ quirks: { configuration } })
    expect((await umaRejection(get())).code).toBe('discovery_failed')
    expect(world.lines()).toEqual([`GET host ${name} 401`, 'GET am /.well-known/uma-configuration 200'])
  })
})
