/** The simulated authorization server runs without a socket, at the time that a test gives it. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { UMA_TICKET_GRANT } from '../../src/testing/authorization-server/state.ts'
import { ID_TOKEN_FORMAT, onlyPeople, onlySubjects } from '../../src/testing/policies/policies.ts'
import { answered, basic, bearer, ISSUER, simulate } from './kit.ts'

const minute = 60_000

describe('the clock', () => {
  test('a ticket is good until the clock reaches its end', async () => {
    const { clock, ticket, exchange } = simulate()
    const [inTime, late] = [await ticket(), await ticket()]
    clock.forward(5 * minute - 1)
    expect((await exchange(inTime)).status).toBe(200)
    clock.forward(1)
    const refused = await exchange(late)
    expect([refused.status, refused.json]).toEqual([
      400,
      { error: 'invalid_grant', error_description: 'the ticket is expired' },
    ])
  })

  test('an RPT is active until the clock reaches its end', async () => {
    const { server, clock, ticket, exchange, resource } = simulate({ deviations: { rptLifetimeMs: 10 * minute } })
    const { json } = await exchange(await ticket())
    expect(json.expires_in).toBe(600)
    const exp = clock.now() / 1000 + 600
    expect(server.introspect(json.access_token)).toMatchObject({ active: true, exp, iat: exp - 600 })
    expect(server.permissionsOf(json.access_token)).toEqual([{ resource_id: resource, resource_scopes: ['read'] }])
    clock.forward(10 * minute)
    expect(server.introspect(json.access_token)).toEqual({ active: false })
  })

  test('a PCT is remembered until the clock reaches its end', async () => {
    const { server, clock, ticket, exchange } = simulate({ policy: onlySubjects(['alice']) })
    const claim_token = await server.issueIdToken({ sub: 'alice' })
    const pushed = await exchange(await ticket(), {
      client_id: 'spa',
      claim_token,
      claim_token_format: ID_TOKEN_FORMAT,
    })
    const again = async () => exchange(await ticket(), { client_id: 'spa', pct: pushed.json.pct })
    expect((await again()).status).toBe(200)
    clock.forward(24 * 60 * minute)
    expect((await again()).json.error).toBe('need_info')
  })

  test('a policy is told the age of the authorization process', async () => {
    const ages: number[] = []
    const { clock, ticket, exchange } = simulate({
      policy({ age, round }) {
        ages.push(age)
        return round > 1 ? 'grant' : { submitted: { interval: 30 } }
      },
    })
    const submitted = await exchange(await ticket())
    expect(submitted.json).toMatchObject({ error: 'request_submitted', interval: 30 })
    clock.forward(30_000)
    expect((await exchange(submitted.json.ticket)).status).toBe(200)
    expect(ages).toEqual([0, 30_000])
  })

  test('delays go to `pause`', async () => {
    const { server, clock, ticket, exchange } = simulate({ deviations: { delayMs: { token: 700, discovery: 800 } } })
    await exchange(await ticket())
    await server.fetch(new Request(`${ISSUER}/.well-known/uma2-configuration`))
    expect(clock.pauses).toEqual([700, 800])
  })
})

describe('strict', () => {
  test('a ticket is used once, also if the request was refused', async () => {
    const { server, ticket, exchange } = simulate()
    const granted = await ticket()
    expect([(await exchange(granted)).status, (await exchange(granted)).json.error_description]).toEqual([
      200,
      'the ticket is spent',
    ])
    const refused = await ticket()
    await exchange(refused, { client_id: 'spa', scope: 'fly' })
    expect((await exchange(refused)).json.error_description).toBe('the ticket is spent')
    expect((await exchange('made up')).json.error_description).toBe('the ticket is unknown')
    expect(server.stats.ticketsReplayed).toBe(3)
  })

  test.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['the right secret', {}, basic('web', 'web-secret'), 200],
    ['a wrong secret', {}, basic('web', 'wrong'), 401],
    ['no secret', { client_id: 'web' }, {}, 401],
    ['the secret in the body, not as registered', { client_id: 'web', client_secret: 'web-secret' }, {}, 401],
    ['an unknown client', { client_id: 'stranger' }, {}, 401],
    ['no client', {}, {}, 401],
    ['two ways at once', { client_secret: 'web-secret' }, basic('web', 'web-secret'), 401],
    ['two different clients', { client_id: 'spa' }, basic('web', 'web-secret'), 401],
    ['no Basic credentials at all', {}, { authorization: 'Basic %' }, 401],
  ])('client authentication: %s', async (_title, fields, headers, status) => {
    const { ticket, exchange } = simulate()
    const value = await ticket()
    const answer = await exchange(value, fields, headers)
    expect(answer.status).toBe(status)
    if (status === 200) return
    expect(answer.json.error).toBe('invalid_client')
    expect(answer.headers.has('www-authenticate')).toBe('authorization' in headers)
    // The ticket of a request without an authenticated client is not spent.
    expect((await exchange(value)).status).toBe(200)
  })

  test('a client assertion is used once, and only before it expires', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwt = {
      client_id: 'jwt',
      token_endpoint_auth_method: 'private_key_jwt' as const,
      grant_types: [UMA_TICKET_GRANT],
      jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] },
    }
    const { clock, ticket, exchange } = simulate({ clients: [jwt] })
    const assertion = (jti: string, aud = `${ISSUER}/token`) =>
      new SignJWT({ iss: 'jwt', sub: 'jwt', aud, jti, exp: clock.now() / 1000 + 60 })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey)
    const ask = async (client_assertion: string) =>
      (
        await exchange(await ticket(), {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion,
        })
      ).status
    const first = await assertion('1')
    expect([await ask(first), await ask(first)]).toEqual([200, 401])
    expect(await ask(await assertion('2', 'https://other.example.com'))).toBe(401)
    const old = await assertion('3')
    clock.forward(2 * minute)
    expect([await ask(old), await ask(await assertion('4'))]).toEqual([401, 200])
  })

  test('a client may use only the grants that it is registered for; no parameter is sent twice', async () => {
    const { server, ticket, exchange, post } = simulate()
    const refused = await exchange(await ticket(), {}, basic('rs', 'rs-secret'))
    expect([refused.status, refused.json.error]).toEqual([400, 'unauthorized_client'])
    expect((await post('/token', { grant_type: 'password' })).json.error).toBe('unsupported_grant_type')
    const twice = new URLSearchParams({ grant_type: UMA_TICKET_GRANT, client_id: 'spa', ticket: await ticket() })
    twice.append('ticket', await ticket())
    const answer = await answered(await server.fetch(new Request(`${ISSUER}/token`, { method: 'POST', body: twice })))
    expect(answer.json).toEqual({ error: 'invalid_request', error_description: "'ticket' must not be sent twice" })
  })
})

describe('the permission API', () => {
  const pat = async ({ post }: Pick<ReturnType<typeof simulate>, 'post'>) =>
    post('/token', { grant_type: 'client_credentials', scope: 'uma_protection' }, basic('rs', 'rs-secret'))

  test('a PAT opens it until the PAT expires', async () => {
    const simulation = simulate()
    const { server, clock, resource, exchange } = simulation
    const { access_token, expires_in } = (await pat(simulation)).json
    const call = async () =>
      answered(
        await server.fetch(
          new Request(`${ISSUER}/perm`, {
            method: 'POST',
            body: JSON.stringify({ resource_id: resource, resource_scopes: ['write'] }),
            headers: bearer(access_token),
          }),
        ),
      )
    const made = await call()
    expect(made.status).toBe(201)
    const rpt = (await exchange(made.json.ticket)).json.access_token
    const introspected = await simulation.post('/introspect', { token: rpt }, bearer(access_token))
    expect(introspected.json.permissions).toEqual([{ resource_id: resource, resource_scopes: ['write'] }])
    clock.forward(expires_in * 1000)
    const late = await call()
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
  })

  test('a PAT needs the registered scope; a second PAT revokes the first where the server has one for each client', async () => {
    const simulation = simulate()
    const { server, post } = simulation
    const wide = await post('/token', { grant_type: 'client_credentials', scope: 'admin' }, basic('rs', 'rs-secret'))
    expect(wide.json.error).toBe('invalid_scope')
    const list = async (token: string) =>
      (await server.fetch(new Request(`${ISSUER}/rreg/`, { headers: bearer(token) }))).status
    const tokens = [await pat(simulation), await pat(simulation)].map(({ json }) => json.access_token as string)
    expect(await Promise.all(tokens.map(list))).toEqual([200, 200])
    Object.assign(server.deviations, { onePatPerClient: true, patStatus: 201 })
    const last = await pat(simulation)
    expect(last.status).toBe(201)
    expect(await Promise.all([...tokens, last.json.access_token].map(list))).toEqual([401, 401, 200])
  })
})

test('a lost connection is `Response.error()`; the ticket is spent only if the request was worked on', async () => {
  const { server, ticket, exchange } = simulate({ deviations: { crashOnToken: 'before' } })
  const value = await ticket()
  const body = new URLSearchParams({ grant_type: UMA_TICKET_GRANT, client_id: 'spa', ticket: value })
  const lost = await server.fetch(new Request(`${ISSUER}/token`, { method: 'POST', body }))
  expect([lost.type, lost.status]).toEqual(['error', 0])
  server.deviations.crashOnToken = 'after'
  expect((await server.fetch(new Request(`${ISSUER}/token`, { method: 'POST', body }))).type).toBe('error')
  server.deviations.crashOnToken = undefined
  expect((await exchange(value)).json.error_description).toBe('the ticket is spent')
})

test('a person goes through the claims interaction page', async () => {
  const { server, ticket, exchange } = simulate({ policy: onlyPeople('bob') })
  const asked = await exchange(await ticket())
  const query = new URLSearchParams({ client_id: 'spa', ticket: asked.json.ticket, state: 'xyz' })
  const page = await server.fetch(new Request(`${asked.json.redirect_user}?${query}`))
  const action = /action="([^"]+)"/.exec(await page.text())?.[1] ?? ''
  const submit = (fields: Record<string, string>) =>
    server.fetch(new Request(new URL(action, ISSUER), { method: 'POST', body: new URLSearchParams(fields) }))
  expect(await (await submit({ action: 'share', login: 'mallory' })).text()).toContain('There is no such account.')
  const back = new URL((await submit({ action: 'share', login: 'bob' })).headers.get('location') ?? '')
  expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([
    'https://app.example.com/callback',
    'xyz',
  ])
  expect((await submit({ action: 'share', login: 'bob' })).status).toBe(400)
  const granted = await exchange(back.searchParams.get('ticket') ?? '')
  expect(server.introspect(granted.json.access_token)).toMatchObject({ active: true, sub: 'bob' })
})

test('the JWKS verifies RPTs; two servers have different keys', async () => {
  const [{ server, ticket, exchange }, other] = [simulate({ deviations: { rptFormat: 'jwt' } }), simulate()]
  const { access_token } = (await exchange(await ticket())).json
  const [key] = (await answered(await server.fetch(new Request(`${ISSUER}/jwks`)))).json.keys
  expect(key).toMatchObject({ kty: 'EC', alg: 'ES256', use: 'sig' })
  expect(key.d).toBeUndefined()
  expect(await server.state.key.verify(access_token)).toBe(true)
  expect(await other.server.state.key.verify(access_token)).toBe(false)
})
