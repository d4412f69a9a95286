/** F-R-j: no path reaches a protected handler without the permission, whatever router is behind the warden. */

import express from 'express'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { canonicalPattern } from '../../src/host/canonical-path.ts'
import { expressGuard, guardNode } from '../../src/host/node.ts'
import { createPathIndex } from '../../src/host/path-index.ts'
import { listen } from '../helpers/http.ts'
import { repetitions } from '../helpers/long.ts'
import { rawRequest } from './raw.ts'
import { ask, wardenKit } from './warden-kit.ts'

const resources = [
  '/alice/1.jpg',
  '/alice/album/*',
  '/alice/:name/full',
  '/bob/*',
  '/bob/a b',
  '/stra\u00dfe/1',
  '/open/:id',
]

/** What a router does to a path before it looks for the handler: each for itself is found in the field. */
const laxities: Record<string, (path: string) => string> = {
  'ignores case': (path) => path.toLowerCase(),
  'ignores case by capitals': (path) => path.toUpperCase().toLowerCase(),
  'strips ;params': (path) => path.replace(/;[^/]*/g, ''),
  'ends at ;': (path) => path.replace(/;.*$/s, ''),
  'collapses slashes': (path) => path.replace(/\/{2,}/g, '/'),
  'resolves dots': (path) => new URL(`http://x/${path.replace(/^\/+/, '')}`).pathname.replace(/%[0-9A-F]{2}/gi, decode),
  'turns backslashes': (path) => path.replaceAll('\\', '/'),
  'strips final dots and spaces': (path) => path.replace(/[. ]+(?=\/|$)/g, ''),
  'ends at NUL': (path) => path.replace(/\0.*$/s, ''),
  'ends at ?': (path) => path.replace(/\?.*$/s, ''),
  'ends at #': (path) => path.replace(/#.*$/s, ''),
  'reads + as a space': (path) => path.replaceAll('+', ' '),
  'normalises letters': (path) => path.normalize('NFKC'),
  'composes letters': (path) => path.normalize('NFC'),
  'strips a final slash': (path) => (path.length > 1 ? path.replace(/\/$/, '') : path),
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const piece = fc.constantFrom(
  ...['alice', 'Alice', 'ALICE', 'bob', 'album', '1.jpg', '1.JPG', 'full', 'a b', 'a+b', 'a%20b', 'x', 'open'],
  ...[
    'stra%C3%9Fe',
    'STRASSE',
    'stra%E1%BA%9Ee',
    '%61lice',
    '%2561lice',
    '%41LICE',
    'a%6Cbum',
    '%EF%BD%81lice',
    'al%C2%ADice',
  ],
  ...['%2f', '%2F', '%252f', '%5c', '\\', '//', '/', '/', '/', '/', '.', '..', '%2e', '%2e%2e', '...', '/../', '/./'],
  ...[
    ';',
    ';v=1',
    ';/x',
    '%3b',
    '%3Bx',
    '?',
    '%3f',
    '#',
    '%23',
    '%00',
    '%0a',
    '%20',
    '.',
    '%E2%80%8B',
    '%EF%BC%8F',
    '%EF%BC%8E',
  ],
  ...[
    '%',
    '%zz',
    '%c0%ae',
    '%EF%BC%9B',
    '*',
    ':name',
    '+',
    '~',
    '@',
    'http://photos.example',
    '%7f',
    '%C2%85',
    '\u00e9',
  ],
)
/** Something near one of the resources, or anything. */
const near = fc
  .tuple(fc.constantFrom('/alice/1.jpg', '/alice/album/7', '/alice/x/full', '/bob/a b', '/open/7'), fc.nat(20), piece)
  .map(([path, at, text]) => path.replace(' ', '%20').slice(0, at) + text + path.replace(' ', '%20').slice(at))
const target = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`),
  near,
  near.chain((path) =>
    fc.tuple(fc.nat(path.length), piece).map(([at, text]) => path.slice(0, at) + text + path.slice(at)),
  ),
)

/** The routes behind: the same resources, in the router's way of writing. */
const routes = createPathIndex()
for (const url of resources) {
  const pattern = canonicalPattern(url)
  const resource = { id: pattern, owner: 'alice', scopes: ['read'], description: { resource_scopes: ['read'] } }
  routes.set({ ...resource, pattern })
  // Where it folds letters, it folds those of its routes too.
  routes.set({ ...resource, pattern: canonicalPattern(pattern.toUpperCase().toLowerCase()) })
}
const served = (path: string): string | undefined => {
  const found = routes.find(path.replace(/(?<=.)\/$/, ''))
  return typeof found === 'object' ? found.id : undefined
}

describe.each(['deny', 'pass'] as const)('F-R-j: unmapped: %s', (onUnmapped) => {
  test('routers that read paths in every lax way, and any mixture of these', async () => {
    const kit = wardenKit({ onUnmapped })
    for (const url of resources) await kit.protect(url)
    const tokens = new Map(resources.map((url) => [canonicalPattern(url), kit.token(url)]))
    let through = 0
    const way = fc.tuple(fc.nat(2), fc.shuffledSubarray(Object.keys(laxities)), fc.constantFrom(...tokens.keys()))
    await fc.assert(
      fc.asyncProperty(target, way, async (path, [decoded, laxity, own]) => {
        const verdict = await ask(kit.judge, { target: path, ...(tokens.has(own) && { token: tokens.get(own) ?? '' }) })
        if ('answer' in verdict) return
        through++
        let seen = path.replace(/\?.*$/s, '')
        // A router that never decodes has other names for its routes: what is encoded in another way is none of them.
        for (let i = seen.includes('%') ? -1 : 0; i < decoded; i++) seen = decode(seen)
        for (const name of laxity) seen = laxities[name]?.(seen) ?? seen
        const resource = served(seen)
        // Nothing, or what the token is for.
        if (resource !== undefined) expect(verdict.access && resource).toBe(own)
      }),
      { numRuns: repetitions(4_000, 20_000) },
    )
    expect(through).toBeGreaterThan(repetitions(20, 100))
  })

  test('Express as it comes, and node:http with a listener that decodes and collapses', async () => {
    const kit = wardenKit({ onUnmapped })
    for (const url of resources) await kit.protect(url)
    const own = kit.token('/bob/*')
    let reached: string[] = []
    const app = express()
    app.use(expressGuard(kit))
    for (const url of resources) {
      const route = url.replace('/*', '{/*path}').replace('a b', 'a%20b').replace('\u00df', '%C3%9F')
      app.all(route, (_req, res) => {
        reached.push(url)
        res.end('secret')
      })
    }
    const listener = guardNode(kit, (req, res) => {
      const path = decode((req.url ?? '').replace(/\?.*$/s, ''))
        .toLowerCase()
        .replace(/;[^/]*/g, '')
        .replace(/\/{2,}/g, '/')
      const resource = served(path)
      if (resource) reached.push(resource)
      res.end('secret')
    })
    const servers = [await listen(app), await listen(listener)]
    onTestFinished(async () => {
      for (const server of servers) await server.close()
    })
    let through = 0
    await fc.assert(
      fc.asyncProperty(target, fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'), async (path, method) => {
        // Neither stands in a request line.
        if (/[\s\0]/.test(path)) return
        for (const { port } of servers) {
          reached = []
          await rawRequest(port, [`${method} ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${own}`])
          through += reached.length
          for (const resource of reached) expect(resource).toBe('/bob/*')
        }
      }),
      // Chance need not hit upon it.
      { numRuns: repetitions(100, 400), examples: [['/bob/x', 'GET']] },
    )
    expect(through).toBeGreaterThan(0)
  })
})

/** Of two owners, and one to whoever ignores case. In each pair nothing of the one lies within the other as it is written. */
const twins = [
  ['/alice/*', '/Alice/1.jpg'],
  ['/Bob/*', '/bob/*'],
  ['/carol/:x/full', '/Carol/a/*'],
  ['/stra\u00dfe/1', '/STRASSE/:x'],
] as const
const spelt = fc.tuple(
  fc.constantFrom('alice', 'bob', 'carol', 'stra%C3%9Fe', 'strasse', 'STRASSE'),
  fc.constantFrom('/1.jpg', '/1', '/a/full', '/a/x', '/2.jpg', ''),
  fc.nat(2),
  fc.constantFrom('', '', ';v=1', '/', '.', '%3Fx'),
)

test('F-R-j: what is one owner\u2019s is never handed out for the permission of another, whose resource has the same fold', async () => {
  const kit = wardenKit()
  const owners = ['alice', 'mallory'] as const
  const tokens: string[] = []
  for (const [which, owner] of owners.entries()) {
    const ids: string[] = []
    for (const pair of twins) ids.push((await kit.protect(pair[which] ?? '', { owner })).id)
    const token = `all-of-${owner}`
    kit.tokens.set(token, {
      active: true,
      permissions: ids.map((resource_id) => ({ resource_id, resource_scopes: ['read'] })),
    })
    tokens.push(token)
  }
  // A router of its own, not the map: each route for itself, case ignored or not.
  const folded = (text: string) => text.toLowerCase().toUpperCase().toLowerCase()
  const served = (which: number, path: string, fold: (text: string) => string): boolean =>
    twins.some((pair) => {
      const route = fold(pair[which] ?? '')
        .replace(':x', '[^/]+')
        .replace(/\/\*$/, '(?:/.*)?')
      return new RegExp(`^${route}$`, 'u').test(fold(path))
    })
  let through = 0
  const way = fc.tuple(fc.shuffledSubarray(Object.keys(laxities)), fc.constantFrom(0, 1))
  await fc.assert(
    fc.asyncProperty(spelt, way, async ([name, rest, spelling, end], [laxity, own]) => {
      const first = [name, name[0]?.toUpperCase() + name.slice(1), name.toUpperCase()][
        name.includes('%') ? 0 : spelling
      ]
      const path = `/${first}${rest}${end}`
      const verdict = await ask(kit.judge, { target: path, token: tokens[own] ?? '' })
      if ('answer' in verdict) return
      through++
      expect(verdict.access?.resource.owner).toBe(owners[own])
      let seen = decode(path)
      for (const lax of laxity) seen = laxities[lax]?.(seen) ?? seen
      for (const fold of [folded, (text: string) => text]) expect(served(1 - own, seen, fold), seen).toBe(false)
    }),
    { numRuns: repetitions(2_500, 10_000) },
  )
  expect(through).toBeGreaterThan(repetitions(20, 100))
})
