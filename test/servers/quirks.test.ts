/** Each quirk of the authorization server, at least once as it looks on the wire. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuthorizationServer,
  type AuthorizationServerQuirks,
  denyAll,
  grantAll,
  ID_TOKEN_FORMAT,
  onlyPeople,
  onlySubjects,
  ownerAgreesAfter,
  products,
  specification,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { startHost } from '../helpers/host.ts'
import { basic, bearer, challengeOf, exchange, freshTicket, post, type Wire, wire } from './kit.ts'

let as: AuthorizationServer
beforeAll(async () => {
  as = await startAuthorizationServer({ path: '/realms/photos' })
})
afterAll(() => as.close())
afterEach(() => {
  Object.assign(as.quirks, specification())
  as.policy = grantAll
})
const set = (quirks: Partial<AuthorizationServerQuirks>): void => void Object.assign(as.quirks, quirks)
const ask = (more: Record<string, string> = {}): Promise<Wire> => exchange(as, freshTicket(as).ticket, more)
const rptOf = async (): Promise<string> => (await ask()).json.access_token

describe('refusals', () => {
  test.each<[AuthorizationServerQuirks['denial'], number, unknown]>([
    ['spec', 403, { error: 'request_denied' }],
    ['keycloak', 403, { error: 'access_denied', error_description: 'not_authorized' }],
    ['gluu', 403, { error: 'forbidden_by_policy', error_description: expect.any(String) }],
    [
      'gravitee',
      400,
      { error: 'invalid_grant', error_description: 'Policy conditions are not met for actual request parameters' },
    ],
    ['wso2', 400, { error: 'invalid_grant', error_description: expect.any(String) }],
    ['solidlab', 403, { status: 403, description: expect.any(String), message: expect.any(String) }],
    ['openam', 403, { error: 'not_authorised', error_description: expect.any(String) }],
  ])('denial: %s', async (denial, status, body) => {
    set({ denial })
    as.policy = denyAll
    const answer = await ask()
    expect([answer.status, answer.json]).toEqual([status, body])
  })

  test.each<[AuthorizationServerQuirks['invalidTicket'], number, unknown]>([
    ['keycloak', 403, { error: 'invalid_ticket' }],
    ['gluu', 400, { error: 'invalid_ticket' }],
    ['solidlab', 400, { status: 400 }],
    ['openam', 400, { error: 'invalid_ticket' }],
  ])('invalid ticket: %s', async (invalidTicket, status, body) => {
    set({ invalidTicket })
    const answer = await exchange(as, 'unknown')
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject(body as object)
  })

  test('submitted: keycloak and openam give no ticket', async () => {
    as.policy = ownerAgreesAfter(9)
    set({ submitted: 'keycloak' })
    expect((await ask()).json).toEqual({ error: 'access_denied', error_description: 'request_submitted' })
    set({ submitted: 'openam' })
    expect((await ask()).json.ticket).toBeUndefined()
  })

  test('bad rpt burns the ticket', async () => {
    for (const [badRpt, status, error] of [
      ['invalid_rpt-403', 403, 'invalid_rpt'],
      ['invalid_rpt-400', 400, 'invalid_rpt'],
      ['invalid_grant-400', 400, 'invalid_grant'],
    ] as const) {
      set({ badRpt })
      const { ticket } = freshTicket(as)
      const answer = await exchange(as, ticket, { rpt: 'gone' })
      expect([answer.status, answer.json.error]).toEqual([status, error])
      expect((await exchange(as, ticket)).json.error).toBe('invalid_grant')
    }
    set({ badRpt: 'ignore' })
    expect((await ask({ rpt: 'gone' })).status).toBe(200)
  })

  test('bad pct; claims up front; header and content type of errors; raw override', async () => {
    set({ badPct: 'invalid_pct-401' })
    const bad = await ask({ pct: 'gone' })
    expect([bad.status, bad.json.error]).toEqual([401, 'invalid_pct'])
    set({ requireClaimsUpFront: true })
    expect((await ask()).json).toEqual({ error: 'invalid_grant' })
    expect(
      (await ask({ claim_token: as.issueIdToken({ sub: 'alice' }), claim_token_format: ID_TOKEN_FORMAT })).status,
    ).toBe(200)
    set({ requireClaimsUpFront: false, wwwAuthenticateOnErrors: true, contentType: 'text/plain' })
    as.policy = denyAll
    const dressed = await ask()
    expect(dressed.headers.get('www-authenticate')).toContain('error="request_denied"')
    expect(dressed.headers.get('content-type')).toBe('text/plain')
    set({ errorAnswer: () => ({ status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>no</h1>' }) })
    expect((await ask()).text).toBe('<h1>no</h1>')
  })
})

describe('need_info', () => {
  test('same ticket (Gravitee) is good again', async () => {
    set({ sameTicket: true })
    as.policy = onlySubjects(['alice'])
    const { ticket } = freshTicket(as)
    const asked = await exchange(as, ticket)
    expect(asked.json.ticket).toBe(ticket)
    expect(
      (
        await exchange(as, ticket, {
          claim_token: as.issueIdToken({ sub: 'alice' }),
          claim_token_format: ID_TOKEN_FORMAT,
        })
      ).status,
    ).toBe(200)
  })

  test('without error; shapes of required_claims', async () => {
    as.policy = onlySubjects(['alice'])
    set({ needInfoWithoutError: true })
    expect(Object.keys((await ask()).json)).toEqual(['ticket', 'required_claims'])
    set({ requiredClaimsShape: 'strings' })
    expect((await ask()).json.required_claims[0].claim_token_format).toBe(ID_TOKEN_FORMAT)
    set({ requiredClaimsShape: 'object' })
    expect((await ask()).json.required_claims.claim_token_format[0]).toEqual([ID_TOKEN_FORMAT])
  })

  test('redirect_user of Gluu: "&" without "?", client_id and ticket inside', async () => {
    as.policy = onlyPeople('alice')
    set({ redirectUserStyle: 'gluu' })
    const { json } = await ask()
    expect(json.redirect_user).toBe(`${as.issuer}/rqp_claims&client_id=spa&ticket=${json.ticket}`)
  })

  test('several claim tokens as JSON (SolidLab), other formats', async () => {
    let seen: unknown
    as.policy = ({ claims }) => {
      seen = claims.map((c) => [c.format, c.payload])
      return 'grant'
    }
    const pairs = [
      {
        claim_token: encodeURIComponent('https://alice.example/#me'),
        claim_token_format: 'urn:solidlab:uma:claims:formats:webid',
      },
      {
        claim_token: Buffer.from('{"a":1}').toString('base64url'),
        claim_token_format: 'urn:ietf:params:oauth:token-type:jwt',
      },
    ]
    const body = JSON.stringify({
      grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
      client_id: 'spa',
      ticket: freshTicket(as).ticket,
      claim_token: pairs,
    })
    expect(
      (await wire(`${as.issuer}/token`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
        .status,
    ).toBe(200)
    expect(seen).toEqual([
      ['urn:solidlab:uma:claims:formats:webid', { value: 'https://alice.example/#me' }],
      ['urn:ietf:params:oauth:token-type:jwt', { a: 1 }],
    ])
  })
})

describe('the RPT', () => {
  test('upgrade: same-string, never, true-always', async () => {
    const rpt = await rptOf()
    set({ upgrade: 'same-string' })
    const same = (await ask({ rpt })).json
    expect([same.access_token, same.upgraded, as.grants(rpt).length]).toEqual([rpt, true, 2])
    set({ upgrade: 'never' })
    const never = (await ask({ rpt })).json
    expect([never.upgraded, as.grants(never.access_token).length, as.grants(rpt).length]).toEqual([undefined, 1, 2])
    set({ upgrade: 'true-always' })
    const always = (await ask({ rpt })).json
    expect([always.upgraded, as.grants(always.access_token).length, as.grants(rpt).length]).toEqual([true, 3, 2])
  })

  test('expires_in, token_type, no pct, growth, jwt', async () => {
    set({ omitExpiresIn: true, tokenType: 'bearer' })
    expect((await ask()).json).toEqual({ access_token: expect.any(String), token_type: 'bearer' })
    set({ omitExpiresIn: false, expiresIn: '3600' })
    expect((await ask()).json.expires_in).toBe('3600')
    set({ expiresIn: null })
    expect((await ask()).json.expires_in).toBeNull()
    set({ pctOff: true, growRpt: 5000, rptFormat: 'jwt' })
    const jwt: string = (
      await ask({ claim_token: as.issueIdToken({ sub: 'alice' }), claim_token_format: ID_TOKEN_FORMAT })
    ).json.access_token
    expect(jwt.length).toBeGreaterThan(5000)
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    expect(claims.exp).toBeGreaterThan(Date.now() / 1000)
    expect(as.grants((await ask({ rpt: jwt })).json.access_token).length).toBe(2)
  })

  test('tokenAnswer: JSON, raw, and text', async () => {
    set({ tokenAnswer: (json) => ({ ...json, token_type: 'DPoP' }) })
    expect((await ask()).json.token_type).toBe('DPoP')
    set({ tokenAnswer: () => ({ status: 201, headers: { 'x-raw': '1' }, body: '{"result":true}' }) })
    const raw = await ask()
    expect([raw.status, raw.headers.get('x-raw'), raw.json]).toEqual([201, '1', { result: true }])
    set({ tokenAnswer: () => 'not json' })
    expect((await ask()).text).toBe('not json')
  })

  test('stateless tickets may be presented again', async () => {
    set({ statelessTickets: true })
    const { ticket } = freshTicket(as)
    expect(ticket.split('.').length).toBe(3)
    const before = as.stats.ticketsReplayed
    expect([(await exchange(as, ticket)).status, (await exchange(as, ticket)).status]).toEqual([200, 200])
    expect(as.stats.ticketsReplayed).toBe(before + 1)
  })
})

describe('transport', () => {
  const discover = (path = '/realms/photos/.well-known/uma2-configuration'): Promise<Wire> => wire(as.origin + path)

  test('metadata: override, insertion form, trailing slash', async () => {
    set({ metadata: (json) => ({ ...json, issuer: 'https://evil.example' }) })
    expect((await discover()).json.issuer).toBe('https://evil.example')
    set({ metadata: () => ({ status: 302, headers: { location: '/login' } }) })
    expect((await discover()).headers.get('location')).toBe('/login')
    set({ metadata: undefined, insertedMetadata: true })
    expect((await discover()).status).toBe(404)
    expect((await discover('/.well-known/uma2-configuration/realms/photos')).json.issuer).toBe(as.issuer)
    set({ insertedMetadata: false, issuerTrailingSlash: true })
    expect(as.issuer).toMatch(/photos\/$/)
    expect((await discover()).json.issuer).toBe(as.issuer)
  })

  test('CORS, on and off', async () => {
    const preflight = (): Promise<Wire> =>
      wire(`${as.issuer}/token`, {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
      })
    const on = await preflight()
    expect([on.status, on.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect((await discover()).headers.get('access-control-allow-origin')).toBe('*')
    set({ cors: false })
    expect((await preflight()).headers.get('access-control-allow-origin')).toBeNull()
    expect((await discover()).headers.get('access-control-allow-origin')).toBeNull()
    expect((await ask()).headers.get('access-control-allow-origin')).toBeNull()
  })

  test('the connection breaks before or after the ticket was spent; delays', async () => {
    const { ticket } = freshTicket(as)
    set({ crashOnToken: 'before' })
    await expect(exchange(as, ticket)).rejects.toThrow()
    set({ crashOnToken: undefined })
    expect((await exchange(as, ticket)).status).toBe(200)
    const other = freshTicket(as).ticket
    set({ crashOnToken: 'after' })
    await expect(exchange(as, other)).rejects.toThrow()
    set({ crashOnToken: undefined, delayMs: { token: 30, discovery: 30 } })
    const start = performance.now()
    expect((await exchange(as, other)).json.error).toBe('invalid_grant')
    await discover()
    expect(performance.now() - start).toBeGreaterThan(55)
  })
})

describe('the protection API', () => {
  const rs = (): Promise<Wire> =>
    post(`${as.issuer}/token`, { grant_type: 'client_credentials', scope: 'uma_protection' }, basic('rs', 'rs-secret'))

  test('one permission form only; public resources', async () => {
    const { access_token } = (await rs()).json
    const id = as.registerResource({ resource_scopes: ['read'] })._id
    const one = { resource_id: id, resource_scopes: ['read'] }
    const perm = (body: unknown): Promise<Wire> =>
      wire(`${as.issuer}/perm`, { method: 'POST', body: JSON.stringify(body), ...bearer(access_token) })
    set({ permissionForm: 'array' })
    expect([(await perm(one)).status, (await perm([one])).status]).toEqual([400, 201])
    set({ permissionForm: 'object' })
    expect([(await perm(one)).status, (await perm([one])).status]).toEqual([201, 500])
    set({ publicResource: () => true })
    expect([(await perm(one)).status, (await perm(one)).text]).toEqual([200, ''])
  })

  test('introspection dialects; one PAT a client; 201', async () => {
    set({ onePatPerClient: true, patStatus: 201, introspection: 'solidlab-400' })
    const first = await rs()
    const second = await rs()
    expect(second.status).toBe(201)
    const token = await rptOf()
    const introspect = (fields: { token: string }, headers: Record<string, string>): Promise<Wire> =>
      post(`${as.issuer}/introspect`, fields, headers)
    expect((await introspect({ token }, bearer(first.json.access_token).headers)).status).toBe(401)
    const good = await introspect({ token }, bearer(second.json.access_token).headers)
    expect([good.json.active, good.json.exp]).toEqual([true, undefined])
    expect((await introspect({ token: 'x' }, bearer(second.json.access_token).headers)).status).toBe(400)
    set({ introspection: 'keycloak' })
    expect((await introspect({ token }, bearer(second.json.access_token).headers)).status).toBe(401)
    expect((await introspect({ token }, basic('rs', 'rs-secret'))).json.permissions[0]).toMatchObject({
      rsname: 'thing',
      scopes: ['read'],
    })
  })

  test.each(Object.keys(products))('a host works with the quirks of %s', async (name) => {
    set(products[name as keyof typeof products])
    const host = await startHost({ authorizationServer: as })
    const { ticket } = challengeOf(await wire(`${host.origin}/alice/1`))
    const { json } = await exchange(as, ticket, {
      claim_token: as.issueIdToken({ sub: 'alice' }),
      claim_token_format: ID_TOKEN_FORMAT,
    })
    expect((await wire(`${host.origin}/alice/1`, bearer(json.access_token))).status).toBe(200)
    expect((await wire(`${host.origin}/alice/1`, bearer('stale'))).status).toBe(401)
    await host.close()
  })
})
