/** The engine knows schemes and bindings by their interfaces only: its code names no protocol. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folders = ['request', 'flow', 'parties', 'wallet', 'trust', 'persistence']
const source = join(import.meta.dirname, '../../src')

/** The text without comments. A `//` inside a string, as in a URL, is not a comment. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;,{}])\/\/.*$/gm, '$1')

const namesScheme = (text: string): boolean => /uma2|uma1|puma/i.test(withoutComments(text))

test.each(folders)('no file of src/%s names a scheme', (folder) => {
  const files = readdirSync(join(source, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(files.length).toBeGreaterThan(0)
  expect(files.filter((file) => namesScheme(readFileSync(join(source, folder, file), 'utf8')))).toEqual([])
})

test('a name in code is found, and a name in a comment is not', () => {
  expect(namesScheme("import { uma2 } from '../schemes/uma2.ts'")).toBe(true)
  expect(namesScheme("const url = 'https://as.example.com/puma'")).toBe(true)
  expect(namesScheme('// uma1 has no issuer\n/** puma\n * uma2 */\nconst a = 1')).toBe(false)
})
