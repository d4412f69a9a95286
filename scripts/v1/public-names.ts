/** The public names of version 1: the entries of its package, and which value each exported name is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { sourcesDirectory } from './extract.ts'

/** A name, and the public module of version 1 that exports the name. */
export interface PublicName {
  module: string
  name: string
}

export interface PublicNames {
  /** The public modules, as paths from the root: `src/index.ts`. */
  modules: Set<string>
  /** Where the public can find a value that an internal module exports. */
  find(module: string, name: string): PublicName | undefined
}

function publicModules(): string[] {
  const { exports } = JSON.parse(readFileSync(join(sourcesDirectory, 'package.json'), 'utf8')) as {
    exports: Record<string, string>
  }
  return Object.values(exports)
    .filter((target) => target.startsWith('./dist/'))
    .map((target) => target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
}

function compile(modules: string[]): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    noLib: true,
    types: [],
  }
  return ts.createProgram(
    modules.map((module) => join(sourcesDirectory, module)),
    options,
  )
}

/** Reads the sources of version 1 with the compiler. */
export function readPublicNames(): PublicNames {
  const modules = publicModules()
  const program = compile(modules)
  const checker = program.getTypeChecker()

  const original = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const exportsOf = (module: string): ts.Symbol[] => {
    const file = program.getSourceFile(join(sourcesDirectory, module))
    const symbol = file && checker.getSymbolAtLocation(file)
    return symbol ? checker.getExportsOfModule(symbol) : []
  }

  const places = new Map<ts.Symbol, PublicName>()
  for (const module of modules) {
    for (const symbol of exportsOf(module)) places.set(original(symbol), { module, name: symbol.name })
  }
  return {
    modules: new Set(modules),
    find(module, name) {
      const symbol = exportsOf(module).find((exported) => exported.name === name)
      return symbol && places.get(original(symbol))
    },
  }
}
