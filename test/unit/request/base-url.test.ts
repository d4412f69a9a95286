/** The URL that a driver tells the engine. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hasUserinfo, targetUrl, withoutUserinfo } from '../../../src/request/base-url.ts'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['https://h.example/a?b=@c', 'https://h.example/a?b=@c'],
  ['https://bob:secret@h.example/a', 'https://h.example/a'],
  ['https://bob@h.example/a#@', 'https://h.example/a#@'],
  ['https://:secret@h.example/', 'https://h.example/'],
  ['/a', '/a'],
  ['not a url @', 'not a url @'],
])('%s', (url, expected) => expect(targetUrl(url)).toBe(expected))

describe('in a page', () => {
  test('a relative URL is absolute', () => {
    vi.stubGlobal('location', { href: 'https://h.example/alice/page.html' })
    expect(['1.jpg', '/x', 'https://other.example/'].map(targetUrl)).toEqual([
      'https://h.example/alice/1.jpg',
      'https://h.example/x',
      'https://other.example/',
    ])
  })

  test('the base of the document comes first', () => {
    vi.stubGlobal('location', { href: 'https://h.example/' })
    vi.stubGlobal('document', { baseURI: 'https://base.example/' })
    expect(targetUrl('x')).toBe('https://base.example/x')
  })
})

test('userinfo', () => {
  const url = new URL('https://bob:secret@h.example/a')
  expect([hasUserinfo(url), hasUserinfo(new URL('https://h.example/')), hasUserinfo(new URL('https://:p@h/'))]).toEqual(
    [true, false, true],
  )
  expect([withoutUserinfo(url).href, url.username]).toEqual(['https://h.example/a', 'bob'])
})
