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

  test('F-R-j: two of one owner that differ in case only are two where they were registered letter by letter', () => {
    const index = indexOf('/a/Xy', '/a/xY', '/B/*', '/b/*', '/B/1')
    expect(found(index, '/a/Xy')).toBe('/a/Xy')
    expect(found(index, '/a/xY')).toBe('/a/xY')
    expect(found(index, '/B/1')).toBe('/B/1')
    for (const path of ['/a/xy', '/B/2', '/b/1', '/b/2']) expect(found(index, path), path).toBe('ambiguous')
  })

  test('F-R-j: of two owners they are none, whichever was first', () => {
    const theirs = [
      ['/alice/*', '/Alice/1.jpg'],
      ['/Bob/*', '/bob/*'],
      ['/carol/:x/full', '/Carol/*'],
      ['/d/1;v=1', '/D/1'],
      ['/e/what%3F/x', '/e/*'],
    ] as const
    for (const order of [theirs, theirs.map(([one, other]) => [other, one] as const)]) {
      const index = createPathIndex()
      for (const [one, other] of order) {
        index.set(resource(one, 'alice'))
        index.set(resource(other, 'mallory'))
      }
      for (const path of ['/Alice/1.jpg', '/alice/1.jpg', '/bob/1', '/Bob/1', '/Carol/1/full', '/d/1;v=1', '/D/1']) {
        expect(found(index, path), path).toBe('ambiguous')
      }
      // Who stops at the question mark finds what lies above.
      expect(found(index, '/e/what?/x')).toBe('ambiguous')
      expect(found(index, '/alice/2.jpg')).toBe('/alice/*')
      expect(found(index, '/Alice/2.jpg')).toBe('ambiguous')
      index.delete('/Alice/1.jpg')
      expect(found(index, '/alice/1.jpg')).toBe('/alice/*')
      index.delete('/D/1')
      expect(found(index, '/d/1;v=1')).toBe('/d/1;v=1')
    }
  })

  test('what lies within a resource may be of another owner', () => {
    const index = createPathIndex()
    index.set(resource('/alice/*', 'alice'))
    index.set(resource('/alice/guest/*', 'bob'))
    index.set(resource('/alice/guest/1.jpg', 'carol'))
    const expected = {
      '/alice/1.jpg': '/alice/*',
      '/alice/guest/2.jpg': '/alice/guest/*',
      '/alice/guest/1.jpg': undefined,
    }
    for (const [path, pattern] of Object.entries(expected)) expect(found(index, path)).toBe(pattern ?? path)
    expect(found(index, '/alice/Guest/1.jpg')).toBe('ambiguous')
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
    expect(found(index, '/a/1')).toBe('/a/1')
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
    /** Milliseconds of processor time: what else the machine does is not in it. */
    const time = (index: PathIndex) => {
      const begun = process.cpuUsage()
      // Each path is new: what was found before is remembered.
      for (let i = 0; i < 20_000; i++) index.find(`/o${i % 50}/${i}.jpg`)
      return process.cpuUsage(begun).user / 1000
    }
    const [small, large] = [sized(50), sized(50_000)]
    time(small)
    time(large)
    const best = (index: PathIndex) => Math.min(...Array.from({ length: 5 }, () => time(index)))
    expect(best(large)).toBeLessThan(best(small) * 5 + 5)
  })
})
