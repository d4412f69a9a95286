/**
 * `node import-all.mjs <dist>`: imports every built file while the globals of a page are traps, and prints, as JSON, which of our files
 * touched one at import. Dependencies may look for themselves what they run on.
 */
import { readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const dist = resolve(process.argv[2])
const touched = []

Error.stackTraceLimit = Infinity

/** The file that asked: the innermost frame that is not in this one. */
function asker() {
  const urls = (new Error().stack ?? '').match(/(file:\/\/[^\s)]+?|node:[^\s)]+?)(?=:\d+:\d+)/g) ?? []
  const url = urls.find((candidate) => candidate !== import.meta.url) ?? ''
  return url.startsWith('file:') ? fileURLToPath(url) : url
}

for (const name of [
  'window',
  'indexedDB',
  'localStorage',
  'sessionStorage',
  'navigator',
  'document',
  'location',
  'BroadcastChannel',
]) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      const file = asker()
      if (!file.startsWith(dist + sep)) return undefined
      touched.push(`${file.slice(dist.length + 1)} touches ${name}`)
      throw new Error(`${name} was touched at import`)
    },
  })
}

const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  // What is under cli/ is a program: importing it runs it.
  .filter((name) => name.endsWith('.js') && !name.startsWith(`cli${sep}`))
const failed = []
for (const name of files) {
  await import(pathToFileURL(join(dist, name)).href).catch((error) => failed.push(`${name}: ${error.message}`))
}
console.log(JSON.stringify({ files: files.length, touched, failed }))
