/** Version 1, built from its commit, so that it can be measured in the same run. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const commit = '1dea2b5'
const folder = `${root}.cache/version-1`
const sources = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']

/** Builds version 1 unless that was done. Returns the folder of its built modules. */
export function buildVersion1(): string {
  if (existsSync(`${folder}/dist/index.js`)) return `${folder}/dist`
  mkdirSync(folder, { recursive: true })
  const archive = execFileSync('git', ['archive', commit, ...sources], { cwd: root, maxBuffer: 2 ** 26 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  if (!existsSync(`${folder}/node_modules`)) symlinkSync(`${root}node_modules`, `${folder}/node_modules`)
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'inherit' })
  return `${folder}/dist`
}
