/**
 * What each part of the library adds to an app's bundle: minified, gzip -9, dependencies included, peers (axios, ky) not.
 * Fails where a part is over its budget in sizes.json.
 */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = new URL('..', import.meta.url)
const core = `export { createRequester, none } from './dist/index.js'\n`
const parts: Record<string, string> = {
  'the core': '',
  'uma-requester/axios, added': `export { attachRequester } from './dist/axios.js'\n`,
  'uma-requester/ky, added': `export { extendKy } from './dist/ky.js'\n`,
  'redirect/page, added': `export { pageRedirect } from './dist/redirect/page.js'\n`,
  'redirect/popup, added': `export { popupRedirect, completePopup } from './dist/redirect/popup.js'\n`,
  'redirect/loopback, added': `export { loopbackRedirect } from './dist/redirect/loopback.js'\n`,
  'sign-in, added': `export { codeFlow } from './dist/sign-in.js'\n`,
  'storage/indexed-db, added': `export { indexedDBStorage } from './dist/storage/indexed-db.js'\n`,
  'storage/web-storage, added': `export { webStorage } from './dist/storage/web-storage.js'\n`,
  'storage/redis, added': `export { redisStorage } from './dist/storage/redis.js'\n`,
  'scheme, added': `export { defineScheme, readObject, uma2 } from './dist/scheme.js'\n`,
  'schemes/uma1, added': `export { uma1 } from './dist/schemes/uma1.js'\n`,
  'schemes/puma, added': `export { puma } from './dist/schemes/puma.js'\n`,
  'storage/sqlite, added': `export { sqliteStorage } from './dist/storage/sqlite.js'\n`,
  'host, added': `export { createHost } from './dist/host/index.js'\n`,
  'host/node, added': `export { guardNode } from './dist/host/node.js'\n`,
  'host/hono, added': `export { honoGuard } from './dist/host/hono.js'\n`,
  'host/jwt, added': `export { jwtValidation } from './dist/host/jwt.js'\n`,
}

async function size(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root.pathname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    external: ['axios', 'hono', 'ky', 'open', 'redis', 'node:*'],
    write: false,
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
}

const budgets: Record<string, number> = JSON.parse(readFileSync(new URL('scripts/sizes.json', root), 'utf8'))
const base = await size(core)
for (const [name, added] of Object.entries(parts)) {
  const bytes = added ? (await size(core + added)) - base : base
  const budget = budgets[name] ?? 0
  const over = bytes > budget
  if (over) process.exitCode = 1
  console.log(
    `${name.padEnd(32)} ${String(bytes).padStart(6)} B of ${String(budget).padStart(6)}${over ? '  OVER' : ''}`,
  )
}
