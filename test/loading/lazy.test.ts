/** `uma-requester/lazy` before its engine is there: the look into the storage, and answers that are no challenges. */
import { expect, test } from 'vitest'
import { none, type UmaEvent } from '../../src/index.ts'
import { createRequester } from '../../src/lazy.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { rejection } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'

/** A storage that is no `Map`, so that a test can spoil it. */
const storeOf = (map: Map<string, string>, spoilt: object = {}) =>
  keyValueStorage({
    get: (key: string) => map.get(key),
    set: (key: string, value: string) => map.set(key, value),
    delete: (key: string) => map.delete(key),
    ...spoilt,
  })

function lazy(world: World, storage: ReturnType<typeof keyValueStorage>, events: UmaEvent[] = []) {
  const server = { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa', auth: none() } }
  const onEvent = (event: UmaEvent): void => void events.push(event)
  return createRequester({ authorizationServers: [server], requestingParty: 'alice', storage, onEvent })
}

const photo = (world: World): string => `${world.host.origin}/alice/1.jpg`

test('a stored token is sent at once; another party has none', async () => {
  const world = await startWorld()
  const map = new Map<string, string>()
  expect((await lazy(world, storeOf(map)).fetch(photo(world))).status).toBe(200)
  await expect.poll(() => [...map.keys()].some((key) => key.startsWith('uma:index:'))).toBe(true)
  world.recorder.clear()
  expect((await lazy(world, storeOf(map)).fetch(photo(world))).status).toBe(200)
  expect(world.lines()).toEqual(['GET host /alice/1.jpg 200'])
  world.recorder.clear()
  expect((await lazy(world, storeOf(map)).as('bob').fetch(photo(world))).status).toBe(200)
  expect(world.lines()[0]).toBe('GET host /alice/1.jpg 401')
})

test('one record is read for each request, and nothing is written, until a host challenges', async () => {
  const world = await startWorld()
  const used: string[] = []
  const note = (name: string) => (key: string) => void used.push(`${name} ${key.split(' ')[0]}`)
  const spoilt = { get: note('get'), set: note('set'), delete: note('delete') }
  const requester = lazy(world, storeOf(new Map(), spoilt))
  for (const name of ['1', '2']) {
    expect((await requester.fetch(`${world.host.origin}/public/${name}.jpg`)).status).toBe(200)
  }
  expect(used).toEqual(Array(2).fill('get uma:index:"alice"'))
})

test('a storage that fails: the engine copes with it', async () => {
  const world = await startWorld()
  const events: UmaEvent[] = []
  const spoilt = { get: () => Promise.reject(new Error('forbidden')) }
  expect((await lazy(world, storeOf(new Map(), spoilt), events).fetch(photo(world))).status).toBe(200)
  expect(events.map(({ type }) => type)).toContain('storage-failed')
})

test('a storage that hangs: the engine copes with it', async () => {
  const world = await startWorld()
  const events: UmaEvent[] = []
  const spoilt = { get: () => new Promise(() => {}) }
  expect((await lazy(world, storeOf(new Map(), spoilt), events).fetch(photo(world))).status).toBe(200)
  expect(events.map(({ type }) => type)).toContain('storage-failed')
})

test('an abort during the look: nothing is sent', async () => {
  const world = await startWorld()
  const controller = new AbortController()
  const spoilt = { get: () => new Promise(() => controller.abort()) }
  const requester = lazy(world, storeOf(new Map(), spoilt))
  const error = await rejection(requester.fetch(photo(world), { signal: controller.signal }))
  expect(error).toBe(controller.signal.reason)
  expect(world.lines()).toEqual([])
})
