/** The page program of these tests, bundled as applications bundle it: by Vite, and by esbuild with and without splitting. */
import { join, relative } from 'node:path'
import { type BuildOptions, build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import { root } from '../house/sources.ts'

/** The modules that are loaded later, and what brings each of them. */
export const parts = {
  engine: 'dist/requester/engine.js',
  storage: 'dist/persistence/open-persistence.js',
  'IndexedDB library': 'dist/storage/indexed-db-records.js',
  registration: 'dist/authorization-server/registered-clients.js',
  'client authentication': 'dist/authorization-server/oauth-client-authentication.js',
  'sign-in keeper': 'dist/parties/fresh-identity.js',
  'sign-in interaction': 'dist/flow/people/sign-in-interaction.js',
  'code flow': 'dist/authorization-server/sign-in/code-flow-sign-in.js',
  'popup window': 'dist/redirect/run-in-popup.js',
  'kept flow': 'dist/flow/people/keep-flow.js',
} as const

export type Part = keyof typeof parts

export interface Bundle {
  /** The first segment of its paths. */
  name: string
  entry: string
  /** The scripts by file name. */
  files: ReadonlyMap<string, string>
  /** The files that the entry imports statically, itself included. */
  first: ReadonlySet<string>
  /** The file of each part that is a file of its own. */
  fileOf: Partial<Record<Part, string>>
}

/** A file of a bundle, as both bundlers can describe it. */
interface Chunk {
  file: string
  text: string
  imports: string[]
  isEntry: boolean
  /** The module that the file was made for, relative to the root. */
  module: string | undefined
}

function toBundle(name: string, chunks: Chunk[]): Bundle {
  const entry = chunks.find(({ isEntry }) => isEntry)
  if (!entry) throw new Error(`${name} has no entry`)
  const first = new Set([entry.file])
  for (const file of first) {
    for (const imported of chunks.find((chunk) => chunk.file === file)?.imports ?? []) first.add(imported)
  }
  const later = chunks.filter(({ file }) => !first.has(file))
  const found = Object.entries(parts).map(([part, module]) => [part, later.find((one) => one.module === module)?.file])
  return {
    name,
    entry: entry.file,
    files: new Map(chunks.map(({ file, text }) => [file, text])),
    first,
    fileOf: Object.fromEntries(found.filter(([, file]) => file !== undefined)),
  }
}

const program = (name: string): string => join(root, 'test/loading', `${name}.mjs`)

async function byEsbuild(
  name: string,
  entry: string,
  options: Pick<BuildOptions, 'splitting' | 'format'>,
): Promise<Bundle> {
  const { metafile, outputFiles } = await esbuild({
    entryPoints: [program(entry)],
    absWorkingDir: root,
    outdir: '/',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'error',
    ...options,
    metafile: true,
    write: false,
  })
  const texts = new Map(outputFiles.map(({ path, text }) => [path.slice(1), text]))
  const fileName = (path: string): string => path.split('/').at(-1) ?? path
  const chunks = Object.entries(metafile.outputs).map(([path, { entryPoint, imports }]) => ({
    file: fileName(path),
    text: texts.get(fileName(path)) ?? '',
    imports: imports.filter(({ kind }) => kind === 'import-statement').map((one) => fileName(one.path)),
    isEntry: entryPoint?.startsWith('test/loading/') === true,
    module: entryPoint,
  }))
  return toBundle(name, chunks)
}

async function byVite(name: string, entry: string): Promise<Bundle> {
  const built = await vite({
    root,
    configFile: false,
    logLevel: 'error',
    base: './',
    publicDir: false,
    build: { write: false, target: 'es2023', rolldownOptions: { input: program(entry) } },
  })
  const { output } = [built].flat()[0] as Extract<typeof built, { output: unknown }>
  const chunks = output.flatMap((one) => {
    if (one.type !== 'chunk') return []
    const module = one.facadeModuleId ? relative(root, one.facadeModuleId) : undefined
    return [{ file: one.fileName, text: one.code, imports: one.imports, isEntry: one.isEntry, module }]
  })
  return toBundle(name, chunks)
}

export type Bundler = 'vite' | 'splitting' | 'one-file'
export type Entry = 'main' | 'lazy'

export const bundlers: Bundler[] = ['vite', 'splitting', 'one-file']
export const entries: Entry[] = ['main', 'lazy']

/** Bundles the page program with one of the two entries. */
export function bundlePage(bundler: Bundler, entry: Entry): Promise<Bundle> {
  const name = `${bundler}-${entry}`
  if (bundler === 'vite') return byVite(name, `page-${entry}`)
  return byEsbuild(name, `page-${entry}`, { splitting: bundler === 'splitting' })
}

/** Bundles the service worker: one classic script. */
export const bundleWorker = (): Promise<Bundle> =>
  byEsbuild('worker', 'worker-program', { splitting: false, format: 'iife' })
