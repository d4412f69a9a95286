/** The tarball that would be published, installed into an empty project, with the newest and with the oldest peers. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodes, root, run } from './kit.ts'

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
const locked = (name: string): string => lock[`node_modules/${name}`].version

const peers = {
  'newest peers': [`axios@${locked('axios')}`, `ky@${locked('ky')}`],
  'oldest peers': [`axios@${locked('axios-floor')}`, `ky@${locked('ky-floor')}`],
}

const workspace = mkdtempSync(join(tmpdir(), 'uma-packed-'))
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

/** `npm run check` has packed it already, and has had it looked at. */
async function tarball(): Promise<string> {
  const packed = join(root, '.cache/packed')
  const ready = existsSync(packed) ? readdirSync(packed).find((name) => name.endsWith('.tgz')) : undefined
  if (ready) return join(packed, ready)
  const name = await run('npm', ['pack', '--silent', '--pack-destination', workspace], root)
  return join(workspace, name.trim())
}

describe.each(Object.entries(peers))('installed with the %s', (name, versions) => {
  const project = join(workspace, name.replace(' ', '-'))

  beforeAll(async () => {
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }))
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', await tarball(), ...versions], project)
    copyFileSync(join(root, 'test/dist/flow.mjs'), join(project, 'flow.mjs'))
    // Not named .ts here: it is about the built package, which need not be there when the repository is compiled.
    copyFileSync(join(root, 'test/dist/consumer.ts.txt'), join(project, 'consumer.ts'))
  })

  test.each(Object.entries(nodes))('a whole flow through every way in: %s', async (_node, executable) => {
    const output = await run(executable, ['flow.mjs'], project)
    expect(output.trim().split('\n')).toEqual([
      'fetch: ok',
      'axios, http: ok',
      'axios, fetch: ok',
      'ky: ok',
      'refusal: ok',
    ])
  })

  test('its types hold in a strict project', async () => {
    const options =
      '--noEmit --strict --exactOptionalPropertyTypes --target es2023 --module nodenext --lib es2023,dom,dom.iterable'
    // What oldest peers' declarations say is theirs; ours are looked at with the newest.
    const lib = name === 'oldest peers' ? ['--skipLibCheck'] : []
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    await run(nodes['Node 24'], [tsc, ...options.split(' '), ...lib, 'consumer.ts'], project)
  })

  test('nothing but what a user needs is in it', () => {
    const installed = join(project, 'node_modules/uma-requester')
    const files = readdirSync(installed).sort()
    expect(
      files.filter((file) => !['README.md', 'LICENSE', 'CHANGELOG.md', 'dist', 'package.json'].includes(file)),
    ).toEqual([])
    expect(files).toContain('LICENSE')
    const built = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.includes('.'),
    )
    expect(built.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual([])
  })
})
