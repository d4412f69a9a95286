/** Storage functions check their arguments when they are called, and nothing but their values is a storage. */
import { execFileSync } from 'node:child_process'
import Keyv from 'keyv'
import { describe, expect, test, vi } from 'vitest'
import { createHost } from '../../../src/host/index.ts'
import { createRequester } from '../../../src/index.ts'
import { indexedDBStorage } from '../../../src/storage/indexed-db.ts'
import { type KeyValueStore, keyValueStorage } from '../../../src/storage/key-value.ts'
import { redisStorage } from '../../../src/storage/redis.ts'
import { loadPersistence } from '../../../src/storage/requester-storage.ts'
import { sqliteStorage } from '../../../src/storage/sqlite.ts'
import { checkStorage, type UmaStorage } from '../../../src/storage/storage.ts'
import { webStorage } from '../../../src/storage/web-storage.ts'
import { MapStorage } from '../../storage/map-storage.ts'

const issuer = 'https://as.example.com'
const functions = (): UmaStorage => ({ get: () => undefined, set: () => {}, delete: () => {} })
const requesterOn = (storage: unknown, requestingParty?: string) =>
  createRequester({
    authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }],
    storage: storage as never,
    ...(requestingParty && { requestingParty }),
  })
const hostOn = (storage: unknown) =>
  createHost({ issuer, client: { id: 'photos' }, storage: storage as never, exclusive: true })

describe('a value that no storage function made', () => {
  const storage = keyValueStorage(functions())
  test.each<[string, unknown]>([
    ['a Map', new Map()],
    ['a Keyv', new Keyv()],
    ['an object', functions()],
    ['a copy of a storage', { ...storage }],
    ['a text', 'redis://'],
    ['null', null],
    ['false', false],
    ['localStorage', new MapStorage()],
  ])('%s: both ends refuse it and name keyValueStorage', (_name, value) => {
    expect(() => requesterOn(value, 'alice')).toThrow(/^createRequester: storage: .*keyValueStorage/)
    expect(() => hostOn(value)).toThrow(/^createHost: storage: .*keyValueStorage/)
    expect(() => checkStorage(value, 'x')).toThrow(TypeError)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['keyValueStorage', storage],
    ['webStorage', webStorage(new MapStorage())],
    ['indexedDBStorage', indexedDBStorage()],
    ['sqliteStorage', sqliteStorage({ path: 'never-opened.sqlite' })],
    ['redisStorage', redisStorage({ get: vi.fn(), set: vi.fn(), del: vi.fn(), eval: vi.fn() })],
  ])('%s: both ends take it', (_name, value) => {
    expect(() => requesterOn(value, 'alice')).not.toThrow()
    expect(() => hostOn(value)).not.toThrow()
  })
})

test('the loader is hidden, and brings the code of persistence', async () => {
  const storage = keyValueStorage(new Map())
  expect(Object.keys(storage).sort()).toEqual(['add', 'delete', 'get', 'getMany', 'keys', 'set'])
  expect(JSON.stringify(storage)).toBe('{}')
  expect((await loadPersistence(storage)).openPersistence).toBeTypeOf('function')
})

test('a Map needs no requestingParty; any other store does', () => {
  expect(() => requesterOn(keyValueStorage(new Map()))).not.toThrow()
  expect(() => requesterOn(keyValueStorage(functions()))).toThrow(/requestingParty/)
})

describe('arguments', () => {
  test.each<[() => unknown, RegExp]>([
    [() => keyValueStorage(undefined as never), /keyValueStorage: the store has no get and no set and no delete/],
    [() => keyValueStorage({ get: () => {} } as never), /has no set and no delete/],
    [() => keyValueStorage({ ...functions(), delete: 1 } as never), /has no delete/],
    [() => webStorage({} as never), /webStorage: give localStorage or sessionStorage/],
    [() => indexedDBStorage({ name: 7 as never }), /indexedDBStorage: name/],
    [() => indexedDBStorage({ name: '' }), /indexedDBStorage: name/],
    [() => sqliteStorage(undefined as never), /sqliteStorage: path/],
    [() => sqliteStorage({ path: '' }), /sqliteStorage: path/],
    [() => sqliteStorage({ path: 'x', leaseMs: 0 }), /sqliteStorage: leaseMs/],
    [() => redisStorage('redis://' as never), /redisStorage: the client has no get/],
    [() => redisStorage({ get: vi.fn(), set: vi.fn(), del: vi.fn() } as never), /has no eval/],
  ])('%s', (make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })
})

describe('keyValueStorage', () => {
  test('the functions of the store are called on the store, and optional ones only if it has them', async () => {
    class Store implements KeyValueStore {
      readonly held = new Map<string, string>()
      get(key: string) {
        return this.held.get(key)
      }
      set(key: string, value: string) {
        this.held.set(key, value)
      }
      delete(key: string) {
        this.held.delete(key)
      }
      async getMany(keys: string[]) {
        return keys.map((key) => this.held.get(key))
      }
    }
    const storage = keyValueStorage(new Store())
    await storage.set('a', '1')
    expect([await storage.get('a'), await storage.getMany?.(['a', 'b'])]).toEqual(['1', ['1', undefined]])
    expect([storage.add, storage.keys, storage.lock]).toEqual([undefined, undefined, undefined])
  })

  test('two storages of one Map are one storage; the Map holds the texts alone', async () => {
    const map = new Map<string, string>()
    const [one, two] = [keyValueStorage(map), keyValueStorage(map)]
    expect([one.add?.('a', '1', 60_000), two.add?.('a', '2', 60_000), map.get('a')]).toEqual([true, false, '1'])
    two.delete('a')
    expect([one.add?.('a', '3', 60_000), [...map]]).toEqual([true, [['a', '3']]])
  })
})

test('a process with a requester on a storage in a simulated page ends by itself', () => {
  const url = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href)
  const program = `
    globalThis.document = {}
    const { createRequester } = await import(${url('index.ts')})
    const { keyValueStorage } = await import(${url('storage/key-value.ts')})
    createRequester({
      authorizationServers: [{ issuer: 'https://as.example.com', hosts: ['https://photos.example.com'], client: { id: 'a' } }],
      storage: keyValueStorage(new Map()),
    })
    console.log('made')`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  expect(output).toBe('made\n')
})
