/** The house rules for files. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root, sources } from './sources.ts'
import { textFiles } from './text-files.ts'

/** Where a pattern occurs, as `path:line`. */
const find = (pattern: RegExp, where: (path: string) => boolean) =>
  textFiles
    .filter(({ path }) => where(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
    )

test('one file, one idea: at most 250 lines', () => {
  const lengths = sources().map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
  expect(lengths.filter(({ lines }) => lines > 250)).toEqual([])
})

describe('a folder that a reader can survey', () => {
  /** Folders that may have more files than the limit, each with the reason. */
  const exempt: Record<string, string> = {
    'src/host': 'The host is divided into folders after the engine is rebuilt.',
  }
  const limit = 16

  function crowded(): string[] {
    const counts = new Map<string, number>()
    for (const { path } of sources()) {
      const folder = dirname(path)
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    return [...counts].filter(([, count]) => count > limit).map(([folder]) => folder)
  }

  test('at most 16 files in a folder of src', () => {
    expect(crowded().filter((folder) => !(folder in exempt))).toEqual([])
  })

  test('each exemption is needed', () => {
    const folders = crowded()
    expect(Object.keys(exempt).filter((folder) => !folders.includes(folder))).toEqual([])
  })
})

test('no path of the machine that this was written on', () => {
  const names = ['work', 'root', 'shared']
  const [work, home, shared] = names
  const pattern = new RegExp(`(?<![\\w.\\-}])/(${work}|${home})/|\\.\\./${shared}\\b`)
  expect(find(pattern, () => true)).toEqual([])
})

test('nothing left undone or switched off in src and test', () => {
  const pattern = new RegExp(['\\.on' + 'ly\\(', '\\.sk' + 'ip\\(', 'TO' + 'DO', 'FIX' + 'ME'].join('|'))
  expect(find(pattern, (path) => /^(src|test)\//.test(path))).toEqual([])
})

test('every subpath is exported as a plain string and built from a source', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const entries = Object.entries<string>(exports).filter(([name]) => name !== './package.json')
  const without = entries.filter(
    ([, target]) =>
      !/^\.\/dist\/.*\.js$/.test(target) ||
      !existsSync(join(root, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))),
  )
  expect(without).toEqual([])
})

test('the linter’s exemptions name files that are there', () => {
  const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as {
    overrides: { includes: string[] }[]
  }
  const paths = overrides.flatMap(({ includes }) => includes.map((path) => path.replace(/\/\*\*$/, '')))
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
