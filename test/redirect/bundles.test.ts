/** Which code an application carries: flows that wait in the storage are paid for by the handlers that need them. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'

const src = fileURLToPath(new URL('../../src/', import.meta.url))

/** The source files of a bundle: those that are loaded with the page, and those that are loaded later. */
async function bundle(contents: string): Promise<{ first: string[]; later: string[] }> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: src },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external: ['node:*'],
    outdir: 'unused',
    metafile: true,
    write: false,
  })
  const outputs = Object.entries(metafile.outputs)
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === '<stdin>')?.[0] ?? ''
  const inFirst = new Set([entry])
  // The import statements of a chunk are loaded with the chunk.
  for (const name of inFirst) {
    for (const { kind, path } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement') inFirst.add(path)
  }
  const inputs = (isFirst: boolean) =>
    outputs
      .filter(([name]) => inFirst.has(name) === isFirst)
      .flatMap(([, { inputs }]) => Object.keys(inputs).map((path) => path.replace(/^.*src\//, '')))
  return { first: inputs(true), later: inputs(false) }
}

const core = `export { createRequester } from './index.ts'\n`
const keeping = 'flow/people/keep-flow.ts'
const callback = 'flow/people/handle-callback.ts'

describe('flows that wait in the storage', () => {
  test.each([
    ['a plain function', core],
    ['popupRedirect', `${core}export { popupRedirect } from './redirect/popup.ts'`],
  ])('%s carries none of their code', async (_what, contents) => {
    const { first, later } = await bundle(contents)
    expect(first).toContain('flow/people/send-person.ts')
    for (const file of [keeping, callback]) expect([...first, ...later]).not.toContain(file)
  })

  test.each([
    ['pageRedirect', `${core}export { pageRedirect } from './redirect/page.ts'`],
    ['serverRedirect', `${core}export { serverRedirect } from './redirect/server.ts'`],
  ])('%s loads it when the first person is sent away', async (_what, contents) => {
    const { first, later } = await bundle(contents)
    expect(first).not.toContain(keeping)
    expect(later).toContain(keeping)
    expect([...first, ...later]).not.toContain(callback)
  })

  test('the callback page carries it', async () => {
    const { first } = await bundle(`${core}export { handleCallback } from './callback.ts'`)
    expect(first).toContain(callback)
    expect(first).not.toContain('redirect/popup.ts')
  })
})
