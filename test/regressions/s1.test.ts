/** S1: an RPT goes to a host only if the predicate `hosts` gives exactly `true`, now or later. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import type { AuthorizationServer } from '../../src/index.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path, tokenRequests, umaRejection } from '../flows/kit.ts'
import { pages } from '../flows/page-kit.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { rptAt } from '../requester/kit.ts'

type Hosts = AuthorizationServer['hosts']

const refusing: [string, () => unknown][] = [
  ['false, later', async () => false],
  ['false', () => false],
  ['1', () => 1],
  ['1, later', async () => 1],
  ['"yes"', () => 'yes'],
  ['an object, later', async () => ({})],
  ['true in a list', () => [true]],
  ['nothing', () => undefined],
  [
    'a rejection',
    async () => {
      throw new Error('the directory is down')
    },
  ],
  [
    'an error',
    () => {
      throw new Error('no such host')
    },
  ],
]

/** Nothing went to the authorization server, and no host was shown a token. */
function expectNoToken(world: World): void {
  expect(tokenRequests(world)).toEqual([])
  expect(world.sent().filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
}

describe.each(refusing)('S1: the predicate gives %s', (_what, predicate) => {
  const hosts = predicate as Hosts

  test('a challenge is refused', async () => {
    const world = await startWorld()
    const error = await umaRejection(world.requester({}, { hosts }).fetch(world.host.origin + path))
    expect(error).toMatchObject({ code: 'untrusted_authorization_server', issuer: world.as.issuer })
    expectNoToken(world)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'challenge-refused', reason: 'host' }))
  })

  test('a stored RPT stays unread', async () => {
    const world = await startWorld()
    const shared = { storage: keyValueStorage(new Map<string, string>()), requestingParty: 'alice' }
    expect((await world.requester(shared).fetch(world.host.origin + path)).status).toBe(200)
    const rpt = rptAt(world, path) as string
    world.recorder.clear()
    await umaRejection(world.requester(shared, { hosts }).fetch(world.host.origin + path))
    expect(world.lines()).toEqual([`GET host ${path} 401`])
    expect(world.recorder.containing(rpt)).toEqual([])
    // The record is still there for a requester that trusts the host.
    world.recorder.clear()
    expect((await world.requester(shared).fetch(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('a person who comes back is not served', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load())
    world.recorder.clear()
    const error = await umaRejection(handleCallback(load({}, { hosts }), back))
    expect(error).toMatchObject({ code: 'untrusted_authorization_server', issuer: world.as.issuer })
    expectNoToken(world)
  })

  test('this server counts as none of the servers that may speak for the host', async () => {
    const world = await startWorld()
    const usual = { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa' } }
    const other = { issuer: 'https://as.example.com', hosts, client: { id: 'x' } }
    const requester = world.requester({ authorizationServers: [usual, other] })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    world.recorder.clear()
    await requester.fetch(`${world.host.origin}/bob/2.jpg`, { method: 'PUT', body: 'x' })
    // The one server that may speak for the host has issued the newest RPT, so this RPT is presented at once.
    expect(world.sent()[0]?.headers.authorization).toBeDefined()
  })
})

describe.each([
  ['true', () => true],
  ['true, later', async () => true],
])('S1: the predicate gives %s', (_what, hosts) => {
  test('the challenge, a stored RPT and a person who comes back are served', async () => {
    const { world, load, leave } = await pages()
    const back = await leave(load({}, { hosts }))
    expect((await handleCallback(load({}, { hosts }), back)).kind).toBe('ticket')
    world.recorder.clear()
    expect((await load({}, { hosts }).fetch(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test('the predicate is asked for the origin that the request goes to', async () => {
    const world = await startWorld()
    const asked: string[] = []
    const remember = (origin: string) => {
      asked.push(origin)
      return hosts()
    }
    expect((await world.requester({}, { hosts: remember }).fetch(world.host.origin + path)).status).toBe(200)
    expect(new Set(asked)).toEqual(new Set([world.host.origin]))
  })

  test('two servers may speak for the host: nobody guesses which RPT is meant', async () => {
    const world = await startWorld()
    const usual = { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa' } }
    const other = { issuer: 'https://as.example.com', hosts, client: { id: 'x' } }
    const requester = world.requester({ authorizationServers: [usual, other] })
    await requester.fetch(world.host.origin + path)
    world.recorder.clear()
    await requester.fetch(`${world.host.origin}/bob/2.jpg`, { method: 'PUT', body: 'x' })
    expect(world.sent()[0]?.headers.authorization).toBeUndefined()
  })
})
