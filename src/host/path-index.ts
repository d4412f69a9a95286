import { foldPath, laxReadings, literalSegment } from './canonical-path.ts'
import type { ProtectedResource } from './types.ts'

/** Resources by path, in memory. A look-up costs the same however many there are. */
export interface PathIndex {
  /** `'ambiguous'`: a lax router might take the path for that of another resource. */
  find(path: string): ProtectedResource | 'ambiguous' | undefined
  get(pattern: string): ProtectedResource | undefined
  set(resource: ProtectedResource): void
  delete(pattern: string): void
  all(): Iterable<ProtectedResource>
}

type Found = ReturnType<PathIndex['find']>

/** Paths whose resource is remembered, and how long such a path may be: strangers choose what is asked for. */
const remembered = { paths: 1_000, length: 200 }

/** Patterns by segment. At each, what is said literally goes before `:name`, and that before what is below. */
interface Branch {
  /** By literal segment; `''` stands for any. */
  next: Map<string, Branch>
  /** Patterns that end here. Several only where they were folded into one. */
  here: Set<string>
  /** Patterns that end in a `*` here: for this path and all below. */
  below: Set<string>
}

const branch = (): Branch => ({ next: new Map(), here: new Set(), below: new Set() })

const isPattern = (pattern: string) => /\/(?::|\*)(?:\/|$)/.test(pattern)
const segmentsOf = (path: string) => (path === '/' ? [] : path.slice(1).split('/'))
const literalPath = (pattern: string) => `/${segmentsOf(pattern).map(literalSegment).join('/')}`

interface Way {
  steps: string[]
  end: 'here' | 'below'
}

function wayOf(pattern: string, fold: boolean): Way {
  const segments = segmentsOf(pattern)
  const end = segments.at(-1) === '*' ? 'below' : 'here'
  if (end === 'below') segments.pop()
  const steps = segments.flatMap((segment) => {
    if (segment === ':') return ''
    if (!fold) return literalSegment(segment)
    // Where nothing is left of a segment, a lax router does not see it.
    return segmentsOf(foldPath(`/${literalSegment(segment)}`))
  })
  return { steps, end }
}

function add(root: Branch, pattern: string, { steps, end }: Way): void {
  let at = root
  for (const step of steps) {
    let next = at.next.get(step)
    if (!next) {
      next = branch()
      at.next.set(step, next)
    }
    at = next
  }
  at[end].add(pattern)
}

/** @returns whether nothing is left of the branch */
function cut(at: Branch, pattern: string, { steps, end }: Way, index = 0): boolean {
  const step = steps[index]
  if (step === undefined) at[end].delete(pattern)
  else {
    const next = at.next.get(step)
    if (next && cut(next, pattern, { steps, end }, index + 1)) at.next.delete(step)
  }
  return !at.next.size && !at.here.size && !at.below.size
}

/** Adds the patterns that a path fits, the nearest first. */
function collect(at: Branch, segments: readonly string[], into: Set<string>, index = 0): Set<string> {
  const segment = segments[index]
  if (segment === undefined) for (const pattern of at.here) into.add(pattern)
  else {
    for (const step of [segment, '']) {
      const next = at.next.get(step)
      if (next) collect(next, segments, into, index + 1)
    }
  }
  for (const pattern of at.below) into.add(pattern)
  return into
}

export function createPathIndex(): PathIndex {
  const byPattern = new Map<string, ProtectedResource>()
  /** Resources without a pattern, by path. */
  const exact = new Map<string, ProtectedResource>()
  const folded = new Map<string, Set<string>>()
  const tree = branch()
  const foldedTree = branch()
  /** What was found; forgotten with every change. Folding costs more than all else that is done for a request. */
  const found = new Map<string, Found>()

  /** All that a lax router might find there. */
  const lax = (fold: string): Set<string> => collect(foldedTree, segmentsOf(fold), new Set(folded.get(fold)))

  function remove(pattern: string): void {
    found.clear()
    byPattern.delete(pattern)
    if (isPattern(pattern)) {
      cut(tree, pattern, wayOf(pattern, false))
      cut(foldedTree, pattern, wayOf(pattern, true))
      return
    }
    const path = literalPath(pattern)
    exact.delete(path)
    const fold = foldPath(path)
    folded.get(fold)?.delete(pattern)
    if (!folded.get(fold)?.size) folded.delete(fold)
  }

  /**
   * The resource is the nearest of those that the path fits. No reading may lead to one that it does not fit as it is written, or to another
   * before this one. Only a path that was registered letter by letter may have such neighbours, and only of its own owner.
   */
  function seek(path: string): Found {
    const named = exact.get(path)
    const fitting = collect(tree, segmentsOf(path), new Set(named && [named.pattern]))
    const [nearest] = fitting
    for (const reading of laxReadings(path)) {
      let first = true
      for (const pattern of lax(reading)) {
        const same = first ? pattern === nearest : fitting.has(pattern)
        first = false
        if (!same && !(named && byPattern.get(pattern)?.owner === named.owner)) return 'ambiguous'
      }
    }
    return nearest === undefined ? undefined : byPattern.get(nearest)
  }

  return {
    find(path) {
      const known = found.get(path)
      if (known) return known
      const result = seek(path)
      if (result && path.length <= remembered.length) {
        if (found.size >= remembered.paths) found.clear()
        found.set(path, result)
      }
      return result
    },
    get: (pattern) => byPattern.get(pattern),
    set(resource) {
      found.clear()
      const { pattern } = resource
      byPattern.set(pattern, resource)
      if (isPattern(pattern)) {
        add(tree, pattern, wayOf(pattern, false))
        add(foldedTree, pattern, wayOf(pattern, true))
        return
      }
      const path = literalPath(pattern)
      exact.set(path, resource)
      const fold = foldPath(path)
      const same = folded.get(fold)
      if (same) same.add(pattern)
      else folded.set(fold, new Set([pattern]))
    },
    delete: remove,
    all: () => byPattern.values(),
  }
}
