/** What a UMA 1 server may answer, and what is done about it (UMA 1.0.1 core §3.5). */
import { describe, expect, test } from 'vitest'
import { jsonOf, managersPerson, queryOf, sentTo, shown, umaRejection, visitManager } from './kit.ts'
import { cast, person } from './uma1-kit.ts'

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
