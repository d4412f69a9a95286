/**
 * The sizes of real combinations: bundled by esbuild with code splitting, minified, each file with gzip -9. Dependencies
 * are counted, peers (axios, hono, ky, open, redis) are not. The package is measured as it was built.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { type SizeRow, sizeTable } from './size-table.ts'

/** Bytes of one combination. */
export interface Size {
  /** The files that a page loads before the first line of the application runs. */
  first: number
  /** These, and every file that may be loaded later. */
  everything: number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const { exports: entries, peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  exports: Record<string, string>
  peerDependencies: Record<string, string>
}
const external = [...Object.keys(peerDependencies), 'node:*']

/** The rows whose entries this version has. */
const measurable = ({ lines }: SizeRow): boolean =>
  lines.every((line) => `.${/'uma-requester([^']*)'/.exec(line)?.[1]}` in entries)

export const sizeRows: SizeRow[] = sizeTable.filter(measurable)

type Outputs = Metafile['outputs']

/** The outputs that one output reaches through imports of these kinds, itself included. */
function reached(outputs: Outputs, from: string, kinds: string[], found: Set<string> = new Set()): Set<string> {
  if (found.has(from)) return found
  found.add(from)
  for (const { path, kind } of outputs[from]?.imports ?? []) {
    if (path in outputs && kinds.includes(kind)) reached(outputs, path, kinds, found)
  }
  return found
}

export async function sizeOf({ lines }: SizeRow): Promise<Size> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: root },
    absWorkingDir: root,
    outdir: 'out',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external,
    metafile: true,
    write: false,
    logLevel: 'error',
  })
  const bytes = new Map(
    outputFiles.map(({ path, contents }) => [path.slice(root.length), gzipSync(contents, { level: 9 }).length]),
  )
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === '<stdin>') as string
  const total = (kinds: string[]): number => {
    const paths = [...reached(metafile.outputs, entry, kinds)]
    return paths.reduce((sum, path) => sum + (bytes.get(path) as number), 0)
  }
  return { first: total(['import-statement']), everything: total(['import-statement', 'dynamic-import']) }
}

/** All sizes, by the name of the row. */
export async function benchSizes(): Promise<Record<string, Size>> {
  const sizes: Record<string, Size> = {}
  for (const row of sizeRows) sizes[row.name] = await sizeOf(row)
  return sizes
}
