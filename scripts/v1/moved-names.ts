/**
 * The table of `npm run test:v1`: where the names of version 1 are today. The tests of version 1 are not edited. They import
 * small modules that are generated from this table and that export today's names under the old ones.
 */

/** The commit that is version 1. */
export const VERSION_1 = '1dea2b5'

export interface Moved {
  /**
   * The module that has the names today: a path from the root of the repository. A module in `scripts/v1/` may stand between,
   * for a method that has become a function. Such a module exports everything that the new module exports.
   */
  to: string
  /** Values that have another name today: the old name, then the new one. */
  values?: Record<string, string>
  /** Types that have another name today: the old name, then the new one. */
  types?: Record<string, string>
}

/**
 * Public modules of version 1 that are elsewhere today or have other names. The key is the path of the module in version 1. A
 * public module that is not listed is expected at its old path, with its old names.
 */
export const moved: Record<string, Moved> = {
  'src/index.ts': { to: 'scripts/v1/version-1.ts' },
  'src/redirect/popup.ts': { to: 'scripts/v1/version-1-popup.ts' },
  'src/host/index.ts': { to: 'scripts/v1/version-1-host.ts' },
}

/** Test files of version 1 that are left out although they import only public entries, with the reason. A `/` ends a folder. */
export const leftOut: Record<string, string> = {
  'test/house/': 'rules for the source text of version 1; today’s rules run with npm run check',
  'test/dist/': 'the package that version 1 packed; today’s package is tested with npm run check',
  'test/docs/readme.test.ts': 'reads the source text of version 1; today’s README is tested with npm test',
}
