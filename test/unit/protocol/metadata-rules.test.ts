/** The rules of a metadata document that a scheme can choose. */
import { describe, expect, test } from 'vitest'
import { DiscoveryError } from '../../../src/errors/index.ts'
import { checkMetadata, metadataReader, missingEndpoint } from '../../../src/protocol/oauth/metadata.ts'

const issuer = 'https://as.example.com'
const document = Object.freeze({ issuer, token_endpoint: `${issuer}/token` })

describe('checkMetadata', () => {
  test('does not change the document, and leaves out what is not safe', () => {
    const unsafe = Object.freeze({ ...document, revocation_endpoint: 'http://as.example.com/revoke' })
    expect(checkMetadata(unsafe, issuer)).toEqual(document)
    expect(unsafe.revocation_endpoint).toBe('http://as.example.com/revoke')
  })

  test('members that are no endpoints stay as they are, whatever they hold', () => {
    const more = { ...document, uma_token_uri: 'http://as.example.com/uma', x: { y: [1] } }
    expect(checkMetadata(more, issuer)).toEqual(more)
  })

  test.each([
    [{ allowInsecureHttp: true }, { token_endpoint: 'http://as.example.com/token' }, 'no usable token_endpoint'],
    [{}, { token_endpoint: 'http://as.example.com/token' }, 'no usable token_endpoint'],
    [{ allowInsecureHttp: true }, { token_endpoint: 'ftp://as.example.com/token' }, 'no usable token_endpoint'],
    [{ tolerateTrailingSlash: true }, { issuer: `${issuer}/` }, 'the document'],
    [{}, { issuer: `${issuer}/` }, 'names another issuer by a final slash (tolerateTrailingSlash)'],
    [{ endpoints: [] }, { token_endpoint: undefined }, 'the document'],
    [{ endpoints: ['toString'] }, {}, 'no usable toString'],
    [{ endpoints: ['a', 'b'] }, { a: `${issuer}/a` }, 'no usable b'],
  ])('%j with %j: %s', (rules, more, result) => {
    const checked = checkMetadata({ ...document, ...more } as typeof document, issuer, rules)
    expect(typeof checked === 'string' ? checked : 'the document').toBe(result)
  })

  test('an http issuer has http endpoints where the scheme allows plain http', () => {
    const http = 'http://as.example.com'
    const own = { issuer: http, token_endpoint: `${http}/token` }
    expect(checkMetadata(own, http, { allowInsecureHttp: true })).toEqual(own)
    expect(checkMetadata(own, http)).toBe('no usable token_endpoint')
  })
})

test('metadataReader: the slash is tolerated only when it is asked to', () => {
  const read = metadataReader({ endpoints: ['token_endpoint'] })
  const text = JSON.stringify({ ...document, issuer: `${issuer}/` })
  expect(read(text, issuer)).toMatch(/^names another issuer/)
  expect(read(text, issuer, true)).toMatchObject({ token_endpoint: document.token_endpoint })
  expect(read('[]', issuer)).toBe('not a JSON object')
})

test('missingEndpoint names the endpoint and the issuer', () => {
  const error = missingEndpoint(issuer, 'rpt_endpoint')
  expect(error).toBeInstanceOf(DiscoveryError)
  expect([error.message, error.code, error.issuer]).toEqual([
    `Metadata of ${issuer}: no usable rpt_endpoint`,
    'discovery_failed',
    issuer,
  ])
})
