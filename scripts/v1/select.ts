/** Which test files of version 1 use only public names, directly and through the files that they import. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { testsDirectory } from './extract.ts'
import { type SourceUse, usesOf } from './imports.ts'
import { leftOut } from './moved-names.ts'
import type { PublicNames } from './public-names.ts'

export interface Selection {
  /** The test files to run. */
  run: string[]
  /** Test files that use internals, each with these internals. */
  internal: { file: string; uses: string[] }[]
  /** Test files that the table leaves out, each with the reason. */
  leftOut: { file: string; reason: string }[]
  /** What the test files to run use of `src`. */
  sources: SourceUse[]
}

function testFiles(): string[] {
  return readdirSync(join(testsDirectory, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .sort()
}

const reasonToLeaveOut = (file: string): string | undefined =>
  Object.entries(leftOut).find(([path]) => file === path || (path.endsWith('/') && file.startsWith(path)))?.[1]

/** All that a test file uses of `src`, through all files that it imports. */
function sourcesOf(file: string): SourceUse[] {
  const seen = new Set([file])
  for (const path of seen) {
    for (const next of usesOf(path).files) seen.add(next)
  }
  return [...seen].flatMap((path) => usesOf(path).sources)
}

/** The internal names that a use needs. A name that a public module exports, too, is public. */
function internalsOf({ module, names }: SourceUse, publicNames: PublicNames): string[] {
  if (publicNames.modules.has(module)) return []
  if (!names) return [module]
  return names.filter((name) => !publicNames.find(module, name)).map((name) => `${name} of ${module}`)
}

export function selectTests(publicNames: PublicNames): Selection {
  const selection: Selection = { run: [], internal: [], leftOut: [], sources: [] }
  for (const file of testFiles()) {
    const reason = reasonToLeaveOut(file)
    if (reason) {
      selection.leftOut.push({ file, reason })
      continue
    }
    const sources = sourcesOf(file)
    const uses = [...new Set(sources.flatMap((use) => internalsOf(use, publicNames)))]
    if (uses.length > 0) {
      selection.internal.push({ file, uses })
      continue
    }
    selection.run.push(file)
    selection.sources.push(...sources)
  }
  return selection
}
