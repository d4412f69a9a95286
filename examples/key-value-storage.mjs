/**
 * A storage of your own: a file with one JSON object. It has no `lock`, so one process alone may use it.
 *
 *     node examples/key-value-storage.mjs https://as.example.com https://photos.example.com/alice/1.jpg
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { createRequester, none } from 'uma-requester'
import { keyValueStorage } from 'uma-requester/storage/key-value'

/**
 * Keeps values in a JSON file. Only the owner can read it. Writes come one after the other.
 *
 * @param {string} path the file
 */
export function fileStorage(path) {
  let writing = Promise.resolve()
  /** @returns {Promise<Record<string, string>>} */
  const read = async () => {
    try {
      return JSON.parse(await readFile(path, 'utf8'))
    } catch {
      return {}
    }
  }
  /** @param {(values: Record<string, string>) => unknown} edit */
  const change = (edit) => {
    writing = writing.then(async () => {
      const values = await read()
      edit(values)
      await writeFile(`${path}.new`, JSON.stringify(values), { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
    return writing
  }
  return keyValueStorage({
    get: async (key) => (await read())[key],
    set: (key, value) => change((values) => Object.assign(values, { [key]: value })),
    delete: (key) => change((values) => delete values[key]),
    getMany: async (keys) => {
      const values = await read()
      return keys.map((key) => values[key])
    },
    keys: async (prefix) => Object.keys(await read()).filter((key) => key.startsWith(prefix)),
  })
}

/**
 * A requester whose tokens are found again by the next run.
 *
 * @param {{ issuer: string, host: string, path: string }} options
 */
export const createApp = ({ issuer, host, path }) =>
  createRequester({
    authorizationServers: [{ issuer, hosts: [host], client: { id: 'spa', auth: none() } }],
    requestingParty: 'the user of this machine',
    storage: fileStorage(path),
  })

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const [issuer = '', url = ''] = argv.slice(2)
  const requester = createApp({ issuer, host: new URL(url).origin, path: 'tokens.json' })
  const response = await requester.fetch(url)
  console.log(response.status)
}
