/** The host as a client of its authorization server: configured, or registered by itself (RFC 7591). */
import { importJWK } from 'jose'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  clientSecretBasic,
  clientSecretPost,
  none,
  privateKeyJwt,
} from '../../src/authorization-server/client-authentication.ts'
import type { HostOptions } from '../../src/host/types.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import type { Answer } from '../helpers/http.ts'
import { type Asked, atServer, failure, type Script, said, scripted, servicesAt } from './protection-kit.ts'

const metadata = {
  client_name: 'Photos',
  redirect_uris: [],
  response_types: [],
  grant_types: ['client_credentials'],
  scope: 'uma_protection',
}
const register = { client: { register: metadata } } satisfies Partial<HostOptions>

/** A server whose registration endpoint answers so, by number. */
async function registering(answer: (number: number) => Answer, options: Partial<HostOptions> = register) {
  let count = 0
  const forms: Asked[] = []
  const token: Script = (asked) => {
    forms.push(asked)
    return rules.token?.(asked)
  }
  const rules: { token?: Script; api?: Script } = {}
  const kit = await scripted(
    (asked) => (asked.path === '/register' ? answer(++count) : (rules.api?.(asked) ?? { status: 200, body: [] })),
    { storage: keyValueStorage(new Map()), ...options },
    { token },
  )
  return { ...kit, rules, forms, registrations: () => count }
}

const registered = (number: number, more: Record<string, unknown> = {}): Answer => ({
  status: 201,
  body: { client_id: `client-${number}`, client_secret: `secret-${number}`, client_secret_expires_at: 0, ...more },
})

describe('registers itself', () => {
  test.each(['client_secret_basic', 'client_secret_post'])(
    'F-1.3-c: at the authorization server, once for all who need it at once, %s',
    async (method) => {
      const storage = keyValueStorage(new Map())
      const client = { register: { ...metadata, token_endpoint_auth_method: method } }
      const { as, api, events } = await atServer({}, { client, storage })
      await Promise.all(Array.from({ length: 10 }, () => api.create('alice', { resource_scopes: ['read'] })))
      const requests = as.recorder.requests.filter(({ path }) => path === '/register')
      expect(requests).toHaveLength(1)
      expect(requests[0]?.headers['content-type']).toBe('application/json')
      expect(JSON.parse(`${requests[0]?.body}`)).toEqual(client.register)
      expect(events.map(({ type }) => type)).toEqual(['client-registered', 'pat-obtained'])
      const [token] = as.recorder.requests.filter(({ path }) => path === '/token')
      expect([/^Basic /.test(token?.headers.authorization ?? ''), `${token?.body}`.includes('client_secret=')]).toEqual(
        method === 'client_secret_basic' ? [true, false] : [false, true],
      )
      // Another process finds it.
      expect(await servicesAt(as.issuer, { client, storage }).services.api.list('alice')).toHaveLength(10)
      expect(as.recorder.count(({ path }) => path === '/register')).toBe(1)
    },
  )

  test('RFC 7591 §3.2.1: anew when the secret ends, in time, also one that was stored', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    const options: Partial<HostOptions> = {
      ...register,
      storage: keyValueStorage(new Map()),
      dialect: { introspectionAuth: 'client', inactiveStatuses: [200] },
    }
    const { services, registrations, asked, issuer } = await registering(
      (number) => registered(number, { client_secret_expires_at: seconds + (number < 3 ? 30 : 3_600) }),
      options,
    )
    const other = servicesAt(issuer, options).services
    for (const { api } of [services, services, other, other, services]) await api.introspect('alice', 'x')
    expect(registrations()).toBe(3)
    const users = asked
      .filter(({ path }) => path === '/introspect')
      .map(({ headers }) => decodeURIComponent(atob(headers.authorization?.split(' ')[1] ?? '')))
    expect(users).toEqual([1, 2, 3, 3, 3].map((number) => `client-${number}:secret-${number}`))
  })

  test('RFC 7591: a client without a secret is public', async () => {
    const { services, forms } = await registering(() => ({ status: 200, body: { client_id: 'public' } }))
    await services.api.list('alice')
    expect(forms[0]?.headers.authorization).toBeUndefined()
    expect(new URLSearchParams(forms[0]?.body).get('client_id')).toBe('public')
  })

  test.each<[string, Answer, string]>([
    [
      'invalid_client_metadata',
      { status: 400, body: { error: 'invalid_client_metadata', error_description: 'secret-text' } },
      'invalid_client_metadata',
    ],
    ['401', { status: 401, body: 'secret-text' }, 'registration_failed'],
    ['500', { status: 500, body: '<h1>secret-text</h1>' }, 'registration_failed'],
    ['an answer without client_id', { status: 201, body: { client_secret: 'secret-text' } }, 'registration_failed'],
    ['a code that is none', { status: 400, body: { error: 'Secret Text secret-text' } }, 'registration_failed'],
  ])('F-1.3-c: %s is a typed error that quotes nothing, and is not remembered', async (_, answer, code) => {
    const { services, registrations, events } = await registering((number) =>
      number === 1 ? answer : registered(number),
    )
    const errors = await Promise.all([1, 2, 3].map(() => failure(services.api.list('alice'))))
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'TokenRequestError', code })
      expect(said(error)).not.toContain('secret-text')
    }
    expect([registrations(), events]).toEqual([1, []])
    expect(await services.api.list('alice')).toEqual([])
    expect(registrations()).toBe(2)
  })

  test('a client that the server has forgotten registers anew, at most once a minute', async () => {
    const forgotten = new Set<string>()
    const { services, registrations, forms, rules } = await registering((number) => registered(number), {
      ...register,
      storage: keyValueStorage(new Map()),
    })
    const { api } = services
    const clientOf = ({ headers }: Asked) => atob(headers.authorization?.split(' ')[1] ?? '').split(':')[0] as string
    rules.token = (asked) =>
      forgotten.has(clientOf(asked)) ? { status: 401, body: { error: 'invalid_client' } } : undefined
    rules.api = ({ headers }) => (forgotten.has(`${headers.authorization}`) ? { status: 401 } : undefined)
    await api.list('alice')
    forgotten.add('client-1').add('Bearer pat-1')
    expect(await Promise.all([1, 2, 3].map(() => api.list('alice')))).toEqual([[], [], []])
    expect([registrations(), forms.map(clientOf)]).toEqual([2, ['client-1', 'client-1', 'client-2']])
    // Whoever has just registered and is not known either does not try again at once.
    forgotten.add('client-2').add('Bearer pat-2')
    expect(await failure(api.list('alice'))).toMatchObject({ name: 'TokenRequestError', code: 'invalid_client' })
    expect(registrations()).toBe(2)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    onTestFinished(() => void vi.useRealTimers())
    expect(await api.list('alice')).toEqual([])
    expect(registrations()).toBe(3)
  })

  test('a secret that is over before it begins: the clocks differ, and it is used until the server says no', async () => {
    const over = { client_secret_expires_at: Math.floor(Date.now() / 1000) - 3_600 }
    const { services, registrations } = await registering((number) => registered(number, over))
    for (let i = 0; i < 3; i++) await services.api.list('alice')
    expect(registrations()).toBe(1)
  })

  test('private_key_jwt without the key: said at once, not sent as a public client', async () => {
    const answer = registered(1, { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined })
    const { services, forms } = await registering(() => answer)
    expect(await failure(services.api.list('alice'))).toMatchObject({
      name: 'TokenRequestError',
      code: 'registration_failed',
      message: expect.stringContaining('client.auth'),
    })
    expect(forms).toEqual([])
  })

  test('F-1.3-c: a registration endpoint that is not there, or not reached, is a typed error', async () => {
    const { services, issuer } = await registering(() => registered(1))
    const document = await services.metadata()
    const { registration_endpoint: _, ...without } = document
    const nowhere = { ...document, registration_endpoint: 'http://127.0.0.1:1/register' }
    for (const known of [without, nowhere]) {
      const error = await failure(
        servicesAt(issuer, { ...register, metadata: known as never }).services.api.list('alice'),
      )
      expect(error).toMatchObject({ name: 'TokenRequestError', code: 'registration_failed' })
    }
  })
})

describe('is configured', () => {
  test('F-1.3-c: client_secret_basic, client_secret_post, private_key_jwt', async () => {
    const jwk = { kty: 'EC', crv: 'P-256' }
    const { as } = await atServer()
    const { kid, ...key } = as.clientKey as Record<string, string>
    const { d: _, ...publicKey } = key
    const base = { ...metadata, client_secret: 's', grant_types: ['client_credentials'] }
    await as.addClient({ ...base, client_id: 'basic', token_endpoint_auth_method: 'client_secret_basic' })
    await as.addClient({ ...base, client_id: 'post', token_endpoint_auth_method: 'client_secret_post' })
    const { client_secret: __, ...keyed } = base
    await as.addClient({
      ...keyed,
      client_id: 'jwt',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [{ ...jwk, ...publicKey, kid } as never] },
    })
    const signing = (await importJWK({ ...key, alg: 'ES256' })) as CryptoKey
    const auths = {
      basic: clientSecretBasic('s'),
      post: clientSecretPost('s'),
      jwt: privateKeyJwt({ key: signing, kid: kid as string }),
    }
    for (const [id, auth] of Object.entries(auths)) {
      expect(await servicesAt(as.issuer, { client: { id, auth } }).services.api.list('alice')).toEqual([])
    }
    const forms = as.recorder.requests
      .filter(({ path }) => path === '/token')
      .map(({ body }) => new URLSearchParams(`${body}`))
    expect(forms.map((form) => ['client_secret', 'client_assertion'].filter((name) => form.has(name)))).toEqual([
      [],
      ['client_secret'],
      ['client_assertion'],
    ])
  })

  test('F-1.3-c: none, which is the default: refused by a server that wants a secret', async () => {
    const { as } = await atServer()
    for (const client of [{ id: 'rs' }, { id: 'rs', auth: none() }]) {
      const error = await failure(servicesAt(as.issuer, { client }).services.api.list('alice'))
      expect(error).toMatchObject({ name: 'TokenRequestError', code: 'invalid_client' })
    }
    const [form] = as.recorder.requests.filter(({ path }) => path === '/token')
    expect(form?.headers.authorization).toBeUndefined()
    expect(new URLSearchParams(`${form?.body}`).get('client_id')).toBe('rs')
  })

  test.each<[string, Partial<HostOptions>]>([
    ['no issuer', { issuer: '' }],
    ['an issuer over http', { issuer: 'http://as.example' }],
    ['an issuer with a query', { issuer: 'https://as.example?x' }],
    ['no client id', { client: { id: '' } }],
    ['no metadata to register', { client: { register: undefined as never } }],
    [
      'a key to register for, and none given',
      { client: { register: { token_endpoint_auth_method: 'private_key_jwt' } } },
    ],
    ['a method that no request has', { methods: { get: ['read'] } }],
    ['a redirect URI over http', { pat: { grant: 'authorization_code', redirectUri: 'http://photos.example/back' } }],
  ])('F-1.3-a: %s is a mistake that is told at once', (_, options) => {
    expect(() => servicesAt('https://as.example', options)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringMatching(/^createHost: /) }),
    )
  })
})
