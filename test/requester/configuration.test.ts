/** What cannot be right is said early, and nothing is lost or sent for it. */

import ky from 'ky'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { clientSecretBasic, createRequester, none } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { onlySubjects } from '../helpers/authorization-server.ts'
import { startWorld } from '../helpers/world.ts'
import { rejection, umaRejection } from '../ways-in/kit.ts'
import { tokenRequests } from './kit.ts'

const path = '/alice/1.jpg'
const issuer = 'https://as.example.com'
const server = { issuer, hosts: ['https://photos.example.com'], client: { id: 'x', auth: none() } }

afterEach(() => void vi.unstubAllGlobals())

describe('options: TypeError', () => {
  test.each<[string, object]>([
    ['timeouts.flow', { timeouts: { flow: -5 } }],
    ['timeouts.request', { timeouts: { request: '5s' } }],
    ['maxFlowsPerRequest', { maxFlowsPerRequest: Number.NaN }],
    ['maxRounds', { maxRounds: -1 }],
    ['maxEntries', { maxEntries: null }],
    ['polling.max', { polling: { max: '3' } }],
    ['onRedirect', { onRedirect: {} }],
  ])('%s', (name, options) => {
    const last = name.split('.').pop() as string
    expect(() => createRequester({ authorizationServers: [server], ...options })).toThrow(
      new RegExp(`^createRequester: .*${last} must be `),
    )
  })

  test('an issuer that is the metadata document', () => {
    const wrong = { ...server, issuer: `${issuer}/.well-known/uma2-configuration` }
    expect(() => createRequester({ authorizationServers: [wrong] })).toThrow(/stands before \/\.well-known\//)
  })

  test('timeouts: Infinity is no limit', async () => {
    const world = await startWorld()
    const requester = world.requester({ timeouts: { flow: Infinity, request: Infinity } })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  })
})

describe('metadata that is given: held to the rules of what is discovered', () => {
  test.each<[string, object]>([
    ['over plain http', { issuer, token_endpoint: 'http://as.example.com/token' }],
    ['with credentials', { issuer, token_endpoint: 'https://user:pw@as.example.com/token' }],
    ['relative', { issuer, token_endpoint: '/token' }],
    ['missing', { issuer }],
    ['of another issuer', { issuer: 'https://other.example.com', token_endpoint: `${issuer}/token` }],
  ])('%s: DiscoveryError, and neither secret nor ticket is sent', async (_what, metadata) => {
    const sent: string[] = []
    const wire: typeof fetch = async (input) => {
      sent.push(String(input))
      return new Response(null, {
        status: 401,
        headers: { 'www-authenticate': `UMA as_uri="${issuer}", ticket="t"` },
      })
    }
    const client = { id: 'x', auth: clientSecretBasic('SECRET') }
    const requester = createRequester({
      authorizationServers: [{ ...server, client, metadata: metadata as { issuer: string; token_endpoint: string } }],
      fetch: wire,
    })
    const photo = 'https://photos.example.com/1.jpg'
    expect(await umaRejection(requester.wrapFetch(wire)(photo))).toMatchObject({ code: 'discovery_failed', issuer })
    expect(sent).toEqual([photo])
  })
})

describe('what goes into a token request', () => {
  test('scope and claims among the parameters are sent; those of a flow count more', async () => {
    const world = await startWorld()
    const parameters = { scope: 'read', claim_token: 'abc', claim_token_format: 'urn:example:f', audience: 'a' }
    const requester = world.requester({}, { parameters })
    await requester.fetch(world.host.origin + path)
    await requester.fetch(`${world.host.origin}/alice/2.jpg`, { uma: { scope: 'write' } })
    const [first, second] = tokenRequests(world).map((form) => Object.fromEntries(form))
    expect(first).toMatchObject(parameters)
    expect(second).toMatchObject({ ...parameters, scope: 'write' })
  })

  test.each<[string, unknown]>([
    ['without a format', { token: 'abc' }],
    ['that is a text', 'abc'],
    ['that is empty', {}],
  ])('G-3.3.1-c: a claim %s is not sent', async (_what, claim) => {
    const world = await startWorld({ as: { policy: onlySubjects(['alice']) } })
    const requester = world.requester({ claims: (async () => claim) as never })
    const error = await rejection(requester.fetch(world.host.origin + path))
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('claims: ') })
    expect(tokenRequests(world).map((form) => form.has('claim_token'))).toEqual([false])
  })
})

test('an issuer that is not trusted is named by the error', async () => {
  const world = await startWorld()
  const requester = world.requester({ authorizationServers: [{ ...server, issuer: 'https://elsewhere.example' }] })
  expect(await umaRejection(requester.fetch(world.host.origin + path))).toMatchObject({
    name: 'UntrustedAuthorizationServerError',
    issuer: world.as.issuer,
  })
})

test('a challenge that a page cannot read: said on the console where nobody listens to events', async () => {
  vi.stubGlobal('location', { origin: 'https://app.example.com', href: 'https://app.example.com/' })
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const wire: typeof fetch = async () => new Response(null, { status: 401 })
  const ask = (more: object) =>
    createRequester({ authorizationServers: [server], fetch: wire, ...more }).wrapFetch(wire)(
      'https://photos.example.com/1.jpg',
    )
  expect((await ask({ onEvent: () => {} })).status).toBe(401)
  expect(warn).not.toHaveBeenCalled()
  expect((await ask({})).status).toBe(401)
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('Access-Control-Expose-Headers'))
  warn.mockRestore()
})

describe('Firefox, whose requests do not tell that they have a body', () => {
  test.each(['fetch', 'ky'])('%s: sent whole both times', async (way) => {
    const world = await startWorld()
    const requester = world.requester()
    const { get } = Object.getOwnPropertyDescriptor(Request.prototype, 'body') as { get: () => unknown }
    Object.defineProperty(Request.prototype, 'body', { get: () => undefined, configurable: true })
    try {
      const url = `${world.host.origin}/alice/note.txt`
      const answer =
        way === 'ky'
          ? await extendKy(ky, requester).put(url, { body: 'hello' })
          : await requester.fetch(new Request(url, { method: 'PUT', body: 'hello' }))
      expect(answer.status).toBeLessThan(300)
    } finally {
      Object.defineProperty(Request.prototype, 'body', { get, configurable: true })
    }
    const puts = world.sent().filter(({ method }) => method === 'PUT')
    expect(puts.map(({ body }) => String(body))).toEqual(['hello', 'hello'])
  })
})

describe('aborted while it waits for what the application supplies', () => {
  test('authorizationServers() that does not answer', async () => {
    const world = await startWorld()
    const requester = world.requester({ authorizationServers: () => new Promise(() => {}) })
    const signal = AbortSignal.timeout(100)
    expect(await rejection(requester.fetch(world.host.origin + path, { signal }))).toBe(signal.reason)
  })

  test('a storage that hangs', async () => {
    const world = await startWorld()
    const hangs = () => new Promise<never>(() => {})
    const requester = world.requester({
      storage: keyValueStorage({ get: hangs, set: hangs, delete: hangs }),
      requestingParty: 'alice',
    })
    const signal = AbortSignal.timeout(100)
    expect(await rejection(requester.fetch(world.host.origin + path, { signal }))).toBe(signal.reason)
    // Before the storage was given up: nothing went out.
    expect(world.lines()).toEqual([])
  })
})
