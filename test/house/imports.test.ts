/** The house rules for imports: CONTRIBUTING.md says them in words. */
import { describe, expect, test } from 'vitest'
import { type Import, type Source, sources } from './sources.ts'

const files = sources()
const ours = (target: string) => target.startsWith('src/')

/** The room that a file is in: its directory under src, or for files directly in src the ways in. */
function room(path: string): string {
  if (path === 'src/errors.ts') return 'errors'
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? 'ways in'
}

/** What a room may import from, as values and as types; itself is understood. */
const may: Record<string, { values: string[]; types?: string[] }> = {
  errors: { values: [], types: ['protocol'] },
  protocol: { values: [] },
  'authorization-server': { values: ['protocol', 'errors'], types: ['storage'] },
  schemes: { values: ['authorization-server', 'protocol', 'errors'] },
  requester: { values: ['schemes', 'authorization-server', 'protocol', 'errors'], types: ['storage', 'redirect'] },
  'ways in': {
    values: ['requester', 'schemes', 'authorization-server', 'protocol', 'errors'],
    types: ['storage', 'redirect'],
  },
  host: { values: ['authorization-server', 'protocol', 'errors'], types: ['storage'] },
  redirect: { values: ['protocol', 'errors'], types: ['requester', 'schemes', 'authorization-server', 'storage'] },
  storage: { values: ['protocol', 'errors'], types: ['requester', 'schemes', 'authorization-server'] },
  // The user's end of everything: these stand on the whole house, and nothing stands on them.
  testing: {
    values: ['ways in', 'host', 'schemes', 'authorization-server', 'protocol', 'errors', 'storage', 'redirect'],
  },
  cli: {
    values: ['ways in', 'requester', 'schemes', 'authorization-server', 'protocol', 'errors', 'storage', 'redirect'],
  },
}

/** The one way up: what `createRequester` uses, and `.` exports, when no storage is given. */
const exceptions = ['src/index.ts → src/storage/memory.ts', 'src/create-requester.ts → src/storage/memory.ts']

const nodeOnly = [/^src\/storage\/(sqlite|redis)/, /^src\/redirect\/loopback/, /^src\/host\/node/, /^src\/cli\//]

function upward({ path, imports }: Source): string[] {
  const from = room(path)
  const allowed = may[from]
  if (!allowed) return [`${path}: a room that test/house/imports.test.ts does not know`]
  const wrong = ({ target, typeOnly }: Import) => {
    const to = room(target)
    if (to === from || allowed.values.includes(to) || (typeOnly && allowed.types?.includes(to))) return false
    return !exceptions.includes(`${path} → ${target}`)
  }
  return imports
    .filter(({ target }) => ours(target))
    .filter(wrong)
    .map(({ target, typeOnly }) => `${path} → ${target}${typeOnly ? ' (type)' : ''}`)
}

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

  test('arrows point down only', () => {
    expect(files.flatMap(upward)).toEqual([])
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

  test('axios and ky as values in their own way in only', () => {
    const found = files.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, typeOnly }) => !typeOnly && /^(axios|ky)$/.test(target) && path !== `src/${target}.ts`)
        .map(({ target }) => `${path} → ${target}`),
    )
    expect(found).toEqual([])
  })
})
