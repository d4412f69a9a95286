/** SQLite on the oldest Node that is supported: its own node:sqlite is another one. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))

test('sqliteStorage keeps the contract on Node 22.13', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'uma-floor-'))
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { sqliteStorage } from '../../src/storage/sqlite.ts'
          import { contract } from './contract.ts'
          const wrong = []
          for (const [index, { name, run }] of contract.entries()) {
            const opened = []
            const open = () => (opened.push(sqliteStorage({ path: index + '.db' })), opened.at(-1))
            await run(open).catch((error) => wrong.push(name + ': ' + error.message))
            for (const storage of opened) await storage.close()
          }
          console.log(JSON.stringify({ version: process.versions.node, checks: contract.length, wrong }))`,
        resolveDir: here,
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      write: false,
    })
    const script = join(directory, 'contract.mjs')
    writeFileSync(script, outputFiles[0]?.contents ?? '')
    const node = join(here, '../../node_modules/node-22/bin/node')
    const { stdout } = await promisify(execFile)(node, [script], { cwd: directory })
    expect(JSON.parse(stdout)).toEqual({ version: '22.13.0', checks: expect.any(Number), wrong: [] })
    expect(JSON.parse(stdout).checks).toBeGreaterThan(10)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
