/** Takes version 1 out of the history of the repository. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { VERSION_1 } from './moved-names.ts'

export const root: string = join(import.meta.dirname, '..', '..')
/** The tests of version 1, with all that they read, beside generated modules that stand for `src` and `dist`. */
export const testsDirectory: string = join(root, '.cache', 'v1')
/** The sources of version 1. They are read and never run. */
export const sourcesDirectory: string = join(root, '.cache', 'v1-sources')

const WITH_THE_TESTS = ['test', 'examples', 'demo', 'bench', 'docs', 'README.md', 'package.json', 'tsconfig.json']

function isInHistory(): boolean {
  return spawnSync('git', ['cat-file', '-e', `${VERSION_1}^{commit}`], { cwd: root }).status === 0
}

function unpack(paths: string[], directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const archive = execFileSync('git', ['archive', '--format=tar', VERSION_1, ...paths], {
    cwd: root,
    maxBuffer: 1 << 28,
  })
  execFileSync('tar', ['-x', '-C', directory], { input: archive })
}

/** @throws Error if the history of the repository does not have version 1 */
export function extractVersion1(): void {
  if (!isInHistory()) {
    throw new Error(
      `Commit ${VERSION_1} (version 1) is not in the history of this clone, so its tests cannot be run. ` +
        'The clone is probably shallow. Run "git fetch --unshallow" and try again.',
    )
  }
  unpack(WITH_THE_TESTS, testsDirectory)
  unpack(['src', 'package.json'], sourcesDirectory)
  symlinkSync(relative(testsDirectory, join(root, 'node_modules')), join(testsDirectory, 'node_modules'))
}
