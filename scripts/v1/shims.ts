/** Writes the modules that stand for `src` and `dist` of version 1 and export what is in `src` today. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { root, testsDirectory } from './extract.ts'
import type { SourceUse } from './imports.ts'
import { moved } from './moved-names.ts'
import type { PublicNames } from './public-names.ts'

function write(path: string, lines: string[]): void {
  const file = join(testsDirectory, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
}

/** A specifier for a path from the root of the repository, in a module of `.cache/v1`. */
function specifier(from: string, to: string): string {
  return posix.relative(posix.join('.cache/v1', posix.dirname(from)), to)
}

const renames = (names: Record<string, string> = {}): string =>
  Object.entries(names)
    .map(([before, today]) => `${today} as ${before}`)
    .join(', ')

/** @throws Error if the module is no longer there and the table does not say where it is */
function publicShim(module: string): string[] {
  const { to, values, types } = moved[module] ?? { to: module }
  if (!existsSync(join(root, to))) {
    throw new Error(`${to} does not exist. Say in scripts/v1/moved-names.ts where the names of ${module} are today.`)
  }
  const from = JSON.stringify(specifier(module, to))
  return [
    `export * from ${from}`,
    ...(values ? [`export { ${renames(values)} } from ${from}`] : []),
    ...(types ? [`export type { ${renames(types)} } from ${from}`] : []),
  ]
}

/** Names that tests take from the file that declared them in version 1 come from the public module that exported them. */
function internalShim(module: string, names: Set<string>, publicNames: PublicNames): string[] {
  const lines = [...names].flatMap((name) => {
    const place = publicNames.find(module, name)
    if (!place) return []
    const from = posix.relative(posix.dirname(module), place.module)
    return [`export { ${place.name} as ${name} } from '${from.startsWith('.') ? from : `./${from}`}'`]
  })
  return lines.length > 0 ? lines : ['export {}']
}

export function writeShims(sources: SourceUse[], publicNames: PublicNames): void {
  for (const module of publicNames.modules) {
    write(module, publicShim(module))
    // The examples and the demo import the package by its name.
    const built = module.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js')
    write(built, [`export * from '${posix.relative(posix.dirname(built), module)}'`])
  }
  const internal = new Map<string, Set<string>>()
  for (const { module, names = [] } of sources) {
    if (publicNames.modules.has(module)) continue
    internal.set(module, new Set([...(internal.get(module) ?? []), ...names]))
  }
  for (const [module, names] of internal) write(module, internalShim(module, names, publicNames))
}
