/** The type tests of version 1 (`test/types/`). They are compiled and never run; one result for each file. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { testsDirectory } from './extract.ts'
import type { FileResult } from './judge.ts'

export const TITLE = 'compiles'

export function runTypeTests(): FileResult[] {
  const { config } = ts.readConfigFile(join(testsDirectory, 'tsconfig.json'), ts.sys.readFile)
  const files = readdirSync(join(testsDirectory, 'test/types')).map((name) => `test/types/${name}`)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, testsDirectory)
  const program = ts.createProgram(
    files.map((file) => join(testsDirectory, file)),
    options,
  )
  return files.map((name) => {
    const source = program.getSourceFile(join(testsDirectory, name))
    const messages = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) => {
        const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
        return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      },
    )
    const status = messages.length > 0 ? 'failed' : 'passed'
    const test = { ancestorTitles: [], title: TITLE, status, failureMessages: messages }
    return { name, status, message: messages.join('\n'), assertionResults: [test] }
  })
}
