/** UMA 2.0 as a table: each answer of the token endpoint gives a step and a state (UMA Grant §3.3). */
import { describe, expect, test, vi } from 'vitest'
import { uma2 } from '../../../src/schemes/uma2.ts'
import { defined, factsWith, issuer, playOf, shown, thrownBy } from './kit.ts'

const endpoint = `${issuer}/token`
const page = `${issuer}/claims`
const facts = factsWith({ token_endpoint: endpoint })
const play = playOf(uma2, facts)
const grant_type = 'urn:ietf:params:oauth:grant-type:uma-ticket'

describe('recognise and start', () => {
  const header = `UMA as_uri="${issuer}", ticket="t1"`
  test.each([401, 403])('a challenge on %i', async (status) => {
    expect(await play.recognise({ status, header })).toEqual([{ issuer, ticket: 't1' }])
  })
  test.each([200, 400, 404, 500])('none on %i', async (status) => {
    expect(await play.recognise({ status, header })).toEqual([])
  })
  test('none without the field', async () => {
    expect(await play.recognise({ status: 401 })).toEqual([])
  })
  test('the state is the ticket', () => {
    expect(uma2.start(Object.freeze({ issuer, ticket: 't1', refused: undefined }))).toEqual({ ticket: 't1' })
  })
})

describe('begin', () => {
  test.each([
    ['a ticket', {}, {}],
    ['an RPT', { rpt: 'r1' }, { rpt: 'r1' }],
    ['a PCT', { pct: 'p1' }, { pct: 'p1' }],
    ['a claim', { claim: { token: 'c1', format: 'f1' } }, { claim_token: 'c1', claim_token_format: 'f1' }],
    ['a scope', { scope: 'read' }, { scope: 'read' }],
    ['parameters', { parameters: { audience: 'photos' } }, { audience: 'photos' }],
    ['a scope among the parameters', { parameters: { scope: 'all' } }, { scope: 'all' }],
    ['a scope of its own counts more', { scope: 'read', parameters: { scope: 'all' } }, { scope: 'read' }],
    [
      'a claim among the parameters',
      { parameters: { claim_token: 'c2', claim_token_format: 'f2' } },
      { claim_token: 'c2', claim_token_format: 'f2' },
    ],
    [
      'parameters replace neither ticket nor grant type, RPT and PCT',
      { rpt: 'r1', pct: 'p1', parameters: { ticket: 'x', grant_type: 'x', rpt: 'x', pct: 'x' } },
      { rpt: 'r1', pct: 'p1' },
    ],
  ])('%s', (_what, input, form) => {
    const { state, step } = play.begin({ ticket: 't1' }, input)
    expect(step).toMatchObject({ kind: 'ask', endpoint, by: 'client' })
    expect(defined(step.kind === 'ask' ? (step.form ?? {}) : {})).toEqual({ grant_type, ticket: 't1', ...form })
    expect(state).toEqual({ sentTicket: 't1' })
  })

  test('the ticket is not kept at all where the server hands out the same one again', () => {
    const { state } = uma2.next(Object.freeze({ ticket: 't1' }), { begin: {} }, { ...facts, unchangedTicket: true })
    expect(defined(state)).toEqual({})
  })

  test('without a token_endpoint nothing is asked', () => {
    const { state, step } = playOf(uma2, factsWith({})).begin({ ticket: 't1' })
    expect([state, shown(step)]).toEqual([
      { ticket: 't1' },
      { kind: 'denied', error: 'DiscoveryError discovery_failed' },
    ])
  })
})

describe('answer', () => {
  const token = { access_token: 'rpt1', token_type: 'Bearer' }
  const grant = { token: 'rpt1', type: 'bearer' }
  const claim = { claim_token_format: ['f1'] }
  const requiredClaims = [{ ...claim, raw: claim }]
  const denied = (error: string) => ({ kind: 'denied', error })
  const rejected = denied('InvalidTokenResponseError invalid_token_response')

  test.each<[string, number, unknown, object, object]>([
    ['a token', 200, token, {}, { kind: 'granted', grant, upgraded: false }],
    ['an upgrade', 200, { ...token, upgraded: true }, {}, { kind: 'granted', grant, upgraded: true }],
    ['a PCT', 200, { ...token, pct: 'p1' }, {}, { kind: 'granted', grant, upgraded: false, pct: 'p1' }],
    ['201', 201, token, {}, { kind: 'granted', grant, upgraded: false }],
    ['a token of another type', 200, { ...token, token_type: 'mac' }, {}, rejected],
    ['no JSON', 200, '<html>', {}, rejected],
    [
      'need_info',
      403,
      { error: 'need_info', ticket: 't2', required_claims: [claim] },
      { ticket: 't2' },
      { kind: 'claims', requiredClaims },
    ],
    [
      'need_info with a page',
      403,
      { error: 'need_info', ticket: 't2', redirect_user: page },
      { ticket: 't2' },
      { kind: 'claims', requiredClaims: [], redirectUser: page },
    ],
    ['need_info about nothing', 403, { error: 'need_info', ticket: 't2' }, { ticket: 't2' }, rejected],
    ['need_info without a ticket', 403, { error: 'need_info', redirect_user: page }, {}, rejected],
    ['the same ticket again', 403, { error: 'need_info', ticket: 't1', redirect_user: page }, {}, rejected],
    ['the same ticket while it waits', 403, { error: 'request_submitted', ticket: 't1' }, {}, rejected],
    [
      'submitted',
      403,
      { error: 'request_submitted', ticket: 't2', interval: 7 },
      { ticket: 't2' },
      { kind: 'wait', seconds: 7 },
    ],
    ['submitted, no interval', 403, { error: 'request_submitted', ticket: 't2' }, { ticket: 't2' }, { kind: 'wait' }],
    [
      'submitted, no ticket',
      403,
      { error: 'request_submitted' },
      {},
      denied('RequestSubmittedError request_submitted'),
    ],
    ['denied', 403, { error: 'request_denied' }, {}, denied('RequestDeniedError request_denied')],
    ['access_denied', 403, { error: 'access_denied' }, {}, denied('RequestDeniedError request_denied')],
    ['invalid_scope', 400, { error: 'invalid_scope' }, {}, denied('TokenRequestError invalid_scope')],
    ['invalid_client', 401, { error: 'invalid_client' }, {}, denied('TokenRequestError invalid_client')],
    ['500', 500, { error: 'invalid_grant' }, {}, rejected],
    [
      'invalid_rpt',
      403,
      { error: 'invalid_rpt' },
      {},
      { kind: 'again', without: ['rpt'], drop: true, error: 'TokenRequestError invalid_rpt' },
    ],
    [
      'invalid_pct',
      400,
      { error: 'invalid_pct' },
      {},
      { kind: 'again', without: ['pct'], drop: true, error: 'TokenRequestError invalid_pct' },
    ],
    ...['invalid_grant', 'invalid_ticket', 'expired_ticket'].map((error): [string, number, unknown, object, object] => [
      error,
      400,
      { error },
      {},
      { kind: 'again', without: ['rpt'], drop: false, error: `TokenRequestError ${error}` },
    ]),
  ])('%s', (_what, status, body, state, step) => {
    const turn = play.answer({ sentTicket: 't1' }, { status, body })
    expect(defined(turn.state)).toEqual(state)
    const { grant: granted, ...rest } = shown(turn.step)
    expect({ ...rest, ...(granted === undefined ? {} : { grant: defined(granted as object) }) }).toEqual(step)
  })

  test('the lifetime begins with the answer', () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const { step } = play.answer({}, { status: 200, body: { ...token, expires_in: 60 } })
    vi.useRealTimers()
    expect(step).toMatchObject({ grant: { expiresAt: 1_060_000 } })
  })

  test('the same ticket is used again where the server is known for that', () => {
    const known = playOf(uma2, factsWith({ token_endpoint: endpoint }, { unchangedTicket: true }))
    const asked = known.begin({ ticket: 't1' })
    const body = { error: 'need_info', ticket: 't1', redirect_user: page }
    const { state, step } = known.answer(asked.state, { status: 403, body })
    expect([state, step.kind]).toEqual([{ ticket: 't1' }, 'claims'])
  })

  test("the metadata's page serves if the answer names none, and the answer's counts more", () => {
    const withPage = playOf(uma2, factsWith({ token_endpoint: endpoint, claims_interaction_endpoint: page }))
    const body = { error: 'need_info', ticket: 't2' }
    const other = `${issuer}/other`
    expect(withPage.answer({}, { status: 403, body }).step).toMatchObject({ kind: 'claims', redirectUser: page })
    expect(withPage.answer({}, { status: 403, body: { ...body, redirect_user: other } }).step).toMatchObject({
      redirectUser: other,
    })
  })

  test('no error quotes the answer', () => {
    const body = { error: 'invalid_grant', error_description: 'the ticket t1 is spent', ticket: 't1' }
    const { step } = play.answer({ sentTicket: 't1' }, { status: 400, body })
    if (step.kind !== 'again') throw new Error('expected another step')
    expect(JSON.stringify(step.error) + step.error.message).not.toMatch(/spent|t1/)
  })
})

describe('redirect', () => {
  const back = (query: string) => `https://album.example.com/back?${query}`

  test('the URL', () => {
    const query = 'client_id=album&ticket=t2&claims_redirect_uri=https%3A%2F%2Falbum.example.com%2Fback&state=s1'
    expect(play.url({ ticket: 't2' }, page)?.href).toBe(`${page}?${query}`)
    expect(play.url({ ticket: 't2' }, page, { redirectUri: undefined })?.search).toBe(
      '?client_id=album&ticket=t2&state=s1',
    )
  })

  test.each(['http://as.example.com/claims', 'javascript:alert(1)', '/claims', ''])('nobody is sent to %j', (where) => {
    expect(play.url({ ticket: 't2' }, where)).toBeUndefined()
  })

  test('back with a new ticket, and with the other members of the state', () => {
    expect(play.accept({ ticket: 't2', more: 1 }, back('state=s1&ticket=t3'))).toEqual({ ticket: 't3', more: 1 })
  })

  test('the ticket that was sent is used', () => {
    expect(thrownBy(() => play.accept({ ticket: 't2' }, back('state=s1&ticket=t2')))).toBe(
      'RedirectError redirect_failed ticket',
    )
    expect(play.accept({ ticket: 't2' }, back('state=s1&ticket=t2'), { unchangedTicket: true })).toEqual({
      ticket: 't2',
    })
  })

  test.each([
    ['ticket=t3', 'InvalidStateError invalid_state'],
    ['state=s2&ticket=t3', 'InvalidStateError invalid_state'],
    ['state=s1', 'RedirectError redirect_failed ticket'],
    ['state=s1&error=access_denied', 'RedirectError redirect_failed access_denied'],
    ['state=s1&error=Not%20A%20Code', 'RedirectError redirect_failed error'],
    ['state=s1&ticket=t3&ticket=t4', 'RedirectError redirect_failed repeated'],
    ['state=s1&ticket=t3&iss=https%3A%2F%2Fevil.example', 'RedirectError redirect_failed iss'],
  ])('back with %s: %s', (query, error) => {
    expect(thrownBy(() => play.accept({ ticket: 't2' }, back(query)))).toBe(error)
  })
})

test('a request that was not sent: begin gives the same request again', () => {
  const state = { ticket: 't1' }
  const first = play.begin(state, { rpt: 'r1' })
  expect(play.begin(state, { rpt: 'r1' })).toEqual(first)
  expect(state).toEqual({ ticket: 't1' })
})
