/** What is kept for whom, for a settings page: everything but the secrets. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bearer, createRequester, type Requester } from '../../src/index.ts'
import { inspect, parties } from '../../src/inspect.ts'
import { uma1 } from '../../src/schemes/uma1.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import { sqliteStorage } from '../../src/storage/sqlite.ts'
import { onlyPeople, REDIRECT_URI } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { name, startAmWorld } from '../schemes/kit.ts'
import { people } from '../sign-in/kit.ts'

const path = '/alice/1.jpg'

function app(world: World, options: object = {}): Requester {
  return world.requester(
    {
      requestingParty: 'alice',
      redirectUri: REDIRECT_URI,
      onRedirect: people('alice', 'bob'),
      ...options,
    },
    { client: { id: 'spa', auth: bearer() }, signIn: codeFlow({ scope: 'openid' }) },
  )
}

function sqlite() {
  const directory = mkdtempSync(join(tmpdir(), 'uma-inspect-'))
  const storage = sqliteStorage({ path: join(directory, 'tokens.sqlite') })
  onTestFinished(() => {
    void storage.close?.()
    rmSync(directory, { recursive: true })
  })
  return storage
}

const keycloak = () => startWorld({ as: { policy: onlyPeople('alice', 'bob'), quirks: { clientAuth: 'bearer-only' } } })

describe('inspect', () => {
  test('nothing', async () => {
    const world = await keycloak()
    expect(await inspect(app(world))).toEqual({ requestingParty: 'alice', authorizationServers: [] })
  })

  test.each([
    ['in memory', () => ({})],
    ['in storage', () => ({ storage: keyValueStorage(new Map()) })],
  ])('the sign-in and the RPTs, %s', async (_what, kept) => {
    const world = await keycloak()
    const options = kept()
    const requester = app(world, options)
    await requester.fetch(`${world.host.origin}${path}?size=secret-of-the-app`)
    await requester.fetch(`${world.host.origin}/alice/2.jpg`)
    const expected = {
      requestingParty: 'alice',
      authorizationServers: [
        {
          issuer: world.as.issuer,
          scheme: 'uma2',
          clientId: 'spa',
          signedIn: { expiresAt: expect.any(Number), scope: expect.stringContaining('openid') },
          rpts: [
            {
              host: world.host.origin,
              expiresAt: expect.any(Number),
              places: [`GET ${world.host.origin}${path}`, `GET ${world.host.origin}/alice/2.jpg`],
            },
          ],
        },
      ],
    }
    expect(await inspect(requester)).toEqual(expected)
    // Another program that has done nothing yet. Places are written a little later.
    if ('storage' in options) await expect.poll(() => inspect(app(world, options))).toEqual(expected)
    expect(await inspect(requester.as('bob'))).toEqual({ requestingParty: 'bob', authorizationServers: [] })
  })

  test('no secret of any kind', async () => {
    const world = await keycloak()
    const storage = new Map<string, string>()
    const requester = app(world, { storage: keyValueStorage(storage) })
    await requester.fetch(world.host.origin + path)
    const text = JSON.stringify(await inspect(requester))
    const secrets = [...storage.values()].flatMap((record) =>
      [...record.matchAll(/"(?:token|accessToken|refreshToken|idToken|secret)":"([^"]+)"/g)].map(
        ([, secret]) => secret,
      ),
    )
    expect(secrets.length).toBeGreaterThan(2)
    for (const secret of secrets) expect(text).not.toContain(secret)
  })

  test('of an issuer of UMA 1 too', async () => {
    const old = await startAmWorld('1.0.1')
    const requester = old.requester(uma1())
    expect((await requester.fetch(old.host.origin + name)).status).toBe(200)
    expect((await inspect(requester)).authorizationServers).toMatchObject([
      {
        issuer: old.am.issuer,
        scheme: 'uma1',
        clientId: 'photo-app',
        signedIn: { scope: 'uma_authorization' },
        rpts: [{ host: old.host.origin, places: [`GET ${old.host.origin}${name}`] }],
      },
    ])
  })

  test('not what was kept of a server that is trusted no more', async () => {
    const world = await keycloak()
    const storage = new Map<string, string>()
    await app(world, { storage: keyValueStorage(storage) }).fetch(world.host.origin + path)
    const requester = createRequester({
      authorizationServers: [],
      requestingParty: 'alice',
      storage: keyValueStorage(storage),
    })
    expect((await inspect(requester)).authorizationServers).toEqual([])
  })
})

describe('parties: created when they are asked for, looked up, forgotten', () => {
  test.each([
    ['memory', () => ({})],
    ['a Map', () => ({ storage: keyValueStorage(new Map()) })],
    ['SQLite', () => ({ storage: sqlite() })],
  ])('%s', async (_what, kept) => {
    const world = await keycloak()
    const requester = app(world, kept())
    expect(await parties(requester)).toEqual([])
    for (const party of ['alice', 'bob']) await requester.as(party).fetch(world.host.origin + path)
    expect((await parties(requester)).sort()).toEqual(['alice', 'bob'])
    await requester.as('bob').signOut()
    expect(await parties(requester.as('alice'))).toEqual(['alice'])
    await requester.signOut()
    expect(await parties(requester)).toEqual([])
  })

  test('those of other programs too, whatever else lies in the storage', async () => {
    const world = await keycloak()
    const storage = new Map<string, string>([
      ['uma:index:garbage', '{}'],
      ['uma:identities:"\\"', '{}'],
      ['somebody else', '{}'],
    ])
    for (const party of ['alice', 'bob'])
      await app(world, { storage: keyValueStorage(storage) })
        .as(party)
        .fetch(world.host.origin + path)
    expect((await parties(app(world, { storage: keyValueStorage(storage), requestingParty: 'carol' }))).sort()).toEqual(
      ['alice', 'bob'],
    )
  })

  test('a storage that cannot list: those in memory', async () => {
    const world = await keycloak()
    const map = new Map<string, string>()
    const storage = {
      get: (key: string) => map.get(key),
      set: (key: string, value: string) => map.set(key, value),
      delete: (key: string) => map.delete(key),
    }
    const requester = app(world, { storage: keyValueStorage(storage) })
    await requester.fetch(world.host.origin + path)
    expect(await parties(requester)).toEqual(['alice'])
    expect(await parties(app(world, { storage: keyValueStorage(storage) }))).toEqual([])
  })

  test('the one without a name', async () => {
    const world = await startWorld()
    const requester = world.requester()
    await requester.fetch(world.host.origin + path)
    expect(await parties(requester)).toEqual([undefined])
  })
})
