import { describe, expect, it } from 'vitest'
import { toClient } from '../../../src/authorization-server/registered-clients.ts'
import { bearerBinding } from '../../../src/bindings/bearer.ts'
import { dynamicClient } from '../../../src/client/dynamic.ts'
import { NobodySignedInError } from '../../../src/errors/index.ts'
import { codeFlow } from '../../../src/sign-in.ts'
import type { AuthorizationServer } from '../../../src/trust/options.ts'
import { readServer, withClient } from '../../../src/trust/read-server.ts'
import { host, issuer, schemeWith, serverWith } from './trust-kit.ts'

const urlRule = 'https (or http on this machine), without credentials, query and fragment'
const read = (more: Partial<AuthorizationServer> = {}) => readServer(serverWith(more), schemeWith())
const authenticate = (auth: (...args: never[]) => unknown) =>
  auth(...([{ issuer }, { client_id: 'album' }, new URLSearchParams(), new Headers(), {}] as never[]))

const hostsRule = "a list of origins such as ['https://photos.example.com'], a predicate, or 'any'"

describe('readServer refuses', () => {
  const refusals: [string, Partial<AuthorizationServer>, string][] = [
    ['plain http', { issuer: 'http://as.example' }, `http://as.example: the issuer must be ${urlRule}`],
    ['a query', { issuer: `${issuer}?a` }, `${issuer}?a: the issuer must be ${urlRule}`],
    [
      'a metadata URL',
      { issuer: `${issuer}/.well-known/x` },
      `${issuer}/.well-known/x: the issuer is the part of the URL that stands before /.well-known/`,
    ],
    [
      'no client',
      { client: {} as never },
      `${issuer}: client must be { id }, or dynamicClient() of uma-requester/client/dynamic`,
    ],
    [
      'a method that needs client.auth',
      { client: dynamicClient({ token_endpoint_auth_method: 'private_key_jwt' }) },
      `${issuer}: client.auth is missing, for private_key_jwt`,
    ],
    ['no hosts', { hosts: undefined as never }, `${issuer}: hosts is missing; it must be ${hostsRule}`],
    ['a text as hosts', { hosts: 'all' as never }, `${issuer}: hosts must be ${hostsRule}`],
    ['E5: a host with a path', { hosts: [`${host}/a`] }, `${issuer}: hosts: ${host}/a has a path; write '${host}'`],
    [
      'E6: a misspelled setting',
      { parameter: {} } as never,
      `${issuer}: there is no option parameter; did you mean parameters?`,
    ],
    [
      'sendAccessToken without a list of hosts',
      { hosts: 'any', sendAccessToken: true },
      `${issuer}: sendAccessToken needs hosts as a list of origins`,
    ],
    ['an unsafe host', { hosts: [host, 'http://photos.example'] }, `${issuer}: each of hosts must be ${urlRule}`],
  ]
  it.each(refusals)('%s', (_name, more, message) => {
    expect(() => read(more)).toThrow(new TypeError(`authorizationServers: ${message}`))
  })

  it('accepts a method with a key if client.auth or a sign-in is there', () => {
    const register = { token_endpoint_auth_method: 'private_key_jwt' }
    const signIn = codeFlow({ scope: 'openid' })
    expect(read({ client: dynamicClient(register, { auth: async () => {} }) }).client.id).toBe('')
    expect(read({ client: dynamicClient(register), signIn }).key).toBe(`${issuer} `)
  })
})

describe('readServer', () => {
  it('takes the default scheme, the default binding and the key of issuer and client', () => {
    const scheme = schemeWith()
    const authority = readServer(serverWith(), scheme)
    expect(authority).toMatchObject({ scheme, binding: bearerBinding, key: `${issuer} album`, client: { id: 'album' } })
    expect(authority.own.id).toBe('album')
    const binding = { ...bearerBinding, name: 'own' }
    expect(readServer(serverWith({ scheme: schemeWith({ binding }) }), scheme).binding).toBe(binding)
  })

  it('allows plain http if the scheme allows it', async () => {
    const scheme = schemeWith({ allowInsecureHttp: true })
    const old = serverWith({ issuer: 'http://as.example', hosts: ['http://photos.example/'] })
    expect(await readServer(old, scheme).speaksFor('http://photos.example')).toBe(true)
  })

  it('authenticates as the client where the party has no token', async () => {
    const asked: string[] = []
    const auth = async () => {
      asked.push('asked')
      throw new NobodySignedInError(issuer)
    }
    const authority = read({ client: { id: 'album', auth: auth as never } })
    await expect(authenticate(authority.client.auth as never)).rejects.toBeInstanceOf(NobodySignedInError)
    await authenticate(authority.own.auth as never)
    expect(asked).toEqual(['asked', 'asked'])
    const failing = read({ client: { id: 'album', auth: () => Promise.reject(new Error('no key')) } })
    await expect(authenticate(failing.own.auth as never)).rejects.toThrow('no key')
  })
})

describe('speaksFor', () => {
  it('compares a list by origin', async () => {
    const { speaksFor } = read({ hosts: [`${host}/`, 'https://other.example:8443'] })
    expect(await speaksFor(host)).toBe(true)
    expect(await speaksFor('https://other.example:8443')).toBe(true)
    expect(await speaksFor('https://other.example')).toBe(false)
    expect(await speaksFor('http://photos.example')).toBe(false)
  })

  it("allows every safe host with 'any'", async () => {
    const { speaksFor } = read({ hosts: 'any' })
    expect(await speaksFor('https://anything.example')).toBe(true)
    expect(await speaksFor('http://anything.example')).toBe(false)
    expect(await speaksFor('http://localhost:8080')).toBe(true)
  })

  it('asks a predicate about safe hosts only; only true means yes', async () => {
    const asked: string[] = []
    const answers: unknown[] = [true, false, 1]
    const hosts = (origin: string) => {
      asked.push(origin)
      return answers.shift() as boolean
    }
    const { speaksFor } = read({ hosts })
    expect(await speaksFor('http://photos.example')).toBe(false)
    expect(asked).toEqual([])
    expect([await speaksFor(host), await speaksFor(host), await speaksFor(host)]).toEqual([true, false, false])
    const failing = read({ hosts: () => Promise.reject(new Error('down')) })
    expect(await failing.speaksFor(host)).toBe(false)
  })
})

const record = { id: 'reg', secret: 's', method: 'client_secret_post' }

describe('withClient', () => {
  it('takes the id, the key and the secret of the registered client', async () => {
    const authority = withClient(read({ client: dynamicClient({}) }), toClient(record))
    expect(authority).toMatchObject({ key: `${issuer} reg`, client: { id: 'reg' }, own: { id: 'reg' } })
    expect(authority.own.auth).toBe(authority.client.auth)
    const body = new URLSearchParams()
    await authority.client.auth({ issuer } as never, { client_id: 'reg' }, body, new Headers(), {} as never)
    expect(`${body}`).toBe('client_id=reg&client_secret=s')
  })

  it('keeps a configured authentication, and falls back to the registered one for the client itself', async () => {
    const auth = () => Promise.reject(new NobodySignedInError(issuer))
    const configured = read({ client: dynamicClient({}, { auth }) })
    const { client, own } = withClient(configured, toClient(record))
    expect(client.auth).toBe(auth)
    const body = new URLSearchParams()
    await own.auth({ issuer } as never, { client_id: 'reg' }, body, new Headers(), {} as never)
    expect(body.get('client_secret')).toBe('s')
  })
})
