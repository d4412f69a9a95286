/** What a file of version 1 uses at run time: other files of the tests, and modules of `src`. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { sourcesDirectory, testsDirectory } from './extract.ts'

/** One use of a module of `src`. `names` is `undefined` if the whole module is used (`import *`, or a path in a text). */
export interface SourceUse {
  module: string
  names: string[] | undefined
}

export interface FileUses {
  files: string[]
  sources: SourceUse[]
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

/** The names that an import takes at run time, `undefined` for the whole module. */
function importedNames(clause: ts.ImportClause | undefined): string[] | undefined {
  const bindings = clause?.namedBindings
  if (!bindings || !ts.isNamedImports(bindings)) return undefined
  return bindings.elements.filter((one) => !one.isTypeOnly).map((one) => (one.propertyName ?? one.name).text)
}

/** The names that `const { a, b } = await import(…)` takes. */
function awaitedNames(call: ts.CallExpression): string[] | undefined {
  const declaration = call.parent?.parent
  if (!declaration || !ts.isVariableDeclaration(declaration) || !ts.isObjectBindingPattern(declaration.name)) {
    return undefined
  }
  return declaration.name.elements.map((one) => (one.propertyName ?? one.name).getText())
}

const isTypeOnly = (node: ts.ImportDeclaration): boolean =>
  node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword

/** Paths in a text: the whole text, or the quoted paths of a script that the text is. */
function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/['"]([\w./-]+\.(?:ts|mjs))['"]/g)].map(([, path = '']) => path)
  return /^[\w./-]+\.(?:ts|mjs)$/.test(text) ? [text, ...quoted] : quoted
}

class UseCollector {
  readonly uses: FileUses = { files: [], sources: [] }
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** A module that is imported, relative to the file. */
  module(specifier: ts.Node | undefined, names: string[] | undefined): void {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return
    const path = posix.join(posix.dirname(this.#path), specifier.text)
    if (path.startsWith('src/')) this.uses.sources.push({ module: path, names })
    else if (isFile(join(testsDirectory, path))) this.uses.files.push(path)
  }

  /** A text that names files: scripts to spawn, entries to bundle. They are relative to the file, to `test` or to the root. */
  text(text: string): void {
    for (const named of pathsIn(text)) {
      const candidates = [dirname(this.#path), 'test', '.'].map((directory) => posix.join(directory, named))
      const file = candidates.find((path) => isFile(join(testsDirectory, path)))
      if (file) this.uses.files.push(file)
      const source = candidates.find((path) => path.startsWith('src/') && isFile(join(sourcesDirectory, path)))
      if (source) this.uses.sources.push({ module: source, names: undefined })
    }
  }

  visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node)) {
      if (!isTypeOnly(node)) this.module(node.moduleSpecifier, importedNames(node.importClause))
      return
    }
    if (ts.isExportDeclaration(node)) {
      if (!node.isTypeOnly) this.module(node.moduleSpecifier, undefined)
      return
    }
    if (ts.isImportTypeNode(node)) return
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      this.module(node.arguments[0], awaitedNames(node))
      return
    }
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) this.text(node.text)
    ts.forEachChild(node, (child) => this.visit(child))
  }
}

const known = new Map<string, FileUses>()

/** `path`: from the root of version 1. */
export function usesOf(path: string): FileUses {
  const before = known.get(path)
  if (before) return before
  const text = readFileSync(join(testsDirectory, path), 'utf8')
  const collector = new UseCollector(path)
  if (/\.(ts|mjs)$/.test(path)) {
    collector.visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  }
  known.set(path, collector.uses)
  return collector.uses
}
