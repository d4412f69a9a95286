import { describe, expect, test } from 'vitest'
import { canonicalPattern } from '../../src/host/canonical-path.ts'
import { createPathIndex, type PathIndex } from '../../src/host/path-index.ts'
import type { ProtectedResource } from '../../src/host/types.ts'

const resource = (url: string, owner = 'alice'): ProtectedResource => {
  const pattern = canonicalPattern(url)
  return { id: pattern, pattern, owner, scopes: ['read'], description: { resource_scopes: ['read'] } }
}

const indexOf = (...urls: string[]): PathIndex => {
  const index = createPathIndex()
  for (const url of urls) index.set(resource(url))
  return index
}

const found = (index: PathIndex, path: string): string | undefined => {
  const hit = index.find(path)
  return typeof hit === 'object' ? hit.pattern : hit
}

describe('resources by path', () => {
  test('what is said literally goes before :name, and that before what is below', () => {
    const index = indexOf('/alice/*', '/:owner/:name', '/alice/1.jpg', '/alice/:name/full', '/*')
    expect(found(index, '/alice/1.jpg')).toBe('/alice/1.jpg')
    expect(found(index, '/alice/2.jpg')).toBe('/alice/*')
    expect(found(index, '/alice')).toBe('/alice/*')
    expect(found(index, '/alice/1.jpg/full')).toBe('/alice/:/full')
    expect(found(index, '/alice/1.jpg/small')).toBe('/alice/*')
    expect(found(index, '/bob/2.jpg')).toBe('/:/:')
    expect(found(index, '/bob/2.jpg/full')).toBe('/*')
    expect(found(index, '/')).toBe('/*')
  })

  test('a way that leads nowhere is gone back', () => {
    const index = indexOf('/a/b/c', '/a/:x/d/:y', '/a/b/d/e/f', '/:z/b/d/g/*')
    expect(found(index, '/a/b/d/e')).toBe('/a/:/d/:')
    expect(found(index, '/a/b/d/g/h')).toBe('/:/b/d/g/*')
    expect(found(index, '/a/b/x')).toBeUndefined()
  })

  test('characters of patterns stand for themselves where they were encoded', () => {
    const index = indexOf('/a/%3Ab', '/a/%2A/c', '/a/100%25')
    expect(found(index, '/a/:b')).toBe('/a/%3Ab')
    expect(found(index, '/a/*/c')).toBe('/a/%2A/c')
    expect(found(index, '/a/100%')).toBe('/a/100%25')
    expect(found(index, '/a/x')).toBeUndefined()
  })

  test('F-R-j: what a lax router may take for another resource is ambiguous', () => {
    const index = indexOf('/alice/1.jpg', '/Alice/:name/Full', '/bob/*')
    for (const path of ['/ALICE/1.jpg', '/alice/1.jpg;x', '/alice/1.jpg.', '/alice/x/full', '/BOB/1', '/bob;x']) {
      expect(found(index, path), path).toBe('ambiguous')
    }
    expect(found(index, '/bob/1.JPG;x')).toBe('/bob/*')
    expect(found(index, '/carol/1.jpg')).toBeUndefined()
  })

  test('F-R-j: nor is it found under a pattern that it also fits', () => {
    const index = indexOf('/alice/1.jpg', '/alice/*', '/:owner/:name')
    expect(found(index, '/alice/1.JPG')).toBe('ambiguous')
    expect(found(index, '/Alice/1.jpg')).toBe('ambiguous')
    expect(found(index, '/alice/2.JPG')).toBe('/alice/*')
    expect(found(index, '/bob/2.JPG')).toBe('/:/:')
  })

  test('two that differ in case only are two', () => {
    const index = indexOf('/a/Xy', '/a/xY', '/B/*', '/b/*')
    expect(found(index, '/a/Xy')).toBe('/a/Xy')
    expect(found(index, '/a/xY')).toBe('/a/xY')
    expect(found(index, '/a/xy')).toBe('ambiguous')
    expect(found(index, '/B/1')).toBe('/B/*')
    expect(found(index, '/b/1')).toBe('/b/*')
  })

  test('of two owners they are neither’s', () => {
    const index = indexOf('/alice/*', '/alice/of-bob.jpg', '/x/1')
    for (const url of ['/Alice/1.jpg', '/ALICE/b/*', '/x/1;v=2', '/alice/c/2.jpg']) index.set(resource(url, 'mallory'))
    expect(found(index, '/Alice/1.jpg')).toBe('ambiguous')
    expect(found(index, '/alice/1.jpg')).toBe('ambiguous')
    expect(found(index, '/ALICE/b/2')).toBe('ambiguous')
    expect(found(index, '/alice/b/2')).toBe('ambiguous')
    expect(found(index, '/x/1')).toBe('ambiguous')
    // To the letter, one is in the other: the more particular one counts.
    expect(found(index, '/alice/c/2.jpg')).toBe('/alice/c/2.jpg')
    expect(found(index, '/alice/2.jpg')).toBe('/alice/*')
    index.delete('/Alice/1.jpg')
    expect(found(index, '/alice/1.jpg')).toBe('/alice/*')
  })

  test('what is deleted is gone, and nothing else is', () => {
    const index = indexOf('/a/1', '/A/1', '/a/*', '/a/:x/y', '/a/:x/z')
    index.delete('/a/1')
    expect(found(index, '/a/1')).toBe('ambiguous')
    index.delete('/A/1')
    expect(found(index, '/a/1')).toBe('/a/*')
    index.delete('/a/:/y')
    index.delete('/a/*')
    index.delete('/never/there/*')
    expect(found(index, '/a/1')).toBeUndefined()
    expect(found(index, '/a/1/z')).toBe('/a/:/z')
    expect([...index.all()].map(({ pattern }) => pattern)).toEqual(['/a/:/z'])
  })

  test('what was found is forgotten with every change', () => {
    const index = indexOf('/a/*')
    const at = (path: string) => found(index, path)
    for (let i = 0; i < 2; i++) {
      expect([at('/a/b'), at('/a/B')]).toEqual(['/a/*', '/a/*'])
      index.set(resource('/a/b'))
      expect([at('/a/b'), at('/a/B')]).toEqual(['/a/b', 'ambiguous'])
      index.delete('/a/b')
    }
    expect([at('/a/b'), at('/a/B')]).toEqual(['/a/*', '/a/*'])
    for (let i = 0; i < 3_000; i++) expect(at(`/a/${i}`)).toBe('/a/*')
    index.delete('/a/*')
    expect([at('/a/b'), at('/a/B'), at('/a/2999')]).toEqual([undefined, undefined, undefined])
  })

  test('a look-up costs the same among 50 and 50,000', () => {
    const sized = (size: number) =>
      indexOf('/shared/:x/y', ...Array.from({ length: size }, (_, i) => (i % 2 ? `/o${i}/1.jpg` : `/o${i}/*`)))
    const time = (index: PathIndex) => {
      const begun = performance.now()
      // Each path is new: what was found before is remembered.
      for (let i = 0; i < 20_000; i++) index.find(`/o${i % 50}/${i}.jpg`)
      return performance.now() - begun
    }
    const [small, large] = [sized(50), sized(50_000)]
    time(small)
    time(large)
    const best = (index: PathIndex) => Math.min(...Array.from({ length: 5 }, () => time(index)))
    expect(best(large)).toBeLessThan(best(small) * 5 + 5)
  })
})
