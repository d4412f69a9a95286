/** The house rules for imports: CONTRIBUTING.md says them in words. */
import { describe, expect, test } from 'vitest'
import { type Import, type Source, sources } from './sources.ts'

const files = sources()
const ours = (target: string) => target.startsWith('src/')

/** Folders of entries. They stand with the files that are directly in `src`. */
const entryFolders = ['client', 'servers', 'axios', 'fetch', 'requester']
/** Files directly in `src` that are no entries. */
const bottomFiles: Record<string, string> = { 'src/events.ts': 'events' }

/** The room that a file is in: its folder, or `entries` for the public entries and the adapters. */
function room(path: string): string {
  const folder = /^src\/([^/]+)\//.exec(path)?.[1]
  if (!folder) return bottomFiles[path] ?? 'entries'
  return entryFolders.includes(folder) ? 'entries' : folder
}

/** The rooms from top to bottom. A room may import from the rooms of all lines below its own. */
const levels = [
  ['testing', 'cli', 'devtools'],
  ['entries', 'redirect'],
  ['request'],
  ['flow'],
  ['parties'],
  ['wallet', 'trust'],
  ['schemes', 'bindings'],
  ['authorization-server'],
  ['protocol'],
  ['errors', 'events', 'async'],
]

interface Allowed {
  values: string[]
  types?: string[]
}

/** All rooms that are below a room. */
const below = (name: string): string[] => levels.slice(levels.findIndex((rooms) => rooms.includes(name)) + 1).flat()

/** The rooms that stand beside the levels. */
const beside: Record<string, Allowed> = {
  storage: { values: ['persistence', 'parties', ...below('parties')] },
  persistence: { values: ['parties', ...below('parties')], types: ['storage'] },
  // The check of the option `storage` is a function of `storage`.
  host: { values: ['authorization-server', 'bindings', 'storage', ...below('authorization-server')] },
}

/** More than the levels allow. */
const more: Record<string, Allowed> = {
  testing: { values: ['cli', 'devtools', 'host', 'storage', 'persistence'] },
  cli: { values: ['host', 'storage', 'persistence'] },
  devtools: { values: ['host', 'storage', 'persistence'] },
  // The default storage is the one in memory. Any other storage is an option.
  entries: { values: ['persistence', 'storage'], types: ['redirect'] },
  redirect: { values: ['persistence'], types: ['storage'] },
  schemes: { values: ['bindings'] },
  errors: { values: ['events', 'async'] },
  events: { values: ['errors', 'async'] },
  async: { values: ['errors', 'events'] },
}

/** What a room may import from, as values and as types; itself is understood. */
function allowedFor(from: string): Allowed | undefined {
  const own = beside[from]
  if (own) return own
  if (!levels.flat().includes(from)) return undefined
  const { values = [], types = [] } = more[from] ?? {}
  return { values: [...below(from), ...values], types }
}

const nodeOnly = [/^src\/storage\/(sqlite|redis)/, /^src\/redirect\/loopback/, /^src\/host\/node/, /^src\/cli\//]

interface Crossing {
  file: string
  rooms: string
}

/** The imports from one room to another that are not allowed. */
function forbidden({ path, imports }: Source): Crossing[] {
  const from = room(path)
  const allowed = allowedFor(from)
  if (!allowed) return [{ file: path, rooms: `${from} is a room that this test does not know` }]
  return imports
    .filter(({ target }) => ours(target))
    .filter(({ target, typeOnly }) => {
      const to = room(target)
      return to !== from && !allowed.values.includes(to) && !(typeOnly && allowed.types?.includes(to))
    })
    .map(({ target, typeOnly }: Import) => {
      const suffix = typeOnly ? ' (type)' : ''
      return { file: `${path} → ${target}${suffix}`, rooms: `${from} → ${room(target)}${suffix}` }
    })
}

const crossings = files.flatMap(forbidden)
/** Chains of imports that come back to where they began. */
function circles(): string[] {
  const edges = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target).filter(ours)]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (path: string, trail: string[]) => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    else if (!done.has(path)) {
      for (const next of edges.get(path) ?? []) walk(next, [...trail, path])
      done.add(path)
    }
  }
  for (const path of edges.keys()) walk(path, [])
  return found
}

describe('imports', () => {
  test('every import of ours names a file that is there', () => {
    const there = new Set(files.map(({ path }) => path))
    const missing = files.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => ours(target) && !there.has(target)).map(({ target }) => `${path} → ${target}`),
    )
    expect(missing).toEqual([])
  })

  test('imports point down only, types included', () => {
    expect(crossings).toEqual([])
  })

  test('no circles, not even of types', () => {
    expect(circles()).toEqual([])
  })

  test('node: only where a file is made for Node', () => {
    const found = files
      .filter(({ path }) => !nodeOnly.some((pattern) => pattern.test(path)))
      .flatMap(({ path, imports }) =>
        imports.filter(({ target }) => target.startsWith('node:')).map(({ target }) => `${path} → ${target}`),
      )
    expect(found).toEqual([])
  })

  test('the simulated servers run anywhere: no node:, and no package but jose', () => {
    const simulated = files.filter(({ path }) => room(path) === 'testing')
    expect(simulated.length).toBeGreaterThan(0)
    const found = simulated.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => !ours(target) && target !== 'jose').map(({ target }) => `${path} → ${target}`),
    )
    expect(found).toEqual([])
  })

  const isWayIn = (path: string, library: string): boolean =>
    path === `src/${library}.ts` || path.startsWith(`src/${library}/`)

  test('axios and ky as values in their own way in only', () => {
    const found = files.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, typeOnly }) => !typeOnly && /^(axios|ky)$/.test(target) && !isWayIn(path, target))
        .map(({ target }) => `${path} → ${target}`),
    )
    expect(found).toEqual([])
  })

  test('p-retry in one file only: every retry is there', () => {
    const users = files.filter(({ imports }) => imports.some(({ target }) => target === 'p-retry'))
    expect(users.slice(1).map(({ path }) => path)).toEqual([])
  })
})
