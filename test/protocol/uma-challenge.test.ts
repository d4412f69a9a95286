/** The UMA challenges of a WWW-Authenticate header that can be acted upon (G-3.2.1-a, G-3.2.1-b, H-11). */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { umaChallenges } from '../../src/protocol/uma2/challenge.ts'

const as = 'https://as.example.com'
const t = { issuer: as, ticket: 't' }

test.each([
  ['UMA realm="example", as_uri="https://as.example.com", ticket="t"', [t]],
  ['uma AS_URI="https://as.example.com",Ticket="t"', [t]],
  ['UMA realm="a, UMA b", as_uri="https://as.example.com", ticket="t"', [t]],
  [
    'UMA realm="Authorization required", host_id=idp.example, as_uri=https://as.example.com/.well-known/uma2-configuration, ticket=t',
    [t],
  ],
  ['Bearer, DPoP algs="ES256 RS256", UMA ticket="t", as_uri="https://as.example.com"', [t]],
  ['UMA as_uri="https://as.example.com", ticket=t, Bearer, DPoP algs="ES256 RS256"', [t]],
  ['UMA realm=photos,as_uri=https://as.example.com,ticket=t', [t]],
  ['Bearer realm="x", error="insufficient_scope", UMA realm="x", as_uri="https://as.example.com", ticket="t"', [t]],
  [
    'UMA as_uri="https://as.example.com", ticket="t", UMA as_uri="https://two.example", ticket="u"',
    [t, { issuer: 'https://two.example', ticket: 'u' }],
  ],
  ['UMA as_uri="https://as.example.com", ticket="t", ticket="t"', [t]],
])('%s', (header, expected) => {
  expect(umaChallenges(header)).toEqual(expected)
})

test.each([
  null,
  '',
  'UMA',
  'UMA as_uri="https://as.example.com"',
  'UMA ticket="t"',
  'UMA as_uri="", ticket="t"',
  'UMA as_uri="https://as.example.com", ticket=""',
  'UMA as_uri="https://as.example.com", ticket="  "',
  'UMA as_uri="https://as.example.com", ticket="t", ticket="u"',
  'UMA as_uri="https://as.example.com", as_uri="https://evil.example", ticket="t"',
  'UMA as_uri="https://as.example.com", UMA ticket="t"',
  'UMA as_uri="https://as.example.com", Bearer ticket="t"',
  'Bearer as_uri="https://as.example.com", ticket="t"',
  'UMAX as_uri="https://as.example.com", ticket="t"',
  'Bearer realm="UMA as_uri=\\"https://as.example.com\\", ticket=\\"t\\""',
  `UMA ${'x'.repeat(20_000)}=1, as_uri="https://as.example.com", ticket="t"`,
])('none in %s', (header) => {
  expect(umaChallenges(header)).toEqual([])
})

test('whatever comes: never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void umaChallenges(`UMA ${text}`)))
})
