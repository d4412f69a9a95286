/** What the package adds to an application: minified, gzip -9, with dependencies, without axios and ky. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const CORE = `export { createRequester, none } from './src/index.ts'\n`

async function size(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external: ['axios', 'ky', 'node:*'],
    write: false,
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

export interface Sizes {
  /** bytes */
  core: number
  axiosAdds: number
  kyAdds: number
}

export async function benchSizes(): Promise<Sizes> {
  const core = await size(CORE)
  return {
    core,
    axiosAdds: (await size(`${CORE}export { attachRequester } from './src/axios.ts'\n`)) - core,
    kyAdds: (await size(`${CORE}export { extendKy } from './src/ky.ts'\n`)) - core,
  }
}
