/** `defineScheme`: the defaults, and the errors for parts that cannot be right. */

import { describe, expect, test } from 'vitest'
import { bearerBinding } from '../../../src/bindings/bearer.ts'
import {
  type Challenge,
  defineScheme,
  parseChallenges,
  type SchemeParts,
  type SchemeState,
  uma2,
} from '../../../src/scheme.ts'
import { codeFlow } from '../../../src/sign-in.ts'
import { issuer } from './kit.ts'

const next: SchemeParts['next'] = (state) => ({ state, step: { kind: 'wait', seconds: undefined } })
const least = { name: 'my-dialect', next }
const document = (members: object) => JSON.stringify({ issuer, ...members })

describe('defaults', () => {
  const scheme = defineScheme(least)

  test('are those of UMA 2.0', () => {
    expect(scheme).toMatchObject({
      name: 'my-dialect',
      wellKnown: '/.well-known/uma2-configuration',
      allowInsecureHttp: false,
    })
    expect([scheme.recognise, scheme.start, scheme.next]).toEqual([uma2.recognise, uma2.start, next])
    expect(scheme.binding).toBe(bearerBinding)
  })

  test('nobody signs in, registers in another way, or is sent away', () => {
    expect([scheme.signIn, scheme.register, scheme.redirect]).toEqual([undefined, undefined, undefined])
  })

  test('a member that is undefined counts as left out', () => {
    const parts = { ...least, recognise: undefined, start: undefined, wellKnown: undefined, binding: undefined }
    const same = defineScheme(parts as unknown as SchemeParts)
    expect([same.recognise, same.start, same.wellKnown, same.binding]).toEqual([
      uma2.recognise,
      uma2.start,
      uma2.wellKnown,
      bearerBinding,
    ])
  })
})

test('every member is taken as it is', () => {
  const parts: Required<Omit<SchemeParts, 'endpoints'>> = {
    ...least,
    recognise: () => [],
    start: () => ({}),
    wellKnown: '/.well-known/acme',
    readMetadata: () => 'no',
    allowInsecureHttp: true,
    binding: { name: 'acme', present: () => ({}) },
    signIn: codeFlow({ scope: 'openid' }),
    register: async () => ({ id: '', method: 'none' }),
    redirect: uma2.redirect,
  }
  expect(defineScheme(parts)).toEqual(parts)
})

test('challenges and states can have types of their own', () => {
  interface AcmeChallenge extends Challenge {
    nonce: string
  }
  interface AcmeState extends SchemeState {
    nonce?: string
  }
  const scheme = defineScheme<AcmeChallenge, AcmeState>({
    name: 'acme',
    recognise: () => [{ issuer, nonce: 'n1' }],
    start: ({ nonce }) => ({ nonce }),
    next: ({ nonce }, input) => {
      if ('answer' in input) return { state: {}, step: { kind: 'wait', seconds: undefined } }
      return { state: { nonce: `${nonce}+` }, step: { kind: 'ask', endpoint: issuer, by: 'nobody', json: { nonce } } }
    },
  })
  const state = scheme.start({ issuer, nonce: 'n1' } as Challenge)
  const facts = { issuer, metadata: { issuer }, clientId: 'album', resource: issuer, unchangedTicket: false }
  expect(scheme.next(state, { begin: {} }, facts)).toEqual({
    state: { nonce: 'n1+' },
    step: { kind: 'ask', endpoint: issuer, by: 'nobody', json: { nonce: 'n1' } },
  })
})

describe('endpoints', () => {
  const { readMetadata } = defineScheme({ ...least, endpoints: ['uma_token_uri', 'x_endpoint'] })
  const good = { uma_token_uri: `${issuer}/uma`, x_endpoint: `${issuer}/x` }

  test('must be there', () => {
    expect(readMetadata(document(good), issuer)).toEqual({ issuer, ...good })
    expect(readMetadata(document({ x_endpoint: `${issuer}/x` }), issuer)).toBe('no usable uma_token_uri')
    expect(readMetadata(document({ uma_token_uri: `${issuer}/uma` }), issuer)).toBe('no usable x_endpoint')
  })

  test.each(['http://as.example.com/uma', '/uma', 'javascript:alert(1)', 7, null])('%j is none', (uma_token_uri) => {
    expect(readMetadata(document({ ...good, uma_token_uri }), issuer)).toBe('no usable uma_token_uri')
  })

  test('may be plain http where the scheme allows that', () => {
    const insecure = defineScheme({ ...least, endpoints: ['uma_token_uri'], allowInsecureHttp: true })
    const plain = { issuer: 'http://as.example.com', uma_token_uri: 'http://as.example.com/uma' }
    expect(insecure.readMetadata(document(plain), plain.issuer)).toEqual(plain)
  })

  test('the issuer must be the one that was asked for', () => {
    expect(readMetadata(JSON.stringify({ issuer: 'https://evil.example', ...good }), issuer)).toBe(
      'names another issuer',
    )
    expect(readMetadata(JSON.stringify({ issuer: `${issuer}/`, ...good }), issuer)).toMatch(/tolerateTrailingSlash/)
    expect(readMetadata(JSON.stringify({ issuer: `${issuer}/`, ...good }), issuer, true)).toMatchObject(good)
  })

  test('by default token_endpoint', () => {
    expect(defineScheme(least).readMetadata(document(good), issuer)).toBe('no usable token_endpoint')
  })
})

describe('a TypeError names the member and the fix', () => {
  test.each<[unknown, RegExp]>([
    [undefined, /an object with at least name and next/],
    [null, /an object with at least name and next/],
    ['uma', /an object with at least name and next/],
    [{ next }, /: name: it must be a short name/],
    [{ name: 'Not a name', next }, /: name: it must be a short name/],
    [{ name: '', next }, /: name: it must be a short name/],
    [{ name: 'x' }, /: next: it must be a function/],
    [{ ...least, recognize: () => [] }, /: recognize: no such member; a scheme has name, next, recognise,/],
    [{ ...least, present: () => ({}) }, /: present: no such member/],
    [{ ...least, recognise: [] }, /: recognise: it must be a function/],
    [{ ...least, start: {} }, /: start: it must be a function/],
    [{ ...least, wellKnown: 'uma2-configuration' }, /: wellKnown: it must be a path/],
    [{ ...least, wellKnown: '/a?b' }, /: wellKnown: it must be a path/],
    [{ ...least, endpoints: 'token_endpoint' }, /: endpoints: it must be a list/],
    [{ ...least, endpoints: [7] }, /: endpoints: it must be a list/],
    [{ ...least, endpoints: [], readMetadata: () => '' }, /: endpoints: leave it out if readMetadata is given/],
    [{ ...least, readMetadata: {} }, /: readMetadata: it must be a function/],
    [{ ...least, allowInsecureHttp: 'yes' }, /: allowInsecureHttp: it must be true or false/],
    [{ ...least, binding: () => ({}) }, /: binding: it must be an object with a function present/],
    [{ ...least, signIn: { begin() {} } }, /: signIn: it must be codeFlow\(\{ scope \}\) or defineSignIn/],
    [{ ...least, register: true }, /: register: it must be a function/],
    [{ ...least, redirect: { url() {} } }, /: redirect: it must be an object with functions url and accept/],
  ])('%j: %s', (parts, message) => {
    expect(() => defineScheme(parts as SchemeParts)).toThrow(TypeError)
    expect(() => defineScheme(parts as SchemeParts)).toThrow(message)
    expect(() => defineScheme(parts as SchemeParts)).toThrow(/^defineScheme: /)
  })
})

describe('parseChallenges', () => {
  const field = 'Acme issuer="https://as.example.com", ticket=t1, Basic realm="x"'
  const challenges = [
    { scheme: 'acme', params: { issuer: 'https://as.example.com', ticket: 't1' } },
    { scheme: 'basic', params: { realm: 'x' } },
  ]
  const headers = new Headers({ 'www-authenticate': field })

  test.each([
    ['the field', field],
    ['its lines', ['Acme issuer="https://as.example.com", ticket=t1', 'Basic realm="x"']],
    ['headers', headers],
    ['an answer', { headers }],
    ['a Response', new Response(null, { status: 401, headers })],
  ])('of %s', (_what, from) => {
    expect(parseChallenges(from)).toEqual(challenges)
  })

  test.each([[null], [undefined], [''], [[]], [new Headers()], [{ headers: new Headers() }]])('of %j: none', (from) => {
    expect(parseChallenges(from)).toEqual([])
  })

  test('a parameter that contradicts itself is named', () => {
    expect(parseChallenges('UMA ticket=a, ticket=b')).toEqual([
      { scheme: 'uma', params: { ticket: 'a' }, conflict: ['ticket'] },
    ])
  })
})
