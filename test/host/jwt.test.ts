import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type JwtValidationOptions, jwtValidation } from '../../src/host/jwt.ts'
import type { HostOptions, ProtectedResource, RptFacts } from '../../src/host/types.ts'
import { send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'

const now = () => Math.floor(Date.now() / 1000)
const resource: ProtectedResource = {
  id: 'r',
  pattern: '/r',
  owner: 'alice',
  scopes: ['read'],
  description: { resource_scopes: ['read'] },
}
const permissions = [{ resource_id: 'r', resource_scopes: ['read'] }]

let keys: CryptoKeyPair
let strangers: CryptoKeyPair
beforeAll(async () => {
  keys = (await generateKeyPair('ES256')) as CryptoKeyPair
  strangers = (await generateKeyPair('ES256')) as CryptoKeyPair
})

/** An authorization server's key set, and a validation by it. */
async function setup(more: Partial<JwtValidationOptions> = {}, options: Partial<HostOptions> = {}) {
  const state: { status: number; requests: number; key: CryptoKey; kid?: string } = {
    status: 200,
    requests: 0,
    key: keys.publicKey,
  }
  const server = await startPlainServer(async (_req, res) => {
    state.requests++
    const jwk = { ...(await exportJWK(state.key)), alg: 'ES256', use: 'sig', ...(state.kid && { kid: state.kid }) }
    send(res, { status: state.status, body: { keys: [jwk] } })
  })
  onTestFinished(server.close)
  const issuer = server.origin
  const metadata = { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` }
  const validate = jwtValidation({ audience: 'photos', ...more })({
    issuer,
    metadata: async () => metadata,
    introspect: async () => {
      throw new Error('It is not asked.')
    },
    fetch: () => globalThis.fetch,
    options: { issuer, client: { id: 'photos' }, ...options },
  })
  const token = (claims: object = {}, key = keys.privateKey, header: object = {}) =>
    new SignJWT({ iss: issuer, aud: 'photos', exp: now() + 60, permissions, azp: 'spa', sub: 'bob', ...claims })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(key)
  const judged = async (jwt: string): Promise<RptFacts | undefined> => validate(jwt, resource)
  return { state, token, judged, issuer }
}

describe('F-5-a: an RPT that is a JWT, validated here', () => {
  test('a good one says who may what', async () => {
    const { token, judged, state } = await setup()
    expect(await judged(await token())).toMatchObject({ permissions, clientId: 'spa', subject: 'bob' })
    await judged(await token({ jti: 2 }))
    expect(state.requests).toBe(1)
  })

  test.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'calendar' }],
    ['no audience', { aud: undefined }],
    ['ended', { exp: 1 }],
    ['ended a second ago: no tolerance', { exp: now() - 1 }],
    ['no end', { exp: undefined }],
    ['not begun', { nbf: now() + 60 }],
  ])('%s is not active', async (_, claims) => {
    const { token, judged } = await setup()
    expect(await judged(await token(claims))).toBeUndefined()
  })

  test('signed by another key, with another algorithm, with none, or no JWT at all', async () => {
    const { token, judged, issuer } = await setup()
    const claims = { iss: issuer, aud: 'photos', exp: now() + 60, permissions }
    const secret = new TextEncoder().encode('a secret that everybody knows...')
    const none = [{ alg: 'none' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const [head, , signature] = (await token()).split('.')
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'mallory' })).toString('base64url')
    const bad = [
      await token({}, strangers.privateKey),
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      `${none}.`,
      `${head}.${other}.${signature}`,
      'opaque',
      'a.b.c',
    ]
    for (const jwt of bad) expect(await judged(jwt), jwt.slice(0, 20)).toBeUndefined()
  })

  test('F-5.1.1-h: Keycloak’s claims', async () => {
    const { token, judged } = await setup()
    const keycloak = { permissions: undefined, authorization: { permissions: [{ rsid: 'r', scopes: ['read'] }] } }
    expect((await judged(await token(keycloak)))?.permissions).toMatchObject(permissions)
  })

  test('the keys cannot be had: nobody knows, which is no refusal; then they can', async () => {
    const { token, judged, state } = await setup()
    state.status = 500
    const jwt = await token()
    await expect(judged(jwt)).rejects.toThrow()
    state.status = 200
    expect(await judged(jwt)).toBeDefined()
  })

  test('a new key: nobody knows of it for a moment, which is no refusal, and then it is fetched; one that nobody has is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { token, judged, state } = await setup()
    state.kid = 'old'
    const [old, fresh] = [
      await token({}, keys.privateKey, { kid: 'old' }),
      await token({}, strangers.privateKey, { kid: 'new' }),
    ]
    expect(await judged(old)).toBeDefined()
    Object.assign(state, { key: strangers.publicKey, kid: 'new' })
    await expect(judged(fresh)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
    expect(state.requests).toBe(1)
    vi.setSystemTime(Date.now() + 5_001)
    expect(await judged(fresh)).toBeDefined()
    // Whoever comes with any key makes no more than one request now and then.
    vi.setSystemTime(Date.now() + 5_001)
    expect(await judged(await token({}, keys.privateKey, { kid: 'nobody’s' }))).toBeUndefined()
    for (let i = 0; i < 5; i++) await judged(await token({ jti: i }, keys.privateKey, { kid: `${i}` })).catch(() => {})
    expect(state.requests).toBe(3)
  })

  test('no jwks_uri, or one that is not safe: an error', async () => {
    const metadata = async () => ({
      issuer: 'https://as.example',
      token_endpoint: 'x',
      jwks_uri: 'http://as.example/jwks',
    })
    const services = { issuer: 'https://as.example', metadata, introspect: async () => undefined, fetch: () => fetch }
    const validate = jwtValidation({ audience: 'photos' })({ ...services, options: { issuer: '', client: { id: '' } } })
    await expect(validate('a.b.c', resource)).rejects.toMatchObject({ code: 'discovery_failed' })
  })

  test('keys of one’s own, and algorithms', async () => {
    const own = await setup({ jwks: async () => keys.publicKey })
    expect(await own.judged(await own.token())).toBeDefined()
    expect(own.state.requests).toBe(0)
    const rsa = await setup({ algorithms: ['RS256'] })
    expect(await rsa.judged(await rsa.token())).toBeUndefined()
  })
})
