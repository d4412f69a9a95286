import { describe, expect, it } from 'vitest'
import { dynamicClient } from '../../../src/client/dynamic.ts'
import { UmaError } from '../../../src/errors/index.ts'
import { createTrust } from '../../../src/trust/trust.ts'
import { host, issuer, registry, schemeWith, serverWith } from './trust-kit.ts'

const plain = schemeWith()
const other = 'https://other-as.example'
const forgotten = new UmaError('forgotten', { code: 'invalid_client' })

describe('createTrust', () => {
  it('refuses a value that is neither a list nor a function', () => {
    const wrong = { authorizationServers: {} as never }
    const message = 'authorizationServers: a list of the trusted servers, or a function that finds them'
    expect(() => createTrust(wrong, plain, registry(undefined))).toThrow(new TypeError(message))
  })

  it('knows each scheme once, the default first', () => {
    const [own, extra] = [schemeWith({ name: 'own' }), schemeWith({ name: 'extra' })]
    const authorizationServers = [serverWith({ scheme: own }), serverWith({ issuer: other })]
    const { schemes } = createTrust({ authorizationServers, schemes: [extra] }, plain, registry(undefined))
    expect(schemes.map(({ name }) => name)).toEqual(['plain', 'extra', 'own'])
    const byFunction = createTrust(
      { authorizationServers: () => undefined, schemes: [extra] },
      plain,
      registry(undefined),
    )
    expect(byFunction.schemes).toEqual([plain, extra])
  })

  it('names the other servers that people come back from', () => {
    const scheme = schemeWith({ redirect: {} as never })
    const authorizationServers = [serverWith(), serverWith({ issuer: other })]
    const trust = createTrust({ authorizationServers }, scheme, registry(undefined))
    expect(trust.otherReturnServers(issuer)).toEqual([other])
    expect(createTrust({ authorizationServers }, plain, registry(undefined)).otherReturnServers(issuer)).toEqual([])
    const byFunction = createTrust({ authorizationServers: () => undefined }, scheme, registry(undefined))
    expect(byFunction.otherReturnServers(issuer)).toBeUndefined()
  })
})

describe('find', () => {
  it('ignores a final slash, on either side', async () => {
    const trust = createTrust({ authorizationServers: [serverWith()] }, plain, registry(undefined))
    expect((await trust.find(`${issuer}/`))?.server.issuer).toBe(issuer)
    expect(await trust.find(`${issuer}/x`)).toBeUndefined()
    const slashed = createTrust(
      { authorizationServers: [serverWith({ issuer: `${issuer}/` })] },
      plain,
      registry(undefined),
    )
    expect((await slashed.find(issuer))?.server.issuer).toBe(`${issuer}/`)
  })

  it('asks a function, and believes only an answer about the same issuer', async () => {
    const asked: unknown[] = []
    const authorizationServers = (...args: unknown[]) => {
      asked.push(args)
      return serverWith()
    }
    const trust = createTrust({ authorizationServers }, plain, registry(undefined))
    expect((await trust.find(`${issuer}/`, `${host}/1`))?.key).toBe(`${issuer} album`)
    expect(await trust.find(other)).toBeUndefined()
    expect(asked).toEqual([
      [`${issuer}/`, { resource: `${host}/1` }],
      [other, {}],
    ])
    const none = createTrust({ authorizationServers: () => undefined }, plain, registry(undefined))
    expect(await none.find(issuer)).toBeUndefined()
  })

  it('looks up the registered client only if the server registers clients', async () => {
    const clients = registry('reg')
    const registering = serverWith({ client: dynamicClient({}) })
    const trust = createTrust({ authorizationServers: [registering] }, plain, clients)
    expect((await trust.find(issuer, undefined, 'wanted'))?.key).toBe(`${issuer} reg`)
    expect(clients.calls).toEqual([['stored', 'wanted']])
    const nobody = createTrust({ authorizationServers: [registering] }, plain, registry(undefined))
    expect((await nobody.find(issuer))?.client.id).toBe('')
    const fixed = registry('reg')
    expect((await createTrust({ authorizationServers: [serverWith()] }, plain, fixed).find(issuer))?.client.id).toBe(
      'album',
    )
    expect(fixed.calls).toEqual([])
  })
})

describe('the speakers of a host', () => {
  const servers = [serverWith(), serverWith({ issuer: other, hosts: ['https://two.example', host] })]
  const trust = createTrust({ authorizationServers: servers }, plain, registry(undefined))

  it('are the servers that may speak for the host', async () => {
    expect((await trust.speakersFor(host)).map(({ server }) => server.issuer)).toEqual([issuer, other])
    expect((await trust.speakersFor('https://two.example')).map(({ server }) => server.issuer)).toEqual([other])
  })

  it('name the only one', async () => {
    expect(await trust.onlySpeakerFor('https://two.example')).toBe(`${other} album`)
    expect(await trust.onlySpeakerFor(host)).toBeUndefined()
    expect(await trust.onlySpeakerFor('https://nobody.example')).toBeUndefined()
    const byFunction = createTrust({ authorizationServers: () => undefined }, plain, registry(undefined))
    expect(await byFunction.onlySpeakerFor(host)).toBe('any')
    expect(await byFunction.speakersFor(host)).toEqual([])
    expect(await byFunction.signerFor(host)).toBeUndefined()
  })

  it('sign with the binding that needs no grant', async () => {
    expect(await trust.signerFor(host)).toBeUndefined()
    const signing = schemeWith({ binding: { name: 'signs', withoutGrant: () => ({}) } as never })
    const both = [serverWith(), serverWith({ issuer: other, scheme: signing, client: dynamicClient({}) })]
    const signer = createTrust({ authorizationServers: both }, plain, registry('reg'))
    expect((await signer.signerFor(host))?.key).toBe(`${other} reg`)
    expect(await signer.signerFor('https://two.example')).toBeUndefined()
  })
})

describe('registered clients', () => {
  const registering = serverWith({ client: dynamicClient({}) })

  it('are registered once', async () => {
    const clients = registry(undefined)
    const trust = createTrust({ authorizationServers: [registering] }, plain, clients)
    const authority = await trust.register((await trust.find(issuer)) as never)
    expect(authority.key).toBe(`${issuer} new-client`)
    expect(await trust.register(authority)).toBe(authority)
    expect(clients.calls.filter(([name]) => name === 'register')).toEqual([['register', undefined]])
  })

  it('are replaced if the server has forgotten them', async () => {
    const clients = registry('old')
    const trust = createTrust({ authorizationServers: [registering] }, plain, clients)
    const authority = (await trust.find(issuer)) as never
    expect(await trust.reregisterIfForgotten(authority, forgotten)).toBe(true)
    expect(clients.calls.at(-1)).toEqual(['register', 'old'])
    const count = clients.calls.length
    expect(await trust.reregisterIfForgotten(authority, new Error('another'))).toBe(false)
    expect(clients.calls).toHaveLength(count)
  })

  it('are not replaced if the same client comes back, or if the client is fixed', async () => {
    const same = registry('old', 'old')
    const trust = createTrust({ authorizationServers: [registering] }, plain, same)
    expect(await trust.reregisterIfForgotten((await trust.find(issuer)) as never, forgotten)).toBe(false)
    const clients = registry(undefined)
    const fixed = createTrust({ authorizationServers: [serverWith()] }, plain, clients)
    expect(await fixed.reregisterIfForgotten((await fixed.find(issuer)) as never, forgotten)).toBe(false)
    expect(clients.calls).toEqual([])
  })
})
