/** UMA 1.0 and 1.0.1 as a table: each answer of `rpt_endpoint` gives a step and a state (§3.5). */
import { describe, expect, test } from 'vitest'
import { uma1 } from '../../../src/schemes/uma1.ts'
import { defined, factsWith, issuer, playOf, shown, thrownBy } from './kit.ts'

const endpoint = `${issuer}/rpt`
const usual = `${issuer}/claims`
const rotating = `${issuer}/claims-sec`
const metadata = { rpt_endpoint: endpoint, requesting_party_claims_endpoint: usual }
const play = playOf(uma1(), factsWith(metadata))
const start = { ticket: 't1' }

describe('recognise and start', () => {
  const header = `UMA as_uri="${issuer}", ticket="t1"`
  const bare = `UMA as_uri="${issuer}"`
  test.each([
    [401, header, '', [{ issuer, ticket: 't1' }]],
    [403, header, '', [{ issuer, ticket: 't1' }]],
    [403, bare, '{"ticket":"t2"}', [{ issuer, ticket: 't2' }]],
    [403, `${bare}, UMA as_uri="https://other.example"`, '{"ticket":"t2"}', []],
    [401, bare, '{"ticket":"t2"}', []],
    [403, bare, 'no JSON', []],
    [200, header, '', []],
    [401, `UMA as_uri="${issuer}/.well-known/uma-configuration", ticket="t1"`, '', [{ issuer, ticket: 't1' }]],
  ])('%i %s %s', async (status, field, body, challenges) => {
    expect(await play.recognise({ status, header: field, body })).toEqual(challenges)
  })
  test('the state is the ticket', () => {
    expect(uma1().start(Object.freeze({ issuer, ticket: 't1' }))).toEqual(start)
  })
})

describe('begin', () => {
  test.each([
    ['a ticket', {}, { ticket: 't1' }],
    ['an RPT', { rpt: 'r1' }, { ticket: 't1', rpt: 'r1' }],
    [
      'a claim',
      { claim: { token: 'c1', format: 'f1' } },
      { ticket: 't1', claim_tokens: [{ token: 'c1', format: 'f1' }] },
    ],
    ['parameters', { parameters: { a: 'b', ticket: 'x' } }, { a: 'b', ticket: 't1' }],
    ['neither scope nor PCT, which UMA 1 does not know', { scope: 's', pct: 'p' }, { ticket: 't1' }],
  ])('%s', (_what, input, json) => {
    const { state, step } = play.begin(start, input)
    expect(step).toMatchObject({ kind: 'ask', endpoint, by: 'party' })
    expect(JSON.parse(JSON.stringify((step as { json?: unknown }).json))).toEqual(json)
    expect(state).toEqual(start)
  })

  test('without an rpt_endpoint nothing is asked', () => {
    const { state, step } = playOf(uma1(), factsWith({})).begin(start)
    expect([state, shown(step)]).toEqual([start, { kind: 'denied', error: 'DiscoveryError discovery_failed' }])
  })
})

describe('answer', () => {
  const needInfo = (error_details?: object) => ({ error: 'need_info', error_details })
  const claims = (more: object) => needInfo({ requesting_party_claims: more })
  const claim = { name: 'email' }
  const requiredClaims = [{ ...claim, raw: claim }]
  const denied = (error: string) => ({ kind: 'denied', error })
  const rejected = denied('InvalidTokenResponseError invalid_token_response')
  const again = (error: string, more: object) => ({ kind: 'again', error: `TokenRequestError ${error}`, ...more })

  test.each<[string, number, unknown, object, object]>([
    ['an RPT', 200, { rpt: 'r2' }, start, { kind: 'granted', upgraded: true, grant: { token: 'r2', type: 'bearer' } }],
    ['no RPT', 200, {}, start, rejected],
    ['401', 401, { error: 'need_info' }, start, { kind: 'sign-in' }],
    ['submitted', 403, { error: 'request_submitted' }, start, denied('RequestSubmittedError request_submitted')],
    ['not_authorized', 403, { error: 'not_authorized' }, start, denied('RequestDeniedError request_denied')],
    ['another error', 400, { error: 'invalid_request' }, start, denied('TokenRequestError invalid_request')],
    ['500', 500, {}, start, rejected],
    ['invalid_rpt', 400, { error: 'invalid_rpt' }, start, again('invalid_rpt', { without: ['rpt'], drop: true })],
    ['invalid_ticket', 400, { error: 'invalid_ticket' }, start, again('invalid_ticket', { without: [], drop: false })],
    ['expired_ticket', 400, { error: 'expired_ticket' }, start, again('expired_ticket', { without: [], drop: false })],
    [
      'another authentication',
      403,
      needInfo({ authentication_context: { required_acr: ['loa3'] } }),
      start,
      { kind: 'sign-in', acr: ['loa3'] },
    ],
    [
      'claims',
      403,
      claims({ required_claims: [claim] }),
      { ...start, rotates: false },
      { kind: 'claims', requiredClaims },
    ],
    [
      'claims, or a person',
      403,
      claims({ required_claims: [claim], redirect_user: true }),
      { ...start, rotates: false },
      { kind: 'claims', requiredClaims, redirectUser: usual },
    ],
    [
      'a person, because there is no hint',
      403,
      needInfo(),
      { ...start, rotates: false },
      { kind: 'claims', requiredClaims: [], redirectUser: usual },
    ],
    ['a hint at nothing', 403, claims({}), { ...start, rotates: false }, rejected],
  ])('%s', (_what, status, body, state, step) => {
    const turn = play.answer(start, { status, body })
    expect(turn.state).toEqual(state)
    expect(JSON.parse(JSON.stringify(shown(turn.step)))).toEqual(step)
  })

  test('an endpoint whose tickets rotate counts more', () => {
    const facts = factsWith({ ...metadata, security_enhanced_claims_endpoint: rotating })
    const { state, step } = playOf(uma1(), facts).answer(start, { status: 403, body: needInfo() })
    expect([state, step]).toMatchObject([{ ticket: 't1', rotates: true }, { redirectUser: rotating }])
  })

  test('no endpoint for a person, and no hint', () => {
    const { step } = playOf(uma1(), factsWith({ rpt_endpoint: endpoint })).answer(start, {
      status: 403,
      body: needInfo(),
    })
    expect(shown(step)).toEqual(rejected)
  })

  test('an RPT that is a JWT has its lifetime', () => {
    const rpt = `e30.${Buffer.from('{"exp":1700000000}').toString('base64url')}.s`
    expect(play.answer(start, { status: 200, body: { rpt } }).step).toMatchObject({
      grant: { expiresAt: 1_700_000_000_000 },
    })
  })
})

describe('redirect', () => {
  const back = (query: string) => `https://album.example.com/back?${query}`

  test.each([
    [undefined, ['claims_redirect_uri', 'client_id', 'redirect_uri', 'state', 'ticket']],
    ['1.0', ['client_id', 'redirect_uri', 'state', 'ticket']],
    ['1.0.1', ['claims_redirect_uri', 'client_id', 'state', 'ticket']],
  ] as const)('the URL of version %s', (version, names) => {
    const scheme = uma1(version === undefined ? {} : { version })
    const url = playOf(scheme, factsWith(metadata)).url(start, usual)
    expect([...(url?.searchParams.keys() ?? [])].sort()).toEqual(names)
  })

  test.each([
    ['claims_submitted', start, 'authorization_state=claims_submitted', start],
    ['need_info', start, 'authorization_state=need_info&ticket=t1', start],
    [
      'a rotated ticket',
      { ticket: 't1', rotates: true },
      'authorization_state=claims_submitted&ticket=t2',
      { ticket: 't2', rotates: true },
    ],
  ])('back with %s', (_what, state, query, next) => {
    expect(play.accept(state, back(`state=s1&${query}`))).toEqual(next)
  })

  test.each([
    [start, 'state=s2&authorization_state=claims_submitted', 'InvalidStateError invalid_state'],
    [start, 'state=s1&authorization_state=not_authorized', 'RequestDeniedError request_denied'],
    [start, 'state=s1&authorization_state=request_submitted', 'RequestSubmittedError request_submitted'],
    [start, 'state=s1&authorization_state=other', 'RedirectError redirect_failed authorization_state'],
    [start, 'state=s1&error=access_denied', 'RedirectError redirect_failed access_denied'],
    [start, 'state=s1&authorization_state=claims_submitted&ticket=t2', 'RedirectError redirect_failed ticket'],
    [
      { ticket: 't1', rotates: true },
      'state=s1&authorization_state=claims_submitted&ticket=t1',
      'RedirectError redirect_failed ticket',
    ],
  ])('%j back with %s: %s', (state, query, error) => {
    expect(thrownBy(() => play.accept(state, back(query)))).toBe(error)
  })
})

test('the ticket can be sent again', () => {
  const asked = play.begin(start)
  const refused = play.answer(asked.state, { status: 401 })
  expect(defined(play.begin(refused.state))).toEqual(defined(asked))
})
