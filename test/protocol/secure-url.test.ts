/** Where tokens and people may be sent: https, or http on this machine; no credentials, no fragment. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secureUrl } from '../../src/protocol/http/secure-url.ts'

test.each([
  'https://as.example.com',
  'https://as.example.com/realms/x?y=z',
  'HTTPS://AS.EXAMPLE.COM:8443',
  'https://[2001:db8::1]/',
  'https://127.0.0.1',
  'http://localhost',
  'http://localhost:8080/x',
  'http://LOCALHOST:8080',
  'http://as.localhost:1',
  'http://a.b.localhost',
  'http://127.0.0.1:8080',
  'http://127.255.1.2',
  'http://127.1',
  'http://[::1]:8080/x',
  'http://[0:0:0:0:0:0:0:1]',
])('%s', (url) => {
  expect(secureUrl(url)?.href).toBe(new URL(url).href)
})

test.each([
  'http://as.example.com',
  'http://localhost.example.com',
  'http://localhost.',
  'http://notlocalhost',
  'http://.localhost',
  'http://127.0.0.1.example.com',
  'http://127.0.0.1@example.com',
  'http://localhost@example.com',
  'http://example.com/localhost',
  'http://example.com?localhost/',
  'http://10.0.0.1',
  'http://[::2]',
  'http://[::ffff:127.0.0.1]',
  'http://0.0.0.0',
  'https://u@as.example.com',
  'https://:p@as.example.com',
  'https://as.example.com#x',
  'https://as.example.com/#',
  'ftp://localhost',
  'ws://localhost',
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  '//as.example.com',
  '/path',
  'as.example.com',
  '',
  ' ',
])('not %s', (url) => {
  expect(secureUrl(url)).toBeUndefined()
})

test.each([
  undefined,
  null,
  7,
  true,
  {},
  [],
  ['https://as.example.com'],
  new URL('https://as.example.com'),
  { toString: () => 'https://x' },
])('nothing but strings: %s', (value) => {
  expect(secureUrl(value)).toBeUndefined()
})

test('whatever comes: never throws, and what comes out is safe', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withFragments: true }), fc.anything()), (value) => {
      const url = secureUrl(value)
      if (!url) return
      expect([url.username, url.password, url.hash]).toEqual(['', '', ''])
      if (url.protocol !== 'https:') expect(url.hostname).toMatch(/^(.+\.)?localhost$|^127\.|^\[::1\]$/)
    }),
  )
})
