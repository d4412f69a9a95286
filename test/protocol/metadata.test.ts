/** Metadata documents (Grant §2; RFC 8414). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metadataUrls, readMetadata } from '../../src/protocol/oauth/metadata.ts'

const suffix = '/.well-known/uma2-configuration'
const issuer = 'https://as.example.com/realms/photos'
const document = { issuer, token_endpoint: `${issuer}/token`, claims_interaction_endpoint: `${issuer}/claims` }
const read = (more: object = {}, whose = issuer, tolerant = false) =>
  readMetadata(JSON.stringify({ ...document, ...more }), whose, tolerant)

describe('where it lies', () => {
  test.each([
    ['https://as.example.com', [`https://as.example.com${suffix}`]],
    ['https://as.example.com/', [`https://as.example.com${suffix}`]],
    ['https://as.example.com:8443', [`https://as.example.com:8443${suffix}`]],
    [issuer, [`${issuer}${suffix}`, `https://as.example.com${suffix}/realms/photos`]],
    [`${issuer}/`, [`${issuer}${suffix}`, `https://as.example.com${suffix}/realms/photos`]],
  ])('%s', (whose, urls) => {
    expect(metadataUrls(whose, suffix)).toEqual(urls)
  })
})

describe('what is in it', () => {
  test('a good one, with members that nobody knows', () => {
    expect(read({ x: [1] })).toEqual({ ...document, x: [1] })
  })

  test.each([
    'https://evil.example',
    `${issuer}/`,
    'https://AS.example.com/realms/photos',
    'https://as.example.com:443/realms/photos',
    'https://as.example.com/realms/photos?x',
    '',
    7,
    null,
    undefined,
    [issuer],
    { toString: issuer },
  ])('issuer %j is another: simple string comparison (RFC 8414 §3.3)', (other) => {
    expect(read({ issuer: other })).toMatch(/^names another issuer/)
  })

  test('one final slash more or less, where that is configured', () => {
    expect(read({ issuer: `${issuer}/` }, issuer, true)).toMatchObject({ token_endpoint: document.token_endpoint })
    expect(read({}, `${issuer}/`, true)).toMatchObject({ issuer })
    expect(read({ issuer: `${issuer}//` }, issuer, true)).toBe('names another issuer')
    expect(read({ issuer: `${issuer}/` })).toBe('names another issuer by a final slash (tolerateTrailingSlash)')
  })

  test.each([
    'http://as.example.com/token',
    'https://u:p@as.example.com/token',
    `${issuer}/token#x`,
    '/token',
    '',
    7,
    null,
    undefined,
    [`${issuer}/token`],
  ])('token_endpoint %j is none', (token_endpoint) => {
    expect(read({ token_endpoint })).toBe('no usable token_endpoint')
  })

  test('any other endpoint that is not safe is left out', () => {
    expect(
      read({
        claims_interaction_endpoint: 'http://evil.example',
        revocation_endpoint: 7,
        x_endpoint: 'javascript:alert(1)',
      }),
    ).toEqual({ issuer, token_endpoint: document.token_endpoint })
  })

  test.each(['', 'null', '[]', '7', '"x"', 'true', '<html>', '{', '{}x'])('%j is no document', (text) => {
    expect(readMetadata(text, issuer)).toEqual(expect.any(String))
  })

  test('`__proto__` in it changes nothing', () => {
    const text = `{"__proto__":{"token_endpoint":"${issuer}/token"},"issuer":"${issuer}"}`
    expect(readMetadata(text, issuer)).toBe('no usable token_endpoint')
    expect(({} as { token_endpoint?: string }).token_endpoint).toBeUndefined()
  })
})

test('whatever comes: never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readMetadata(text, issuer)))
})
