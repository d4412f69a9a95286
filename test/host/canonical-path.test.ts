import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalPath, canonicalPattern, foldPath, pathOf } from '../../src/host/canonical-path.ts'

describe('F-R-j: one reading of a path', () => {
  test.each([
    ['/', '/'],
    ['/alice/1.jpg', '/alice/1.jpg'],
    ['/alice/1.jpg/', '/alice/1.jpg'],
    ['/%61lice/1.jpg', '/alice/1.jpg'],
    ['/alice/%C3%BC.jpg', '/alice/ü.jpg'],
    ['/alice/%c3%bc.jpg', '/alice/ü.jpg'],
    ['/alice/a%20b.jpg', '/alice/a b.jpg'],
    ['/alice/100%25', '/alice/100%'],
    ['/.well-known/x', '/.well-known/x'],
    ['/alice/1.jpg;v=1', '/alice/1.jpg;v=1'],
    ['/a,b/(c)/$d&e=f@g:h', '/a,b/(c)/$d&e=f@g:h'],
  ])('%s is %s', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical)
  })

  test.each([
    ['', 'not a path'],
    ['*', 'not a path'],
    ['http://photos.example/alice/1.jpg', 'not a path'],
    ['photos.example:443', 'not a path'],
    ['//evil/alice/1.jpg', 'empty segment'],
    ['/alice//1.jpg', 'empty segment'],
    ['/alice/1.jpg//', 'empty segment'],
    ['/alice/;v=1/1.jpg', 'empty segment'],
    ['/alice/%3Bx', 'empty segment'],
    ['/alice%2f1.jpg', 'encoded delimiter'],
    ['/alice%2F1.jpg', 'encoded delimiter'],
    ['/alice%5c1.jpg', 'encoded delimiter'],
    ['/alice/1.jpg%00', 'encoded delimiter'],
    ['/alice/1%0d.jpg', 'encoded delimiter'],
    ['/alice/%2e%2e/bob/1.jpg', 'encoded delimiter'],
    ['/alice/%2E/1.jpg', 'encoded delimiter'],
    ['/alice/1%2ejpg', 'encoded delimiter'],
    ['/alice/1.jpg%7f', 'encoded delimiter'],
    ['/alice/1.jpg%c2%85', 'character'],
    ['/alice/1.jpg%e2%80%a8', 'character'],
    ['/alice\\1.jpg', 'character'],
    ['/alice/1.jpg\0', 'character'],
    ['/alice/1.jpg#x', 'character'],
    ['/alice/1 .jpg', 'character'],
    ['/alice/ü.jpg', 'character'],
    ['/alice/1.jpg\u00a0', 'character'],
    ['/alice/%zz', 'encoding'],
    ['/alice/1.jpg%', 'encoding'],
    ['/alice/%c3', 'encoding'],
    ['/alice/%c0%af', 'encoding'],
    ['/alice/%ed%a0%80', 'encoding'],
    ['/%2561lice/1.jpg', 'encoded twice'],
    ['/alice%252f1.jpg', 'encoded twice'],
    ['/bob/../alice/1.jpg', 'dot segment'],
    ['/./alice/1.jpg', 'dot segment'],
    ['/alice/1.jpg/..', 'dot segment'],
    ['/alice/...', 'dot segment'],
    ['/bob/..;x/alice/1.jpg', 'dot segment'],
    ['/bob/..%20/alice', 'dot segment'],
  ])('%s has none: %s', (path, refused) => {
    expect(canonicalPath(path)).toEqual({ refused })
  })

  test('only the path counts', () => {
    expect(pathOf('/a/b?c=/d')).toBe('/a/b')
    expect(pathOf('/a')).toBe('/a')
  })

  test('what came through says the same when it is read again, and has no trace of encoding', () => {
    const piece = fc.constantFrom(
      '/',
      'a',
      '.',
      '..',
      ';',
      '%2f',
      '%25',
      '%61',
      '%c3%bc',
      '%20',
      '\\',
      '%',
      '%2e',
      'Z',
      '~',
      '+',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const canonical = canonicalPath(`/${pieces.join('')}`)
        if (typeof canonical === 'object') return
        expect(canonical).not.toMatch(/%[0-9a-f]{2}|\/\/|\/\.{1,2}(\/|$)|\\/i)
        const again = encodeURI(canonical).replace(/[?#]/g, encodeURIComponent)
        expect(canonicalPath(again)).toBe(canonical)
      }),
    )
  })

  test('whatever comes: no exception, and no time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const path = canonicalPath(`/${text}`)
        if (typeof path === 'string') foldPath(path)
      }),
    )
    const long = `/${'a.'.repeat(50_000)};`
    const begun = process.cpuUsage()
    canonicalPath(long)
    foldPath(long)
    foldPath(`/${'. '.repeat(50_000)}x`)
    foldPath(`/${';'.repeat(50_000)}\n`)
    // Milliseconds of processor time: what else the machine does is not in it.
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(3_000)
  })
})

describe('F-R-j: what the laxest router may make of it', () => {
  test.each([
    ['/ALICE/1.JPG'],
    ['/alice/1.jpg;v=1'],
    ['/alice;a=b/1.jpg'],
    ['/alice/1.jpg.'],
    ['/alice/1.jpg. .'],
    ['/alice./1.jpg'],
    ['/alice/1.jpg '],
    ['/ａlice/1.jpg'],
    ['/alice／1.jpg'],
    ['/alice/1.jpg?x'],
    ['/alice/1.jpg#x'],
    ['/al\u00adice/1.jpg'],
    ['/alice/1.jpg\u200b'],
    ['/alice//1.jpg'],
  ])('%s may be /alice/1.jpg', (path) => {
    expect(foldPath(path)).toBe('/alice/1.jpg')
  })

  test('letters with one capital are one', () => {
    expect(new Set(['/ß', '/ẞ', '/ss', '/SS', '/ſs'].map(foldPath)).size).toBe(1)
    expect(foldPath('/K')).toBe('/k')
    expect(foldPath('/e\u0301')).toBe(foldPath('/É'))
  })

  test('others stay others', () => {
    expect(foldPath('/alice/1.jpg')).not.toBe(foldPath('/alice/2.jpg'))
    expect(foldPath('/alice')).not.toBe(foldPath('/alice/1.jpg'))
  })
})

describe('what resources are registered under', () => {
  test.each([
    ['https://photos.example/alice/1.jpg?size=2#top', '/alice/1.jpg'],
    ['https://photos.example', '/'],
    ['/alice/ü b.jpg', '/alice/ü b.jpg'],
    ['/alice/%C3%BC%20b.jpg', '/alice/ü b.jpg'],
    ['/alice/', '/alice'],
    ['/:owner/photos/:id', '/:/photos/:'],
    ['/alice/*', '/alice/*'],
    ['/*', '/*'],
    ['/a/%3Ab/%2A', '/a/%3Ab/%2A'],
    ['/a/100%25', '/a/100%25'],
    ['/a/what%3F', '/a/what%3F'],
    ['/a:b', '/a:b'],
  ])('%s is %s', (url, pattern) => {
    expect(canonicalPattern(url)).toBe(pattern)
    expect(canonicalPattern(pattern)).toBe(pattern)
  })

  test.each(['/a//b', '/a/../b', '/a%2fb', '/a/*/b', '/a/*.jpg', '/:id.jpg', 'alice/1.jpg', '/a\\b', '/\ud800'])(
    '%s cannot be registered',
    (url) => {
      expect(() => canonicalPattern(url)).toThrow(TypeError)
    },
  )
})
