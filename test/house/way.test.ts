/** The way from a challenge to the second send, as `docs/architecture.md` lists it. The built package is needed. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './sources.ts'

const architecture = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
const filesIn = (text: string): string[] => [...text.matchAll(/`(src\/[\w/-]+\.ts)`/g)].map(([, file = '']) => file)

const [, section = ''] = architecture.split('## One challenge on its way')
const [, list = '', values = ''] =
  /12 files that act:\n([\s\S]*?)\nThey pass these values around:([\s\S]*?)\. `test/.exec(section) ?? []

test('the way from a challenge to the second send is at most 12 files, and they are the ones that run', () => {
  const acting = filesIn(list)
  const passed = filesIn(values)
  expect(acting.length).toBeGreaterThan(5)
  expect(acting.length).toBeLessThanOrEqual(12)
  const output = execFileSync(process.execPath, [join(root, 'test/house/way-program.mjs')], { encoding: 'utf8' })
  const { status, files } = JSON.parse(output) as { status: number; files: string[] }
  expect(status).toBe(200)
  const engine = files.filter((file) => /^src\/(request|flow)\//.test(file))
  console.log(
    `From a challenge to the second send: ${acting.length} files act, ${files.length} files of all levels run`,
  )
  expect(engine).toEqual([...acting, ...passed].sort())
})
