/** H3: hosts that share a storage lose no change of each other; a storage that cannot guarantee this is a TypeError. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Keyv from 'keyv'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHost, type Host } from '../../src/host/index.ts'
import { type KeyValueStore, keyValueStorage } from '../../src/storage/key-value.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import type { RequesterStorage } from '../../src/storage/storage.ts'
import { later } from '../helpers/later.ts'
import { get, hosted } from '../host/hosted.ts'

/** The documented window in which a change of another process may not count yet, in milliseconds. */
const staleness = 2_000

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Shared records that answer a little later, as those of a server do. Each call makes the storage of one process. */
function slowRecords() {
  const map = new Map<string, string>()
  const last = new Map<string, Promise<unknown>>()
  return {
    get: async (key: string) => turn().then(() => map.get(key)),
    set: async (key: string, value: string) => turn().then(() => void map.set(key, value)),
    delete: async (key: string) => turn().then(() => void map.delete(key)),
    keys: async (prefix: string) => turn().then(() => [...map.keys()].filter((key) => key.startsWith(prefix))),
    lock: (key: string, task: () => Promise<unknown>) => {
      const run = (last.get(key) ?? Promise.resolve()).then(task)
      last.set(
        key,
        run.catch(() => {}),
      )
      return run
    },
  }
}

const hostOn = (storage: RequesterStorage, more: object = {}) =>
  createHost({ issuer: 'https://as.example.com', client: { id: 'photos' }, storage, ...more })

describe('H3: a storage of keyValueStorage', () => {
  const { keys, lock, ...least } = slowRecords()
  test.each<[string, KeyValueStore]>([
    ['a Keyv', new Keyv()],
    ['an object with get, set and delete', least],
    ['an object without keys', { ...least, lock } as KeyValueStore],
    ['an object without lock', { ...least, keys }],
  ])('%s is a TypeError without exclusive', (_name, store) => {
    expect(() => hostOn(keyValueStorage(store))).toThrow(/createHost: storage: .*keys.*lock.*exclusive: true/)
    expect(() => hostOn(keyValueStorage(store))).toThrow(TypeError)
    expect(() => hostOn(keyValueStorage(store), { exclusive: true })).not.toThrow()
  })

  test('a Map, and an object with keys and lock, need no exclusive', () => {
    expect(() => hostOn(keyValueStorage(new Map()))).not.toThrow()
    expect(() => hostOn(keyValueStorage(slowRecords() as KeyValueStore))).not.toThrow()
  })
})

function sqliteFile() {
  const folder = mkdtempSync(join(tmpdir(), 'uma-h3-'))
  const path = join(folder, 'host.sqlite')
  const open: { close(): Promise<void> }[] = []
  onTestFinished(async () => {
    await Promise.all(open.map((storage) => storage.close()))
    rmSync(folder, { recursive: true })
  })
  return () => {
    const storage = sqliteStorage({ path })
    open.push(storage)
    return storage
  }
}

const storages: [string, () => () => RequesterStorage][] = [
  [
    'a Map',
    () => {
      const map = new Map<string, string>()
      return () => keyValueStorage(map)
    },
  ],
  [
    'an object with keys and lock',
    () => {
      const records = slowRecords() as KeyValueStore
      return () => keyValueStorage(records)
    },
  ],
  ['SQLite', sqliteFile],
]

describe.each(storages)('H3: two hosts on %s that protect at the same time', (_name, shared) => {
  test('each knows all 40 at once or after the window, and so does a host that starts later', async () => {
    const process = shared()
    const kit = await hosted({ host: { onUnmapped: 'pass', storage: process() } })
    const other = kit.another({ storage: process() })
    const paths = Array.from({ length: 40 }, (_, i) => `/alice/${i}.jpg`)
    const status = async (host: Host, path: string) =>
      (await host.guard(() => new Response('the content'))(get(path))).status

    await Promise.all(
      paths.map(async (path, i) => {
        const own = i % 2 ? kit.host : other
        await own.protect({ url: path, owner: 'alice' })
        expect(await status(own, path)).toBe(401)
      }),
    )
    later(staleness)
    for (const host of [kit.host, other, kit.another({ storage: process() })]) {
      expect((await host.resources()).map(({ pattern }) => pattern).sort()).toEqual([...paths].sort())
      for (const path of paths) expect([path, await status(host, path)]).toEqual([path, 401])
    }

    await kit.host.unprotect('/alice/0.jpg')
    expect(await status(kit.host, '/alice/0.jpg')).toBe(200)
    later(staleness)
    expect(await status(other, '/alice/0.jpg')).toBe(200)
  })
})
