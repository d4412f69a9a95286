/** The claims interaction URL and the way back, as pure functions (Grant §3.3.2, §3.3.3). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimsRedirect, readClaimsReturn } from '../../src/protocol/uma2/claims-redirect.ts'

const parameters = { client_id: 'c', ticket: 't', claims_redirect_uri: 'https://app.example.com/cb', state: 's' }
const as = 'https://as.example.com/rqp_claims'

describe('claimsRedirect', () => {
  test('G-3.3.2-a, G-3.3.2-b, G-3.3.2-c, G-3.3.2-f: the four parameters', () => {
    expect(claimsRedirect(as, parameters)?.href).toBe(
      `${as}?client_id=c&ticket=t&claims_redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&state=s`,
    )
  })

  test.each([
    ['an existing query is kept', `${as}?id=2346576421`, { id: ['2346576421'] }],
    ['repeated names too', `${as}?a=1&a=2&b=`, { a: ['1', '2'], b: [''] }],
    ['encoded values mean the same', `${as}?a=%20%26%C3%BC+x`, { a: [' &ü x'] }],
  ])('G-3.3.2-g: %s', (_what, endpoint, own) => {
    const url = claimsRedirect(endpoint, parameters) as URL
    expect(url.href.startsWith(`${as}?`)).toBe(true)
    for (const [name, values] of Object.entries({ ...own, client_id: ['c'], ticket: ['t'], state: ['s'] })) {
      expect(url.searchParams.getAll(name)).toEqual(values)
    }
  })

  test.each([
    ['Gluu, without "?"', `${as}&client_id=X&ticket=Y`],
    ['Gluu, with a gathering id', `${as}?gathering_id=g&&client_id=X&ticket=Y`],
    [
      'twice',
      `${as}?client_id=X&client_id=Z&ticket=Y&ticket=W&state=evil&claims_redirect_uri=https%3A%2F%2Fevil.example`,
    ],
  ])('G-3.3.2-h: what is there is replaced, not repeated: %s', (_what, endpoint) => {
    const url = claimsRedirect(endpoint, parameters) as URL
    expect(url.pathname).toBe('/rqp_claims')
    for (const [name, value] of Object.entries(parameters)) expect(url.searchParams.getAll(name)).toEqual([value])
    expect(url.href).not.toMatch(/evil|[=]X|[=]Y|&&/)
  })

  test('an "&" in the path of a URL that has a query is left alone', () => {
    expect(claimsRedirect('https://as.example.com/a&b?x=1', parameters)?.pathname).toBe('/a&b')
  })

  test('G-3.3.2-c: claims_redirect_uri arrives exactly as configured, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string()), (uri) => {
        const url = claimsRedirect(as, { ...parameters, claims_redirect_uri: uri })
        expect(url?.searchParams.get('claims_redirect_uri')).toBe(uri)
        expect(new URL(url?.href ?? '').searchParams.get('claims_redirect_uri')).toBe(uri)
      }),
    )
    for (const uri of [
      'https://app.example.com',
      'https://APP.example.com:443/a/../b?keep=this&x=%7E',
      'com.example.app:/cb',
    ]) {
      expect(
        claimsRedirect(as, { ...parameters, claims_redirect_uri: uri })?.searchParams.get('claims_redirect_uri'),
      ).toBe(uri)
    }
  })

  test('none configured: none sent', () => {
    expect(
      claimsRedirect(as, { ...parameters, claims_redirect_uri: undefined })?.searchParams.has('claims_redirect_uri'),
    ).toBe(false)
  })

  test('ticket and client id are form-encoded', () => {
    const url = claimsRedirect(as, { ...parameters, client_id: '@!8D&1', ticket: 'a+/=&ticket=b#' }) as URL
    expect([url.searchParams.getAll('client_id'), url.searchParams.getAll('ticket'), url.hash]).toEqual([
      ['@!8D&1'],
      ['a+/=&ticket=b#'],
      '',
    ])
  })

  test.each([
    'javascript:alert(1)//https://as.example.com',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'blob:https://as.example.com/0',
    'file:///etc/passwd',
    'http://as.example.com/claims',
    'http://localhost.evil.example/claims',
    'http://127.0.0.1.evil.example/claims',
    'https://alice@as.example.com/claims',
    'https://alice:secret@as.example.com/claims',
    'https://as.example.com/claims#fragment',
    'ftp://as.example.com/',
    'ws://127.0.0.1/',
    '/claims',
    '//as.example.com/claims',
    'claims',
    '',
    '&',
    '?',
  ])('G-3.3.2-j: nobody is sent to %j', (endpoint) => {
    expect(claimsRedirect(endpoint, parameters)).toBeUndefined()
  })

  test.each([
    'http://127.0.0.1:8080/claims',
    'http://localhost/claims',
    'http://[::1]:1/claims',
    'http://as.localhost/claims',
    as,
  ])('%s is fine', (endpoint) => {
    expect(claimsRedirect(endpoint, parameters)?.href.startsWith(`${endpoint}?`)).toBe(true)
  })

  test('any string: a safe URL or none, never a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https', 'ftp'] }),
        ),
        (endpoint) => {
          const url = claimsRedirect(endpoint, parameters)
          if (url)
            expect(url.protocol === 'https:' || /^(localhost|127\.|\[::1\]|.*\.localhost)/.test(url.hostname)).toBe(
              true,
            )
        },
      ),
    )
  })
})

describe('readClaimsReturn', () => {
  const expected = { state: 's', issuer: 'https://as.example.com', ticket: 'old' }
  const back = (query: string): string => `https://app.example.com/cb?${query}`
  test.each([
    ['G-3.3.3-a', 'state=s&ticket=new', { ticket: 'new' }],
    ['G-3.3.3-a: no ticket', 'state=s', { problem: 'ticket' }],
    ['G-3.3.3-a: an empty one', 'state=s&ticket=', { problem: 'ticket' }],
    ['G-3.3.3-a: the one that was sent', 'state=s&ticket=old', { problem: 'ticket' }],
    ['G-3.3.3-c: no state', 'ticket=new', { problem: 'state' }],
    ['G-3.3.3-c: an empty one', 'state=&ticket=new', { problem: 'state' }],
    ['G-3.3.3-c: another', 'state=S&ticket=new', { problem: 'state' }],
    ['G-3.3.3-c: a prefix', 'state=s1&ticket=new', { problem: 'state' }],
    [
      'G-3.3.3-d: whatever else is there',
      'x=1&state=s&ticket=new&code=c&authorization_state=claims_submitted&x=2',
      { ticket: 'new' },
    ],
    ['G-3.3.3-e', 'state=s&error=access_denied&error_description=no', { problem: 'error', code: 'access_denied' }],
    ['G-3.3.3-e: state first', 'state=x&error=access_denied', { problem: 'state' }],
    [
      'G-3.3.3-e: an error counts more than a ticket',
      'state=s&error=server_error&ticket=new',
      { problem: 'error', code: 'server_error' },
    ],
    ['G-3.3.3-g: two tickets', 'state=s&ticket=new&ticket=evil', { problem: 'repeated' }],
    ['G-3.3.3-g: the same twice', 'state=s&ticket=new&ticket=new', { problem: 'repeated' }],
    ['G-3.3.3-g: two states', 'state=s&state=x&ticket=new', { problem: 'repeated' }],
    [
      'G-3.3.3-g: two issuers',
      'state=s&ticket=new&iss=https://as.example.com&iss=https://evil',
      { problem: 'repeated' },
    ],
    ['G-3.3.3-g: two errors', 'state=s&error=a&error=b', { problem: 'repeated' }],
    ['G-3.3.3-h: iss right', 'state=s&ticket=new&iss=https%3A%2F%2Fas.example.com', { ticket: 'new' }],
    ['G-3.3.3-h: iss of another', 'state=s&ticket=new&iss=https://evil.example', { problem: 'iss' }],
    ['G-3.3.3-h: iss with a slash more', 'state=s&ticket=new&iss=https://as.example.com/', { problem: 'iss' }],
    ['G-3.3.3-h: iss empty', 'state=s&ticket=new&iss=', { problem: 'iss' }],
    [
      'G-3.3.3-h: iss of another with an error',
      'state=s&error=access_denied&iss=https://evil.example',
      { problem: 'iss' },
    ],
  ])('%s: %s', (_what, query, result) => {
    expect(readClaimsReturn(back(query), expected)).toEqual(result)
  })

  test('the ticket that was sent, where that is expected', () => {
    expect(readClaimsReturn(back('state=s&ticket=old'), { ...expected, ticket: undefined })).toEqual({ ticket: 'old' })
  })

  test('a ticket is decoded once', () => {
    expect(readClaimsReturn(back('state=s&ticket=a%252B%2B%3D'), expected)).toEqual({ ticket: 'a%2B+=' })
  })

  test('only the query counts, not the fragment', () => {
    expect(readClaimsReturn('https://app.example.com/cb#state=s&ticket=new', expected)).toEqual({ problem: 'state' })
  })

  test('garbage: never a throw, never a ticket', () => {
    fc.assert(
      fc.property(fc.string(), (url) => {
        expect(readClaimsReturn(url, { ...expected, state: 'unguessable' })).toEqual({ problem: 'state' })
      }),
    )
    for (const url of [undefined, null, 7, {}])
      expect(readClaimsReturn(url as never, expected)).toEqual({ problem: 'state' })
  })
})
