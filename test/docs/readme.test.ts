/** Holds the README to the sources: its code compiles, and its tables leave nothing out. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import type { SizeRow } from '../../bench/size-table.ts'
import { sizeOf, sizeRows } from '../../bench/sizes.ts'
import * as hostApi from '../../src/host/index.ts'
import * as api from '../../src/index.ts'
import { blocksOf, complaints, root, textOf } from './kit.ts'

const readme = textOf('README.md')
const errorSources = readdirSync(join(root, 'src/errors'))
  .map((name) => textOf(`src/errors/${name}`))
  .join('\n')
const source = (path: string): string => textOf(`src/${path}`)

/** The names that the examples take as given, unless they declare them. */
const given = `
declare global {
  const requester: import('uma-requester').Requester
  function accessTokenOf(party: string | undefined): Promise<string>
  function idTokenOf(party: string | undefined): Promise<string>
  const host: import('uma-requester/host').Host
  function signedIn(request: Request): string | undefined
}
export {}
`

const blocks = blocksOf('README.md', 'ts')

const examples = readdirSync(join(root, 'examples'))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => join(root, 'examples', name))

test('an example that does not make a name says where it comes from', () => {
  const unknown = complaints(blocks, 'export {}').flatMap((complaint) => {
    const [, line, name] = /^README\.md:(\d+) Cannot find name '(\w+)'/.exec(complaint) ?? []
    return name ? [{ line: Number(line), name }] : []
  })
  expect(unknown.length).toBeGreaterThan(8)
  const unsaid = unknown.filter(({ line, name }) => {
    const example = blocks.findLast((block) => block.line <= line)
    return !example?.code.includes(`// ${name}: `)
  })
  expect(unsaid).toEqual([])
})

test('every example compiles', () => {
  expect(blocks.length).toBeGreaterThan(8)
  expect(complaints(blocks, given, examples)).toEqual([])
})

test('the size that is stated', async () => {
  const stated = Number(/at most (\d+) kB min\+gzip/.exec(readme)?.[1])
  const [core] = sizeRows as [SizeRow]
  const { first } = await sizeOf(core)
  expect(first).toBeLessThanOrEqual(stated * 1000)
  expect(first).toBeGreaterThan((stated - 2) * 1000)
})

test('the table of sizes', async () => {
  const [, section = ''] = readme.split('\n## Sizes\n')
  const stated = [...section.matchAll(/^\| (.+) \| (\d+\.\d) \| (\d+\.\d) \|$/gm)].map(
    ([, name, first, everything]) => ({
      name,
      first: Number(first) * 1000,
      everything: Number(everything) * 1000,
    }),
  )
  expect(stated.length).toBeGreaterThan(10)
  const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= 0.05 * other
  const wrong: unknown[] = []
  for (const row of stated) {
    const measured = sizeRows.find(({ name }) => name === row.name)
    const size = measured && (await sizeOf(measured))
    if (!size || !isNear(row.first, size.first) || !isNear(row.everything, size.everything)) wrong.push([row, size])
  }
  expect(wrong).toEqual([])
})

/** Where the options of an interface are declared: each level declares the options that it reads. */
const declared: Record<string, [name: string, path: string][]> = {
  RequesterOptions: [
    ['RequesterOptions', 'requester/options.ts'],
    ['TrustOptions', 'trust/options.ts'],
    ['PartyOptions', 'parties/create-parties.ts'],
    ['FlowOptions', 'flow/options.ts'],
    ['RequestOptions', 'request/options.ts'],
  ],
  AuthorizationServer: [['AuthorizationServer', 'trust/options.ts']],
  UmaRequestOptions: [['UmaRequestOptions', 'request/options.ts']],
}

/** The members of an exported interface. */
function members(name: string, path: string): string[] {
  const file = ts.createSourceFile('options.ts', source(path), ts.ScriptTarget.Latest)
  const found = file.statements.filter(ts.isInterfaceDeclaration).find((statement) => statement.name.text === name)
  return (found?.members ?? []).map((member) => (member.name as ts.Identifier).text)
}

describe('the tables are complete', () => {
  test.each(['RequesterOptions', 'AuthorizationServer', 'UmaRequestOptions'])('options of %s', (name) => {
    const options = (declared[name] ?? []).flatMap((where) => members(...where))
    expect(options.length).toBeGreaterThan(5)
    expect(options.filter((option) => !readme.includes(`\n| \`${option}\` |`))).toEqual([])
  })

  test('options of createHost and protect', () => {
    const options = members('HostOptions', 'host/types.ts')
    expect(options.length).toBeGreaterThan(10)
    const [, section = ''] = readme.split('Options of `createHost`:')
    expect(options.filter((option) => !section.includes(`\n| \`${option}\` |`))).toEqual([])
    const resource = members('ResourceOptions', 'host/types.ts')
    expect(resource.length).toBeGreaterThan(5)
    expect(resource.filter((option) => !section.includes(`\`${option}\``))).toEqual([])
  })

  test('errors and their codes', () => {
    const classes = Object.keys({ ...api, ...hostApi }).filter(
      (name) => name.endsWith('Error') && name !== 'UmaError' && /^[A-Z]/.test(name),
    )
    expect(classes.filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([])
    const codes = [...errorSources.matchAll(/readonly code = '(\w+)'/g)].map(([, code]) => code)
    expect(codes.length).toBeGreaterThan(8)
    expect(codes.filter((code) => !readme.includes(`| \`${code}\` |`))).toEqual([])
  })

  test('events', () => {
    const types = [...source('events.ts').matchAll(/type: '([a-z-]+)'/g)].map(([, type]) => type)
    expect(types.length).toBeGreaterThan(10)
    expect(types.filter((type) => !readme.includes(`\`${type}\``))).toEqual([])
  })

  test('links to its own headings', () => {
    const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    )
    const links = [...readme.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor)
    expect(links.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([])
  })
})
