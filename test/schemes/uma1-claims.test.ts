/** Claims of UMA 1, pushed and gathered (UMA 1.0.1 core §3.6). */
import { describe, expect, test } from 'vitest'
import type { RedirectHandler, RedirectRequest } from '../../src/index.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { openAm } from '../helpers/am/quirks.ts'
import {
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
import { cast, person } from './uma1-kit.ts'

/** Comes back on another URL than the one that the server sent the person to. */
const comesBackWith =
  (change: (back: URL, asked: RedirectRequest) => void): RedirectHandler =>
  async (asked) => {
    const back = new URL(await visitManager(asked.url, 'alice'))
    if (asked.url.includes('/rqp_claims')) change(back, asked)
    return back.href
  }

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

  describe('claims-sec-1.0', () => {
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
