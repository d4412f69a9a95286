/** The text files that are or would be in the repository. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './sources.ts'

const TEXT = /\.(ts|mts|js|mjs|json|jsonc|md|html|css|yml|yaml|sh|txt|svg)$|(^|\/)[^./]+$/

export interface TextFile {
  path: string
  text: string
}

/** The path of every file, text or not, that git tracks or would add. */
export const paths: string[] = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path && existsSync(join(root, path)) && statSync(join(root, path)).isFile())

export const textFiles: TextFile[] = paths
  .filter((path) => TEXT.test(path) && !path.endsWith('package-lock.json'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
