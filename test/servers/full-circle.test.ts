import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../helpers/authorization-server.ts'
import { HOST_AGENT, type Host, startHost } from '../helpers/host.ts'
import { WireRecorder } from '../helpers/recorder.ts'
import { basic, bearer, challengeOf, exchange, post, wire } from './kit.ts'

describe.each(['', '/realms/photos'])('the whole circle over HTTP, issuer path "%s"', (path) => {
  const recorder = new WireRecorder()
  let as: AuthorizationServer
  let host: Host
  beforeAll(async () => {
    as = await startAuthorizationServer({ path, recorder })
    host = await startHost({ authorizationServer: as, recorder })
  })
  afterAll(() => Promise.all([as.close(), host.close()]))

  test('challenge, discovery, ticket for RPT, resource', async () => {
    const refused = await wire(`${host.origin}/alice/1.jpg`)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect(refused.headers.get('www-authenticate')).toMatch(
      /^UMA realm="photos",as_uri="http:\/\/127.0.0.1:\d+(\/realms\/photos)?",ticket="[\w-]+"$/,
    )
    const { as_uri, ticket } = challengeOf(refused)
    expect(as_uri).toBe(as.origin + path)

    const metadata = await wire(`${as_uri}/.well-known/uma2-configuration`)
    expect(metadata.json.issuer).toBe(as_uri)
    for (const name of [
      'token_endpoint',
      'permission_endpoint',
      'resource_registration_endpoint',
      'introspection_endpoint',
      'claims_interaction_endpoint',
    ]) {
      expect(metadata.json[name]).toMatch(new RegExp(`^${as_uri}/`))
    }
    const answer = await post(metadata.json.token_endpoint, {
      grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
      client_id: 'spa',
      ticket,
    })
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600 })
    expect(answer.headers.get('cache-control')).toContain('no-store')

    const rpt: string = answer.json.access_token
    const ok = await wire(`${host.origin}/alice/1.jpg`, bearer(rpt))
    expect(ok.json).toEqual({ path: '/alice/1.jpg', owner: 'alice', method: 'GET', by: 'rpt' })
    expect((await wire(`${host.origin}/alice/2.jpg`, bearer(rpt))).status).toBe(401)
    expect((await wire(`${host.origin}/alice/1.jpg`, { method: 'PUT', body: 'x', ...bearer(rpt) })).status).toBe(401)
    expect((await wire(`${host.origin}/public/1.jpg`)).json.by).toBe('nobody')

    // single use
    expect((await exchange(as, ticket)).json.error).toBe('invalid_grant')
    expect(as.stats).toMatchObject({
      tokenRequests: 2,
      ticketsReplayed: 1,
      inFlight: 0,
      patRequests: 1,
      discoveryRequests: 1,
    })

    // what the recorder saw
    expect(recorder.to(host.origin).length).toBe(5)
    expect(
      recorder.to('as', (r) => r.headers['user-agent'] === HOST_AGENT).map((r) => r.path.slice(path.length)),
    ).toEqual(expect.arrayContaining(['/token', '/rreg/', '/perm', '/introspect']))
    const seen = recorder
      .containing(rpt)
      .map((r) => `${r.server} ${r.method} ${r.path.slice(r.server === 'as' ? path.length : 0)} ${r.status}`)
    expect(new Set(seen)).toEqual(
      new Set([
        'host GET /alice/1.jpg 200',
        'as POST /introspect 200',
        'host GET /alice/2.jpg 401',
        'host PUT /alice/1.jpg 401',
      ]),
    )
    expect(recorder.lines()[0]).toBe('host GET /alice/1.jpg 401')
  })

  test('writes reach the host byte for byte', async () => {
    const bytes = randomBytes(70_000)
    const refused = await wire(`${host.origin}/alice/up`, { method: 'PUT', body: bytes })
    const { json } = await exchange(as, challengeOf(refused).ticket)
    const ok = await wire(`${host.origin}/alice/up`, { method: 'PUT', body: bytes, ...bearer(json.access_token) })
    expect(ok.json.received).toBe(70_000)
    expect(host.bodies.at(-1)?.bytes.equals(bytes)).toBe(true)
    expect(host.resources.get('/alice/up')?.method).toBe('PUT')
    expect(
      recorder
        .to('host')
        .filter((r) => r.path === '/alice/up')
        .map((r) => r.body.length),
    ).toEqual([70_000, 70_000])
  })

  test('client authentication: none, basic, post, private_key_jwt, and wrong ones', async () => {
    const ticket = async (): Promise<string> => challengeOf(await wire(`${host.origin}/alice/auth`)).ticket
    const grant_type = 'urn:ietf:params:oauth:grant-type:uma-ticket'
    const token = `${as.issuer}/token`
    expect((await post(token, { grant_type, ticket: await ticket() }, basic('web', 'web-secret'))).status).toBe(200)
    expect(
      (
        await post(token, {
          grant_type,
          ticket: await ticket(),
          client_id: 'web-post',
          client_secret: 'web-post-secret',
        })
      ).status,
    ).toBe(200)
    expect((await post(token, { grant_type, ticket: await ticket() }, basic('web', 'wrong'))).status).toBe(401)
    expect((await post(token, { grant_type, ticket: await ticket(), client_id: 'nobody' })).json.error).toBe(
      'invalid_client',
    )

    const key = await crypto.subtle.importKey(
      'jwk',
      as.clientKey as JsonWebKey,
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    )
    const part = (o: unknown): string => Buffer.from(JSON.stringify(o)).toString('base64url')
    const now = Math.floor(Date.now() / 1000)
    const input = `${part({ alg: 'ES256' })}.${part({ iss: 'web-jwt', sub: 'web-jwt', aud: as.issuer, jti: crypto.randomUUID(), iat: now, exp: now + 60 })}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(input))
    const client_assertion = `${input}.${Buffer.from(signature).toString('base64url')}`
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    expect(
      (await post(token, { grant_type, ticket: await ticket(), client_assertion, client_assertion_type })).status,
    ).toBe(200)
  })

  test('dynamic registration takes claims_redirect_uris', async () => {
    const metadata = {
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://a.example/cb'],
      claims_redirect_uris: ['https://a.example/claims?x=1'],
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
    }
    const register = (body: unknown) =>
      wire(`${as.issuer}/register`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
    const made = await register(metadata)
    expect(made.status).toBe(201)
    expect(made.json.claims_redirect_uris).toEqual(metadata.claims_redirect_uris)
    const { ticket } = challengeOf(await wire(`${host.origin}/alice/dcr`))
    expect((await exchange(as, ticket, { client_id: made.json.client_id })).status).toBe(200)
    expect((await register({ ...metadata, claims_redirect_uris: ['/relative'] })).json.error).toBe(
      'invalid_redirect_uri',
    )
  })

  test('each owner may have an authorization server of their own; foreign RPTs open nothing', async () => {
    const other = await startAuthorizationServer({ label: 'carols' })
    const both = await startHost({ authorizationServer: as, owners: { carol: other } })
    const hers = challengeOf(await wire(`${both.origin}/carol/1`))
    const his = challengeOf(await wire(`${both.origin}/alice/1`))
    expect([hers.as_uri, his.as_uri]).toEqual([other.issuer, as.issuer])
    const { access_token } = (await exchange(other, hers.ticket)).json
    expect((await wire(`${both.origin}/carol/1`, bearer(access_token))).status).toBe(200)
    expect((await wire(`${both.origin}/alice/1`, bearer(access_token))).status).toBe(401)
    await Promise.all([other.close(), both.close()])
  })
})

test('direct: a host under load needs no HTTP to its authorization server', async () => {
  const as = await startAuthorizationServer()
  const host = await startHost({ authorizationServer: as, direct: true })
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const { ticket } = challengeOf(await wire(`${host.origin}/alice/${i}`))
      const { json } = await exchange(as, ticket)
      return (await wire(`${host.origin}/alice/${i}`, bearer(json.access_token))).status
    }),
  )
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(as.recorder.requests.length).toBe(50)
  expect(as.stats.maxInFlight).toBeGreaterThan(1)
  expect(as.stats.inFlight).toBe(0)
  await Promise.all([as.close(), host.close()])
  await expect(fetch(host.origin)).rejects.toThrow()
})
