/** R2: the function that finds servers receives in `resource` an absolute URL at the host, or nothing. */

import { expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { none, type RequesterOptions, type ResolverContext } from '../../src/index.ts'
import { inspect } from '../../src/inspect.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { path, person, REDIRECT_URI } from '../flows/kit.ts'
import { pages } from '../flows/page-kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { later } from '../helpers/later.ts'
import { startWorld, type World } from '../helpers/world.ts'

/** A function that finds the server of the world, and remembers the contexts of all calls. */
function resolver(world: World, server: object = {}) {
  const contexts: ResolverContext[] = []
  const find: RequesterOptions['authorizationServers'] = (issuer, context) => {
    contexts.push(context)
    return { issuer, hosts: [world.host.origin], client: { id: 'spa', auth: none() }, allowPrivate: true, ...server }
  }
  return { contexts, find }
}

/** Every call so far named an absolute URL at the host, or nothing. Forgets the calls. */
function expectAtHost(world: World, contexts: ResolverContext[]): void {
  expect(contexts.length).toBeGreaterThan(0)
  for (const context of contexts.splice(0)) {
    if (!('resource' in context)) continue
    const { resource = '' } = context
    expect(resource.startsWith(`${world.host.origin}/`), resource).toBe(true)
    expect(new URL(resource).href).toBe(resource)
  }
}

test('R2: a challenge names the URL of the request', async () => {
  const world = await startWorld()
  const { contexts, find } = resolver(world)
  const url = `${world.host.origin}${path}?size=1`
  expect((await world.requester({ authorizationServers: find }).fetch(url)).status).toBe(200)
  expect(contexts.length).toBeGreaterThan(0)
  expect(new Set(contexts.map(({ resource }) => resource))).toEqual(new Set([url]))
})

test('R2: reading and writing the storage, inspect, refresh, a stale RPT and signOut', async () => {
  const world = await startWorld({ as: { quirks: { refreshTokens: true } } })
  const { contexts, find } = resolver(world, { staleStatuses: [400] })
  const options = {
    authorizationServers: find,
    requestingParty: 'alice',
    storage: keyValueStorage(new Map<string, string>()),
  }
  const url = world.host.origin + path
  await world.requester(options).fetch(url)
  expectAtHost(world, contexts)

  // Another process reads the records.
  const requester = world.requester(options)
  expect((await requester.fetch(url)).status).toBe(200)
  expectAtHost(world, contexts)
  expect((await inspect(requester)).authorizationServers.length).toBe(1)
  expectAtHost(world, contexts)

  world.host.quirks.answer = () => ({ status: 400 })
  expect((await requester.fetch(url)).status).toBe(400)
  world.host.quirks.answer = undefined
  expectAtHost(world, contexts)

  later(3_700_000)
  expect((await requester.fetch(url)).status).toBe(200)
  expectAtHost(world, contexts)
  await requester.signOut()
  expectAtHost(world, contexts)
})

test('R2: a person in the page, and a person who comes back on another page', async () => {
  const world = await startWorld({ as: { policy: onlyPeople('alice') } })
  const inPage = resolver(world)
  const requester = world.requester({
    authorizationServers: inPage.find,
    redirectUri: REDIRECT_URI,
    onRedirect: person(),
  })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expectAtHost(world, inPage.contexts)

  const site = await pages()
  const { contexts, find } = resolver(site.world)
  const back = await site.leave(site.load({ authorizationServers: find }))
  await handleCallback(site.load({ authorizationServers: find }), back)
  expectAtHost(site.world, contexts)
})
