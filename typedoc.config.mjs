import { readFileSync } from 'node:fs'

/** One page for each subpath that the package exports. Whatever it warns of fails `npm run check`. */
const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints: Object.values(exports)
    .filter((target) => target.endsWith('.js'))
    .map((target) => target.replace('./dist/', 'src/').replace(/\.js$/, '.ts')),
  tsconfig: 'tsconfig.build.json',
  out: 'docs/api',
  name: 'uma-requester',
  readme: 'none',
  treatWarningsAsErrors: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  logLevel: 'Warn',
}
