/** The code in the README and in the guides: finds it, compiles it and runs it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { onTestFinished } from 'vitest'
import type { World } from '../helpers/world.ts'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** The text of a file of the repository. */
export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

export interface Block {
  /** The document. */
  path: string
  /** The line in the document on which the code begins. */
  line: number
  code: string
}

/** The blocks of one language in a document. */
export function blocksOf(path: string, language: string): Block[] {
  const text = textOf(path)
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(({ 1: code = '', index }) => ({
    path,
    line: text.slice(0, index).split('\n').length + 1,
    code,
  }))
}

/**
 * The complaints of the compiler about blocks, each as a module of a project that has this package and the globals.
 *
 * @param globals the declarations of the names that blocks take as given
 * @param others paths of JavaScript files to check, too
 */
export function complaints(blocks: Block[], globals: string, others: string[] = []): string[] {
  const nameOf = ({ path, line }: Block): string => join(root, `${path.replaceAll('/', '-')}-${line}.ts`)
  const byName = new Map(blocks.map((block) => [nameOf(block), block]))
  const files = new Map(blocks.map((block) => [nameOf(block), `${block.code}\nexport {}\n`]))
  files.set(join(root, 'given.ts'), globals)
  const program = createProgram(files, others)
  return [...files.keys(), ...others].flatMap((name) => {
    const file = program.getSourceFile(name)
    const { path = name, line = 1 } = byName.get(name) ?? {}
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start = 0 }) => {
        const place = `${path}:${line + (file?.getLineAndCharacterOfPosition(start).line ?? 0)}`
        return `${place} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
      },
    )
  })
}

/** A program of files in memory and of files on the disk. */
function createProgram(files: ReadonlyMap<string, string>, others: string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  Object.assign(options, {
    paths: { 'uma-requester': ['./src/index.ts'], 'uma-requester/*': ['./src/*.ts', './src/*/index.ts'] },
    allowJs: true,
    checkJs: true,
  })
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => files.get(path) ?? readFile(path)
  host.getSourceFile = (path, target, ...more) => {
    const text = files.get(path)
    return text === undefined ? getSourceFile(path, target, ...more) : ts.createSourceFile(path, text, target)
  }
  return ts.createProgram([...files.keys(), ...others], options, host)
}

let count = 0

/** Runs code of a document as a module, with the sources of the package and with the servers of a world. */
export async function runCode(code: string, world: World): Promise<unknown> {
  const folder = join(root, '.cache', `docs-${process.pid}-${count++}`)
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'example.ts')
  const { exports } = JSON.parse(textOf('package.json')) as { exports: Record<string, string> }
  const source = code
    .replaceAll('https://as.example.com', world.as.issuer)
    .replaceAll('https://photos.example.com', world.host.origin)
    .replaceAll(/'uma-requester(\/[\w/-]+)?'/g, (_name, path = '') => {
      const target = exports[`.${path}`] ?? ''
      return `'${join(root, target.replace('/dist/', '/src/').replace(/\.js$/, '.ts'))}'`
    })
  writeFileSync(file, source)
  return import(pathToFileURL(file).href)
}

/** A text with the servers of the documents in the place of the servers of a world. */
export const asInDocument = (text: string, world: World): string =>
  text.replaceAll(world.as.issuer, 'https://as.example.com').replaceAll(world.host.origin, 'https://photos.example.com')
