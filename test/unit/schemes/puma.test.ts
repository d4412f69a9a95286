/** Puma as a table: each answer of the manager gives a step and a state. */
import { describe, expect, test } from 'vitest'
import { type PumaOptions, puma } from '../../../src/schemes/puma.ts'
import { defined, factsWith, issuer, playOf, resource, shown, thrownBy } from './kit.ts'

const hostId = 'photos.example.com'
const tokenEndpoint = `${issuer}/token`
const ticketEndpoint = `${issuer}/ticket`
const metadata = { token_endpoint: tokenEndpoint, permission_request_endpoint: ticketEndpoint }
const facts = factsWith(metadata)
const play = playOf(puma(), facts)
const accept = 'application/uma-access-token+json, application/uma-status+json, application/json'

const askRpt = { kind: 'ask', endpoint: tokenEndpoint, by: 'party', form: { host_id: hostId }, headers: { accept } }
const askTicket = (rpt: string) => ({
  kind: 'ask',
  endpoint: ticketEndpoint,
  by: 'party',
  json: { rpt, ticket: 't1' },
  headers: { accept },
})
const grantOf = (token: string) => ({ token, type: 'bearer' })
const denied = (error: string) => ({ kind: 'denied', error })
const rejected = denied('InvalidTokenResponseError invalid_token_response')

describe('recognise: the host may only give its own name (S10)', () => {
  const challenge = (id: string | undefined, ticket = '') =>
    `UMA ${id === undefined ? '' : `host_id="${id}", `}am_uri="${issuer}"${ticket}`

  test.each([
    [undefined, resource, hostId],
    [hostId, resource, hostId],
    ['PHOTOS.example.com', resource, 'PHOTOS.example.com'],
    [`${hostId}:443`, resource, `${hostId}:443`],
    [undefined, 'http://127.0.0.1:8080/1', '127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/1', '127.0.0.1:8080'],
    ['127.0.0.1', 'http://127.0.0.1:8080/1', '127.0.0.1'],
    ['localhost:80', 'http://localhost/1', 'localhost:80'],
    ['[::1]:8080', 'http://[::1]:8080/1', '[::1]:8080'],
  ])('%s at %s', async (named, url, expected) => {
    const found = await play.recognise({ status: 401, header: challenge(named) }, url)
    expect(found.map(defined)).toEqual([{ issuer, hostId: expected }])
  })

  test.each([
    ['bank.example', resource],
    ['example.com', resource],
    [`www.${hostId}`, resource],
    [`${hostId}.`, resource],
    [`${hostId}:8443`, resource],
    [`${hostId}:80`, resource],
    ['127.0.0.1:9090', 'http://127.0.0.1:8080/1'],
    [`https://${hostId}`, resource],
    [resource, resource],
  ])('%s at %s is refused', async (named, url) => {
    for (const status of [401, 403]) {
      const found = await play.recognise({ status, header: challenge(named, ', ticket="t1"') }, url)
      expect(found.map(defined)).toEqual([{ issuer, ticket: 't1', refused: 'host-id' }])
    }
  })

  test('the option decides by itself, with what the host said', async () => {
    const asked: unknown[] = []
    const option: PumaOptions['hostId'] = (named, url) => {
      asked.push(named, url)
      return named === 'refuse-me' ? undefined : 'the-photo-host'
    }
    const own = playOf(puma({ hostId: option }), facts)
    for (const named of ['bank.example', undefined])
      expect((await own.recognise({ status: 401, header: challenge(named) })).map(defined)).toEqual([
        { issuer, hostId: 'the-photo-host' },
      ])
    expect((await own.recognise({ status: 401, header: challenge('refuse-me') })).map(defined)).toEqual([
      { issuer, refused: 'host-id' },
    ])
    expect(asked).toEqual(['bank.example', resource, undefined, resource, 'refuse-me', resource])
  })
})

describe('recognise', () => {
  const header = (uri: string) => `UMA am_uri="${uri}", ticket="t1"`
  test.each([
    [403, `UMA am_uri="${issuer}"`, '', []],
    [403, `UMA am_uri="${issuer}"`, '{"ticket":"t2"}', [{ issuer, ticket: 't2', hostId }]],
    [401, `UMA am_uri="${issuer}"`, '{"ticket":"t2"}', [{ issuer, ticket: 't2', hostId }]],
    [200, header(issuer), '', []],
    [401, header('as.example.com'), '', [{ issuer, ticket: 't1', hostId }]],
    [401, header(`${issuer}/.well-known/uma-configuration`), '', [{ issuer, ticket: 't1', hostId }]],
  ])('%i %s %s', async (status, field, body, challenges) => {
    expect((await play.recognise({ status, header: field, body })).map(defined)).toEqual(challenges)
  })

  test('a host without a scheme may be plain http, where that is allowed', async () => {
    const insecure = playOf(puma({ allowInsecureHttp: true }), facts)
    const found = await insecure.recognise({ status: 401, header: header('as.example.com') })
    expect(found.map((challenge) => challenge.issuer)).toEqual(['https://as.example.com', 'http://as.example.com'])
  })

  test('the state is the ticket and the name of the host', () => {
    const challenge = Object.freeze({ issuer, ticket: 't1', hostId, refused: undefined })
    expect(puma().start(challenge)).toEqual({ ticket: 't1', hostId })
  })
})

describe('begin', () => {
  test.each<[string, object, object, object, object]>([
    ['no ticket, no RPT: an RPT', { hostId }, {}, { hostId, asked: 'rpt' }, askRpt],
    ['no ticket, an old RPT: a new one', { hostId }, { rpt: 'r0' }, { hostId, asked: 'rpt' }, askRpt],
    ['a ticket, no RPT: an RPT', { hostId, ticket: 't1' }, {}, { hostId, ticket: 't1', asked: 'rpt' }, askRpt],
    [
      'a ticket and an RPT: the ticket',
      { hostId, ticket: 't1' },
      { rpt: 'r1' },
      { hostId, ticket: 't1', rpt: 'r1', asked: 'ticket' },
      askTicket('r1'),
    ],
    [
      'the RPT of the ticket counts more',
      { hostId, ticket: 't1', rpt: 'r1' },
      { rpt: 'r2' },
      { hostId, ticket: 't1', rpt: 'r1', asked: 'ticket' },
      askTicket('r1'),
    ],
    [
      'the person came back',
      { hostId, ticket: 't1', rpt: 'r1', upgraded: true },
      {},
      { hostId, ticket: 't1', rpt: 'r1', upgraded: true },
      { kind: 'granted', grant: grantOf('r1'), upgraded: true },
    ],
    [
      'the person came back before there was an RPT',
      { hostId, ticket: 't1', upgraded: true },
      {},
      { hostId, ticket: 't1', upgraded: true, asked: 'rpt' },
      askRpt,
    ],
    ['no name of the host', {}, {}, { asked: 'rpt' }, askRpt],
  ])('%s', (_what, state, input, next, step) => {
    const turn = play.begin(state, input)
    expect(defined(turn.state)).toEqual(next)
    expect(JSON.parse(JSON.stringify(turn.step))).toEqual(step)
  })

  test.each([
    ['rpt_endpoint of the configuration', {}, { rpt_endpoint: `${issuer}/rpt` }, `${issuer}/rpt`],
    ['the option', { rptEndpoint: `${issuer}/own` }, { rpt_endpoint: `${issuer}/rpt` }, `${issuer}/own`],
  ])('an RPT is asked for at %s', (_what, options, more, endpoint) => {
    const own = playOf(puma(options), factsWith({ ...metadata, ...more }))
    expect(own.begin({ hostId }).step).toMatchObject({ kind: 'ask', endpoint })
  })

  test('both requests as the application says', () => {
    const headers = { accept: 'x/y', 'content-type': 'z' }
    const options: PumaOptions = {
      ticketEndpoint: `${issuer}/own`,
      rptRequest: (id) => ({ json: { id }, headers }),
      ticketRequest: ({ rpt, ticket }) => ({ form: { a: rpt, b: ticket } }),
    }
    const own = playOf(puma(options), facts)
    expect(own.begin({ hostId }).step).toMatchObject({ json: { id: hostId }, headers })
    expect(own.begin({ ticket: 't1', rpt: 'r1' }).step).toMatchObject({
      endpoint: `${issuer}/own`,
      form: { a: 'r1', b: 't1' },
      headers: { accept },
    })
  })

  test.each([
    ['for an RPT', { hostId }],
    ['for the ticket', { hostId, ticket: 't1', rpt: 'r1' }],
  ])('without an endpoint %s nothing is asked', (_what, state) => {
    expect(shown(playOf(puma(), factsWith({})).begin(state).step)).toEqual(denied('DiscoveryError discovery_failed'))
  })
})

describe('answer', () => {
  const noTicket = { hostId, asked: 'rpt' }
  const rptFirst = { hostId, ticket: 't1', asked: 'rpt' }
  const withTicket = { hostId, ticket: 't1', rpt: 'r1', asked: 'ticket' }
  const redirect = [{ claim_type: 'redirect_required', claim_value: `${issuer}/claims` }]
  const again = (error: string, more: object) => ({
    kind: 'again',
    error: `TokenRequestError ${error}`,
    presenting: true,
    ...more,
  })
  const granted = (token: string) => ({ kind: 'granted', upgraded: true, grant: grantOf(token) })

  test.each<[string, object, number, unknown, object, object]>([
    ['an RPT before there is a ticket', noTicket, 201, { rpt: 'r1' }, {}, { kind: 'issued', grant: grantOf('r1') }],
    ['an RPT called token', noTicket, 200, { token: 'r1' }, {}, { kind: 'issued', grant: grantOf('r1') }],
    ['an RPT for the ticket', rptFirst, 201, { rpt: 'r1' }, { rpt: 'r1', asked: 'ticket' }, askTicket('r1')],
    ['no RPT', noTicket, 201, {}, {}, rejected],
    ['an empty answer in place of an RPT', rptFirst, 201, '', {}, rejected],
    ['the party is unknown', noTicket, 401, {}, {}, { kind: 'sign-in' }],
    ['granted', withTicket, 201, '', {}, granted('r1')],
    ['granted with a new RPT', withTicket, 200, { rpt: 'r2' }, {}, granted('r2')],
    ['no claims are missing', withTicket, 200, [], {}, granted('r1')],
    ['the party is unknown at the ticket', withTicket, 401, {}, {}, { kind: 'sign-in' }],
    [
      'submitted',
      withTicket,
      403,
      { error: 'request_submitted' },
      {},
      denied('RequestSubmittedError request_submitted'),
    ],
    [
      'denied',
      withTicket,
      403,
      { error: 'not_authorized_permission' },
      {},
      denied('RequestDeniedError request_denied'),
    ],
    ['claims without names', withTicket, 403, { error: 'need_claims' }, {}, denied('NeedInfoError need_info')],
    ['another error', withTicket, 400, { error: 'invalid_request' }, {}, denied('TokenRequestError invalid_request')],
    ['nonsense', withTicket, 200, {}, {}, rejected],
    ['500', withTicket, 500, 'oops', {}, rejected],
    [
      'an old ticket',
      withTicket,
      400,
      { error: 'expired_requester_ticket' },
      {},
      again('expired_requester_ticket', { without: [], drop: false }),
    ],
    [
      'a bad RPT',
      withTicket,
      400,
      { error: 'invalid_rpt' },
      {},
      again('invalid_rpt', { without: ['rpt'], drop: true }),
    ],
    [
      'a person is needed',
      withTicket,
      200,
      redirect,
      {},
      {
        kind: 'claims',
        requiredClaims: [{ claim_type: 'redirect_required', raw: redirect[0] }],
        redirectUser: `${issuer}/claims`,
      },
    ],
    [
      'another claim',
      withTicket,
      403,
      { claims_requested: [{ claim_type: 'telepathy' }] },
      {},
      { kind: 'claims', requiredClaims: [{ claim_type: 'telepathy', raw: { claim_type: 'telepathy' } }] },
    ],
  ])('%s', (_what, state, status, body, changes, step) => {
    const turn = play.answer(state, { status, body })
    const { asked: _asked, ...kept } = state as { asked?: string }
    expect(defined(turn.state)).toEqual({ ...kept, ...changes })
    expect(JSON.parse(JSON.stringify(shown(turn.step)))).toEqual(step)
  })
})

describe('redirect', () => {
  const state = { hostId, ticket: 't1', rpt: 'r1' }
  const back = (query: string) => `https://album.example.com/back?${query}`

  test('the state goes out in the redirect URI', () => {
    const url = play.url(state, `${issuer}/claims?session=1`)
    expect([...(url?.searchParams ?? [])]).toEqual([
      ['session', '1'],
      ['redirect_uri', 'https://album.example.com/back?state=s1'],
    ])
  })

  test('another name for the redirect URI; none without a redirect URI', () => {
    const own = playOf(puma({ redirectParameter: 'return_to' }), facts)
    expect(own.url(state, `${issuer}/claims`)?.searchParams.get('return_to')).toContain('state=s1')
    expect(play.url(state, `${issuer}/claims`, { redirectUri: undefined })?.search).toBe('')
  })

  test('plain http only where it is allowed', () => {
    const endpoint = 'http://as.example.com/claims'
    expect(play.url(state, endpoint)).toBeUndefined()
    expect(playOf(puma({ allowInsecureHttp: true }), facts).url(state, endpoint)?.host).toBe('as.example.com')
  })

  test.each(['x-oauth_access_granted=1', 'claim_status=ok', 'claim_status=whatever'])('back with %s', (query) => {
    expect(play.accept(state, back(`state=s1&${query}`))).toEqual({ ...state, upgraded: true })
  })

  test.each([
    ['claim_status=ok', 'InvalidStateError invalid_state'],
    ['state=s1&state=s2&claim_status=ok', 'InvalidStateError invalid_state'],
    ['state=s1&x-oauth_access_req=1', 'RequestSubmittedError request_submitted'],
    ['state=s1&error=access_denied', 'RedirectError redirect_failed access_denied'],
    ['state=s1', 'RedirectError redirect_failed parameters'],
  ])('back with %s: %s', (query, error) => {
    expect(thrownBy(() => play.accept(state, back(query)))).toBe(error)
  })
})
