/** Who is trusted: said by the caller, never by the network. */

import { describe, expect, test } from 'vitest'
import { type AuthorizationServer, createRequester, none, type RequesterOptions } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { startWorld } from '../helpers/world.ts'
import { byFetch, umaRejection } from '../ways-in/kit.ts'
import { second } from './kit.ts'

const path = '/alice/1.jpg'
const fine: AuthorizationServer = {
  issuer: 'https://as.example.com',
  hosts: ['https://photos.example.com'],
  client: { id: 'spa', auth: none() },
  // Only answers of a function need this.
  allowPrivate: true,
}
const create = (more: object) => (): unknown =>
  createRequester({ authorizationServers: [{ ...fine, ...more } as AuthorizationServer] })

describe('createRequester throws a TypeError that says what to change', () => {
  test.each([
    ['hosts missing', { hosts: undefined }, /hosts/],
    ['hosts a string', { hosts: 'https://photos.example.com' }, /hosts/],
    ['a host over http', { hosts: ['http://photos.example.com'] }, /hosts/],
    ['a host that is no URL', { hosts: ['photos.example.com'] }, /hosts/],
    ['an issuer over http', { issuer: 'http://as.example.com' }, /issuer/],
    ['an issuer that looks local', { issuer: 'http://localhost.example.com' }, /issuer/],
    ['an issuer that looks like a loopback address', { issuer: 'http://127.0.0.1.example.com' }, /issuer/],
    ['an issuer with credentials', { issuer: 'https://u:p@as.example.com' }, /issuer/],
    ['an issuer with a query', { issuer: 'https://as.example.com?x=1' }, /issuer/],
    ['an issuer with a fragment', { issuer: 'https://as.example.com#x' }, /issuer/],
    ['an issuer that is no URL', { issuer: 'as.example.com' }, /issuer/],
    ['no issuer', { issuer: undefined }, /issuer/],
    ['no client', { client: undefined }, /client/],
    ['no client id', { client: { auth: none() } }, /client/],
  ])('%s', (_what, more, message) => {
    expect(create(more)).toThrow(TypeError)
    expect(create(more)).toThrow(message)
  })

  test('no list of authorization servers', () => {
    expect(() => createRequester({} as RequesterOptions)).toThrow(/authorizationServers/)
  })

  test.each([
    'http://localhost:8080',
    'http://127.0.0.1:8080/realms/x',
    'http://[::1]:8080',
    'http://as.localhost',
    'https://as.example.com/realms/x',
  ])('%s is fine', (issuer) => {
    expect(create({ issuer })).not.toThrow()
  })

  test('a storage that outlives the process needs a requesting party; a Map does not', () => {
    const storage = { get: () => undefined, set: () => {}, delete: () => {} }
    expect(() => createRequester({ authorizationServers: [fine], storage: keyValueStorage(storage) })).toThrow(
      /requestingParty/,
    )
    expect(() => createRequester({ authorizationServers: [fine], storage: keyValueStorage(new Map()) })).not.toThrow()
    expect(() =>
      createRequester({ authorizationServers: [fine], storage: keyValueStorage(storage), requestingParty: 'alice' }),
    ).not.toThrow()
  })
})

describe('hosts', () => {
  test('a predicate is asked with the origin', async () => {
    const asked: string[] = []
    const world = await startWorld()
    const hosts = (origin: string): boolean => asked.push(origin) > 0 && origin === world.host.origin
    expect((await byFetch.attach(world.requester({}, { hosts }))(world.host.origin + path)).status).toBe(200)
    expect(new Set(asked)).toEqual(new Set([world.host.origin]))
  })

  test('a predicate that says no', async () => {
    const world = await startWorld()
    const error = await umaRejection(
      byFetch.attach(world.requester({}, { hosts: () => false }))(world.host.origin + path),
    )
    expect(error.code).toBe('untrusted_authorization_server')
    expect(world.as.stats.discoveryRequests).toBe(0)
  })

  test('an origin matches whatever the spelling', async () => {
    const world = await startWorld({ host: { host: 'localhost' } })
    const hosts = [`HTTP://LOCALHOST:${world.host.port}`]
    expect((await byFetch.attach(world.requester({}, { hosts }))(world.host.origin + path)).status).toBe(200)
  })

  test('another port is another host', async () => {
    const world = await startWorld()
    const error = await umaRejection(
      byFetch.attach(world.requester({}, { hosts: ['http://127.0.0.1:1'] }))(world.host.origin + path),
    )
    expect(error.code).toBe('untrusted_authorization_server')
  })
})

describe('a resolver', () => {
  const resolve = (
    world: Awaited<ReturnType<typeof startWorld>>,
    answer: (issuer: string, context: { resource: string }) => unknown,
  ) => byFetch.attach(world.requester({ authorizationServers: answer as never }))

  test.each([
    ['sync', (x: unknown) => x],
    ['async', async (x: unknown) => x],
  ] as const)('%s: asked with the issuer and the resource', async (_how, wrap) => {
    const world = await startWorld()
    const asked: unknown[] = []
    const send = resolve(world, (issuer, context) => {
      asked.push([issuer, context])
      return wrap({ ...fine, issuer, hosts: [world.host.origin] })
    })
    expect((await send(world.host.origin + path)).status).toBe(200)
    expect(asked[0]).toEqual([world.as.issuer, { resource: world.host.origin + path }])
  })

  test('one that does not know the issuer: never contacted', async () => {
    const world = await startWorld()
    expect((await umaRejection(resolve(world, () => undefined)(world.host.origin + path))).code).toBe(
      'untrusted_authorization_server',
    )
    expect(world.lines()).toEqual([`GET host ${path} 401`])
  })

  test('one that answers with another issuer: neither is contacted', async () => {
    const other = await second()
    const world = await startWorld()
    const send = resolve(world, () => ({ ...fine, issuer: other.issuer, hosts: [world.host.origin] }))
    expect((await umaRejection(send(world.host.origin + path))).code).toBe('untrusted_authorization_server')
    expect([world.as.stats.discoveryRequests, other.recorder.requests]).toEqual([0, []])
  })

  test('one that answers without hosts, or with an issuer over http: a TypeError, nothing sent', async () => {
    const world = await startWorld()
    await expect(
      resolve(world, (issuer) => ({ ...fine, issuer, hosts: undefined }))(world.host.origin + path),
    ).rejects.toThrow(TypeError)
    world.host.quirks.challenge = ({ ticket }) => `UMA as_uri="http://as.example.com", ticket="${ticket}"`
    await expect(
      resolve(world, (issuer) => ({ ...fine, issuer, hosts: 'any' }))(world.host.origin + path),
    ).rejects.toThrow(TypeError)
    expect(world.as.stats.discoveryRequests).toBe(0)
  })

  test('one that throws: what it throws', async () => {
    const world = await startWorld()
    const fault = new Error('no database')
    const send = resolve(world, () => {
      throw fault
    })
    await expect(send(world.host.origin + path)).rejects.toBe(fault)
  })
})

test('a final slash more or less in as_uri finds the issuer', async () => {
  const world = await startWorld({
    as: { path: '/realms/photos' },
    host: { quirks: { challenge: ({ asUri, ticket }) => `UMA as_uri="${asUri}/", ticket="${ticket}"` } },
  })
  expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(200)
})

test('as_uri is the metadata URL (Gluu, G-3.2.1-b): the suffix is taken off', async () => {
  const world = await startWorld({ as: { path: '/realms/photos' }, host: { quirks: { challengeStyle: 'gluu' } } })
  expect((await byFetch.attach(world.requester())(world.host.origin + path)).status).toBe(200)
})
