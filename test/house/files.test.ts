/** The house rules for files. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, sources } from './sources.ts'

const TEXT = /\.(ts|mts|js|mjs|json|jsonc|md|html|css|yml|yaml|sh|txt|svg)$|(^|\/)[^./]+$/

/** What is or would be in the repository, as text. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => TEXT.test(path) && !path.endsWith('package-lock.json') && existsSync(join(root, path)))
  .filter((path) => statSync(join(root, path)).isFile())
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Where a pattern occurs, as `path:line`. */
const find = (pattern: RegExp, where: (path: string) => boolean) =>
  files
    .filter(({ path }) => where(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
    )

test('one file, one idea: up to 250 lines, never more than 300', () => {
  const lengths = sources().map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
  for (const { path, lines } of lengths.filter(({ lines }) => lines > 250))
    console.warn(`${path} has ${lines} lines: time to split it?`)
  expect(lengths.filter(({ lines }) => lines > 300)).toEqual([])
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
