import { describe, expect, it } from 'vitest'
import {
  destinations,
  isToldByIssuer,
  refuseSharedRedirectUris,
  returnServers,
} from '../../../src/trust/redirect-uris.ts'
import { issuer, schemeWith, serverWith } from './trust-kit.ts'

const other = 'https://other-as.example'
const plain = schemeWith()
const redirecting = schemeWith({ redirect: {} as never })
const metadata = { issuer, authorization_response_iss_parameter_supported: true }

describe('isToldByIssuer', () => {
  it('needs the parameter iss, and no redirect for claims', () => {
    expect(isToldByIssuer(serverWith({ metadata }), plain)).toBe(true)
    expect(isToldByIssuer(serverWith({ metadata }), redirecting)).toBe(false)
    expect(isToldByIssuer(serverWith({ metadata, scheme: plain }), redirecting)).toBe(true)
    expect(isToldByIssuer(serverWith({ metadata: { issuer } }), plain)).toBe(false)
    expect(isToldByIssuer(serverWith(), plain)).toBe(false)
  })
})

describe('returnServers', () => {
  it('are those that send people away and do not name themselves', () => {
    const signIn = {} as never
    const list = [
      serverWith({ issuer: 'https://a.example' }),
      serverWith({ issuer: 'https://b.example', signIn }),
      serverWith({ issuer: 'https://c.example', signIn, metadata }),
      serverWith({ issuer: 'https://d.example', scheme: redirecting }),
      serverWith({ issuer: 'https://e.example', scheme: schemeWith({ signIn }) }),
    ]
    expect(returnServers(list, plain)).toEqual(['https://b.example', 'https://d.example', 'https://e.example'])
  })
})

describe('destinations', () => {
  it('take the redirect URI of the server, then of the requester', () => {
    const list = [serverWith({ redirectUri: 'https://app/own' }), serverWith({ issuer: other })]
    const own = { issuer, redirectUri: 'https://app/own' }
    expect(destinations(list, 'https://app/all', redirecting)).toEqual([
      own,
      { issuer: other, redirectUri: 'https://app/all' },
    ])
    expect(destinations(list, undefined, redirecting)).toEqual([own])
    expect(destinations(list, 'https://app/all', plain)).toEqual([])
  })
})

describe('refuseSharedRedirectUris', () => {
  const at = (name: string, redirectUri: string) => ({ issuer: name, redirectUri })

  it('refuses two servers with one redirect URI', () => {
    const message =
      `redirectUri: ${issuer} and ${other} share https://app/; ` +
      'give each of authorizationServers its own redirectUri'
    expect(() => refuseSharedRedirectUris([at(issuer, 'https://app/'), at(other, 'https://app/')])).toThrow(
      new TypeError(message),
    )
  })

  it('accepts one server twice, and servers with redirect URIs of their own', () => {
    refuseSharedRedirectUris([at(issuer, 'https://app/'), at(issuer, 'https://app/'), at(other, 'https://app/2')])
    expect(() =>
      refuseSharedRedirectUris([at(issuer, 'https://a/'), at(other, 'https://b/'), at(other, 'https://a/')]),
    ).toThrow(TypeError)
  })
})
