import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type AuthorizationServer,
  REDIRECT_URI,
  specification,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { basic, bearer, browse, exchange, freshTicket, post, submit, wire } from './kit.ts'

let as: AuthorizationServer
beforeAll(async () => {
  as = await startAuthorizationServer({ path: '/realms/photos' })
})
afterAll(() => as.close())
afterEach(() => void Object.assign(as.quirks, specification()))

const pat = async (): Promise<string> =>
  (
    await post(
      `${as.issuer}/token`,
      { grant_type: 'client_credentials', scope: 'uma_protection' },
      basic('rs', 'rs-secret'),
    )
  ).json.access_token
const json = (method: string, body: unknown, token: string): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...bearer(token).headers },
})

test('code flow with PKCE through real login and consent pages', async () => {
  const jar = new Map<string, string>()
  const verifier = 'a'.repeat(50)
  const query = new URLSearchParams({
    client_id: 'spa',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access uma_authorization',
    prompt: 'consent',
    state: 'xyz',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const login = await browse(as.origin, `${as.issuer}/authorize?${query}`, {}, jar)
  expect(login.text).toContain('Sign in')
  const consent = await submit(as.origin, login, { login: 'alice', password: 'x', action: 'continue' }, jar)
  expect(consent.text).toContain('Allow access')
  const back = new URL((await submit(as.origin, consent, { action: 'continue' }, jar)).left ?? '')
  expect(Object.fromEntries(back.searchParams)).toMatchObject({ state: 'xyz', iss: as.issuer })
  const form = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: REDIRECT_URI,
    code: back.searchParams.get('code') ?? '',
  }
  const answer = await post(`${as.issuer}/token`, { ...form, code_verifier: verifier })
  expect(answer.json).toMatchObject({
    token_type: 'Bearer',
    id_token: expect.any(String),
    refresh_token: expect.any(String),
  })
  // as client authentication at the token endpoint
  const granted = await exchange(as, freshTicket(as).ticket, {}, bearer(answer.json.access_token).headers)
  expect(as.introspect(granted.json.access_token)).toMatchObject({ sub: 'alice', client_id: 'spa' })
  const refreshed = await post(`${as.issuer}/token`, {
    grant_type: 'refresh_token',
    client_id: 'spa',
    refresh_token: answer.json.refresh_token,
  })
  expect(refreshed.status).toBe(200)
  const aborted = await submit(
    as.origin,
    await browse(as.origin, `${as.issuer}/authorize?${query}`, {}, new Map()),
    { action: 'abort' },
    new Map(),
  )
  expect(aborted.status).toBeGreaterThanOrEqual(400) // without its cookie a page is nobody's
})

test('Bearer client authentication, direct and wrong', async () => {
  const token = await as.issueAccessToken({ account: 'bob', clientId: 'spa' })
  as.policy = ({ bearerSubject }) => (bearerSubject === 'bob' ? 'grant' : 'deny')
  expect((await exchange(as, freshTicket(as).ticket, {}, bearer(token).headers)).status).toBe(200)
  const bad = await exchange(as, freshTicket(as).ticket, {}, bearer('nonsense').headers)
  expect([bad.status, bad.json.error_description]).toEqual([401, 'Invalid bearer token'])
  as.policy = () => 'grant'
  as.quirks.clientAuth = 'bearer-only'
  expect((await exchange(as, freshTicket(as).ticket)).status).toBe(401)
})

test('refresh of an RPT, rotated or not; replay is counted', async () => {
  as.quirks.refreshTokens = true
  const first = (await exchange(as, freshTicket(as).ticket)).json
  const refresh = (refresh_token: string) =>
    post(`${as.issuer}/token`, { grant_type: 'refresh_token', client_id: 'spa', refresh_token })
  const same = await refresh(first.refresh_token)
  expect(same.json.access_token).not.toBe(first.access_token)
  expect(same.json.refresh_token).toBeUndefined()
  expect(as.grants(same.json.access_token)).toEqual(as.grants(first.access_token))
  as.quirks.rotateRefresh = true
  const rotated = await refresh(first.refresh_token)
  expect(rotated.json.refresh_token).not.toBe(first.refresh_token)
  expect((await refresh(first.refresh_token)).json.error).toBe('invalid_grant')
  expect(as.stats.refreshTokensReplayed).toBe(1)
})

test('revocation of RPT and PCT; another client cannot', async () => {
  const { access_token: token } = (await exchange(as, freshTicket(as).ticket)).json
  const revoke = (fields: Record<string, string>, headers = {}) =>
    post(`${as.issuer}/revoke`, { token, ...fields }, headers)
  expect((await revoke({}, basic('web', 'web-secret'))).status).toBe(200)
  expect(as.introspect(token)['active']).toBe(true)
  expect((await revoke({}, basic('web', 'wrong'))).status).toBe(401)
  expect((await revoke({ client_id: 'spa' })).status).toBe(200)
  expect(as.introspect(token)['active']).toBe(false)
  expect((await revoke({ client_id: 'spa', token: 'unknown', token_type_hint: 'pct' })).status).toBe(200)
})

test('resource registration: create, read, update, list, delete; errors', async () => {
  const token = await pat()
  const rreg = `${as.issuer}/rreg/`
  const made = await wire(rreg, json('POST', { name: 'Album', resource_scopes: ['view'] }, token))
  expect(made.status).toBe(201)
  expect(made.headers.get('location')).toBe(`/realms/photos/rreg/${made.json._id}`)
  const one = new URL(made.headers.get('location') ?? '', rreg).href
  expect((await wire(one, bearer(token))).json).toEqual({
    _id: made.json._id,
    name: 'Album',
    resource_scopes: ['view'],
  })
  expect((await wire(one, json('PUT', { resource_scopes: ['print'] }, token))).json).toEqual({ _id: made.json._id })
  expect((await wire(one, bearer(token))).json).toEqual({ _id: made.json._id, resource_scopes: ['print'] })
  expect((await wire(rreg, bearer(token))).json).toContain(made.json._id)
  expect((await wire(one, { method: 'DELETE', ...bearer(token) })).status).toBe(204)
  expect((await wire(one, bearer(token))).status).toBe(404)
  expect((await wire(one, { method: 'PATCH', ...bearer(token) })).status).toBe(404)
  expect((await wire(rreg, { method: 'PATCH', ...bearer(token) })).json.error).toBe('unsupported_method_type')
  expect((await wire(rreg, json('POST', { name: 'no scopes' }, token))).json.error).toBe('invalid_request')
  expect((await wire(rreg)).status).toBe(401)
  expect((await wire(rreg, bearer(await as.issueAccessToken({ account: 'alice', clientId: 'spa' })))).status).toBe(401)
})

test('permission endpoint and introspection by PAT', async () => {
  const token = await pat()
  const id = as.registerResource({ resource_scopes: ['read', 'write'] })._id
  const perm = (body: unknown) => wire(`${as.issuer}/perm`, json('POST', body, token))
  const object = await perm({ resource_id: id, resource_scopes: ['read'] })
  expect([object.status, Object.keys(object.json)]).toEqual([201, ['ticket']])
  const array = await perm([{ resource_id: id, resource_scopes: ['write'] }])
  expect((await perm({ resource_id: 'no', resource_scopes: [] })).json.error).toBe('invalid_resource_id')
  expect((await perm({ resource_id: id, resource_scopes: ['fly'] })).json.error).toBe('invalid_scope')
  expect((await perm([])).status).toBe(400)
  const { access_token } = (await exchange(as, array.json.ticket)).json
  const known = await post(`${as.issuer}/introspect`, { token: access_token }, bearer(token).headers)
  expect(known.json).toMatchObject({
    active: true,
    exp: expect.any(Number),
    iat: expect.any(Number),
    permissions: [{ resource_id: id, resource_scopes: ['write'] }],
  })
  expect(known.json.scope).toBeUndefined()
  expect((await post(`${as.issuer}/introspect`, { token: 'x' }, bearer(token).headers)).json).toEqual({ active: false })
  expect((await post(`${as.issuer}/introspect`, { token: access_token }, bearer('bad').headers)).status).toBe(401)
})
