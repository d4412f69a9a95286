/** `requestingParty` as a function: whose request it is, is decided when the request is made. */
import { expect, test } from 'vitest'
import { inspect } from '../../src/inspect.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { until } from '../helpers/wait.ts'
import { startWorld } from '../helpers/world.ts'
import { path, rejection } from '../sign-in/kit.ts'
import { holdTokens, rptAt } from './kit.ts'

test('is called once for each request, before anything is awaited', async () => {
  const world = await startWorld()
  let calls = 0
  let name: string | undefined = 'alice'
  const requester = world.requester({
    requestingParty: () => {
      calls += 1
      return name
    },
  })
  const asked = requester.fetch(world.host.origin + path)
  name = 'bob'
  expect(calls).toBe(1)
  expect((await asked).status).toBe(200)
  expect(calls).toBe(1)
  expect((await inspect(requester.as('alice'))).authorizationServers[0]?.rpts).toHaveLength(1)
  expect((await inspect(requester)).requestingParty).toBe('bob')
  expect((await inspect(requester)).authorizationServers).toEqual([])
})

test('each party has a wallet of its own', async () => {
  const world = await startWorld()
  let name = 'alice'
  const requester = world.requester({ requestingParty: () => name })
  const seen: (string | undefined)[] = []
  for (const who of ['alice', 'bob', 'alice']) {
    name = who
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    seen.push(rptAt(world, path))
  }
  expect(seen[2]).toBe(seen[0])
  expect(seen[1]).not.toBe(seen[0])
})

test('an anonymous party is never passed on, and is dropped when there is a name', async () => {
  const world = await startWorld()
  let name: string | undefined
  const requester = world.requester({ requestingParty: () => name })
  await requester.fetch(world.host.origin + path)
  const anonymous = rptAt(world, path)
  expect((await inspect(requester)).authorizationServers).toHaveLength(1)
  name = 'alice'
  await requester.fetch(world.host.origin + path)
  expect(rptAt(world, path)).not.toBe(anonymous)
  name = undefined
  expect((await inspect(requester)).authorizationServers).toEqual([])
  await requester.fetch(world.host.origin + path)
  expect(rptAt(world, path)).not.toBe(anonymous)
})

test('a flow of the anonymous party ends when there is a name', async () => {
  const world = await startWorld()
  let name: string | undefined
  const requester = world.requester({ requestingParty: () => name })
  const release = holdTokens(world)
  const asked = rejection(requester.fetch(world.host.origin + path))
  await until(() => world.sent().some((request) => request.path.endsWith('/token')))
  name = 'alice'
  expect(requester.requestingParty).toBe('alice')
  release()
  expect(await asked).toMatchObject({ code: 'invalid_state' })
})

test.each([
  ['a promise', async () => 'alice', /got object/],
  ['a number', () => 7, /got number/],
  ['null', () => null, /got object/],
])('a function that returns %s: the request rejects, and nothing is sent', async (_name, requestingParty, message) => {
  const world = await startWorld()
  const requester = world.requester({ requestingParty: requestingParty as never })
  expect(await rejection(requester.fetch(world.host.origin + path))).toMatchObject({
    name: 'TypeError',
    message: expect.stringMatching(message),
  })
  expect(world.sent()).toEqual([])
})

test('a handle for a fixed party does not ask the function', async () => {
  const world = await startWorld()
  const requester = world.requester({ requestingParty: () => expect.fail('nobody asks') })
  expect((await requester.as('bob').fetch(world.host.origin + path)).status).toBe(200)
  expect(() => requester.as(undefined as never)).toThrow(TypeError)
})

test('with a storage, nothing of an anonymous party is stored', async () => {
  const world = await startWorld()
  const kept = new Map<string, string>()
  let name: string | undefined
  const requester = world.requester({
    requestingParty: () => name,
    storage: keyValueStorage({
      get: (key) => kept.get(key),
      set: (key, value) => void kept.set(key, value),
      delete: (key) => void kept.delete(key),
    }),
  })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  await requester.signOut()
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect([...kept.keys()]).toEqual([])
  name = 'alice'
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  await until(() => kept.size > 0)
  expect([...kept.keys()].every((key) => key.includes('"alice"'))).toBe(true)
})
