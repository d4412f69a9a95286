import { readFileSync } from 'node:fs'
import type { KnipConfig } from 'knip'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string> }

/** The sources of the public entries: whatever they export is used by somebody. */
const publicEntries = Object.values(exports)
  .filter((target) => target.startsWith('./dist/'))
  .map((target) => target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))

/** Unused files and exports in `src`. An export that only a test uses counts as used. */
const config: KnipConfig = {
  entry: [
    ...publicEntries,
    'test/**/*.ts',
    'bench/**/*.ts',
    'demo/**/*.{ts,mjs}',
    'examples/**/*.{mjs,ts}',
    'scripts/**/*.ts',
  ],
  project: ['src/**/*.ts'],
  include: ['files', 'exports', 'types'],
  // The types in the signature of an exported function are exported, so that a caller can name them.
  ignoreExportsUsedInFile: { interface: true, type: true },
}

export default config
