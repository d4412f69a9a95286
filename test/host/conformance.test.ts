/** Permission requests, introspection and the answers of the host, over HTTP (FedAuthz §4, §5; Grant §3.2, §3.5). */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { guardNode } from '../../src/host/node.ts'
import { products } from '../helpers/authorization-server.ts'
import { listen } from '../helpers/http.ts'
import { later } from '../helpers/later.ts'
import { challengeOf, get, hosted, ticketOf } from './hosted.ts'
import { rawRequest } from './raw.ts'

const path = '/alice/1.jpg'
const photo = () => new Response('the photo')

async function protectedPhoto(options: Parameters<typeof hosted>[0] = {}) {
  const world = await hosted(options)
  const resource = await world.host.protect({ url: path, owner: 'alice' })
  return { ...world, resource, guarded: world.host.guard(photo) }
}

describe('the full circle, with nothing but HTTP on the client’s side', () => {
  test('F-4-a, F-R-a, F-R-b: challenge, token, photo; then an upgrade', async () => {
    const { as, guarded, resource, rpt } = await protectedPhoto()
    const refused = await guarded(get(path))
    expect(refused.status).toBe(401)
    expect(challengeOf(refused)).toEqual({ realm: 'photos', as_uri: as.issuer, ticket: expect.any(String) })
    const token = await rpt(ticketOf(refused))
    const answer = await guarded(get(path, token))
    expect([answer.status, await answer.text()]).toEqual([200, 'the photo'])
    expect(as.grants(token)).toEqual([{ resource_id: resource.id, resource_scopes: ['read'] }])

    const more = await guarded(get(path, token, { method: 'PUT', body: 'x' }))
    expect(more.status).toBe(401)
    const upgraded = await rpt(ticketOf(more), { rpt: token })
    expect((await guarded(get(path, upgraded, { method: 'PUT', body: 'x' }))).status).toBe(200)
    expect((await guarded(get(path, upgraded))).status).toBe(200)
  })

  test('F-R-b: an upgrade that keeps the string is seen at once', async () => {
    const { guarded, rpt, tokenFor } = await protectedPhoto({ as: { quirks: products.gluu } })
    const token = await tokenFor(path)
    expect((await guarded(get(path, token))).status).toBe(200)
    const refused = await guarded(get(path, token, { method: 'DELETE' }))
    expect(await rpt(ticketOf(refused), { rpt: token })).toBe(token)
    expect((await guarded(get(path, token, { method: 'DELETE' }))).status).toBe(200)
  })

  test('F-4-a: a ticket for each answer, never the same', async () => {
    const { guarded, as } = await protectedPhoto()
    const answers = await Promise.all(Array.from({ length: 20 }, () => guarded(get(path))))
    expect(new Set(answers.map(ticketOf)).size).toBe(20)
    expect(as.stats.ticketsIssued).toBe(20)
  })

  test('F-4-b, F-4-d: what is asked for at the permission endpoint', async () => {
    const { guarded, as, resource } = await protectedPhoto()
    await guarded(get(path, undefined, { method: 'HEAD' }))
    await guarded(get(path, undefined, { method: 'POST' }))
    const bodies = as.recorder.requests
      .filter((request) => request.path === '/perm')
      .map(({ body }) => JSON.parse(`${body}`))
    expect(bodies).toEqual([
      { resource_id: resource.id, resource_scopes: ['read'] },
      { resource_id: resource.id, resource_scopes: ['write'] },
    ])
  })
})

test('F-4-e: what is asked for is documented, and so it is', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, first, second] = /by default `(\w+)` for GET and HEAD, `(\w+)` for all others/.exec(readme) ?? []
  const { guarded, as, resource } = await protectedPhoto()
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    await guarded(get(path, undefined, { method }))
  const asked = as.recorder.requests.filter((request) => request.path === '/perm')
  expect(asked.map(({ body }) => JSON.parse(`${body}`))).toEqual(
    [first, first, second, second, second, second].map((scope) => ({
      resource_id: resource.id,
      resource_scopes: [scope],
    })),
  )
})

describe('introspection (FedAuthz §5)', () => {
  test('F-5.1-a: a form with the token, authorised by the PAT', async () => {
    const { guarded, as, tokenFor } = await protectedPhoto()
    const token = await tokenFor(path)
    await guarded(get(path, token))
    const [request] = as.recorder.requests.filter((request) => request.path === '/introspect')
    expect(request?.headers['content-type']).toContain('application/x-www-form-urlencoded')
    expect(new URLSearchParams(`${request?.body}`).get('token')).toBe(token)
    expect(request?.headers.authorization).toMatch(/^Bearer /)
  })

  test('F-5-a: a thousand requests, one question', async () => {
    const { guarded, calls, tokenFor } = await protectedPhoto()
    const token = await tokenFor(path)
    const before = calls('/introspect') + calls('/perm')
    for (let i = 0; i < 1_000; i++) expect((await guarded(get(path, token))).status).toBe(200)
    expect(calls('/introspect') + calls('/perm') - before).toBe(1)
  })

  test.each([
    ['F-5.1.1-a: scope instead of permissions', { permissions: undefined, scope: 'read write' }, false],
    ['F-5.1.1-a: no permissions', { permissions: undefined }, false],
    ['F-5.1.1-b: permissions that are none', { permissions: [{ resource_id: 7 }, 'read'] }, false],
    ['F-5.1.1-c: the token has ended', { exp: 1 }, false],
    ['F-5.1.1-c: the token begins later', { nbf: 4e9 }, false],
    ['F-5.1.1-d: active is a string', { active: 'true' }, false],
    ['F-5.1.1-d: not active, with permissions', { active: false }, false],
    ['F-5.1.1-i: bound to a key', { cnf: { jkt: 'x' } }, false],
    ['G-1.1-b: members that nobody knows', { more: { of: 'it' } }, true],
  ])('%s', async (_, more, opens) => {
    const { guarded, introspection, tokenFor } = await protectedPhoto()
    const token = await tokenFor(path)
    introspection.alter = (answer) => ({ ...answer, ...more })
    expect((await guarded(get(path, token))).status).toBe(opens ? 200 : 401)
  })

  test.each([
    ['F-5.1.1-c: it has ended', [{ resource_scopes: ['read'], exp: 1 }], false],
    ['F-5.1.1-c: it begins later', [{ resource_scopes: ['read'], nbf: 4e9 }], false],
    ['F-5.1.1-e: in two permissions', [{ resource_scopes: [] }, { resource_scopes: ['read'] }], true],
    ['F-5.1.1-e: one of two has ended', [{ resource_scopes: ['write'] }, { resource_scopes: ['read'], exp: 1 }], false],
    ['F-5.1.1-f: no scopes', [{ resource_scopes: [] }], false],
    ['F-5.1.1-f: other scopes', [{ resource_scopes: ['write'] }], false],
    ['F-5.1.1-h: Keycloak’s members', [{ resource_id: undefined, rsid: 'self', scopes: ['read'] }], true],
  ])('%s', async (_, permissions, opens) => {
    const { guarded, introspection, tokenFor, resource } = await protectedPhoto()
    const token = await tokenFor(path)
    const { id } = resource
    const altered = permissions.map((permission) => ({
      resource_id: id,
      ...permission,
      ...('rsid' in permission && { rsid: id }),
    }))
    introspection.alter = (answer) => ({ ...answer, permissions: altered })
    expect((await guarded(get(path, token))).status).toBe(opens ? 200 : 401)
  })

  test('F-5.1.1-f: all scopes that a method needs', async () => {
    const { host, tokenFor, guarded } = await protectedPhoto()
    await host.protect({ url: path, owner: 'alice', methods: { GET: ['read', 'see'] } })
    const token = await tokenFor(path)
    expect((await guarded(get(path, token))).status).toBe(200)
  })

  test('F-5.1.1-g: never past exp, and a revoked one not for long', async () => {
    const { guarded, tokenFor, as } = await protectedPhoto({
      as: { quirks: { rptLifetimeMs: 60_000 } },
      host: { cache: { ttl: 30_000 } },
    })
    const short = await tokenFor(path)
    expect((await guarded(get(path, short))).status).toBe(200)
    const revoked = await tokenFor(path)
    expect((await guarded(get(path, revoked))).status).toBe(200)
    as.revoke(revoked)
    later(30_001)
    expect((await guarded(get(path, revoked))).status).toBe(401)
    expect((await guarded(get(path, short))).status).toBe(200)
    // An exp in whole seconds is rounded up by the server.
    later(31_000)
    expect((await guarded(get(path, short))).status).toBe(401)
  })

  test('F-5.1.1-h: Keycloak: introspection by client authentication', async () => {
    const { guarded, tokenFor } = await protectedPhoto({
      as: { quirks: products.keycloak },
      host: { dialect: { introspectionAuth: 'client' } },
    })
    expect((await guarded(get(path, await tokenFor(path)))).status).toBe(200)
  })

  test('F-5.1.1-h: SolidLab: an array of permissions, 400 for a token that is not active, public resources', async () => {
    const { guarded, tokenFor, as, resource } = await protectedPhoto({
      as: { quirks: products.solidlab },
      host: { dialect: { permissionRequest: 'array', inactiveStatuses: [400], publicResources: true } },
    })
    expect((await guarded(get(path, await tokenFor(path)))).status).toBe(200)
    expect((await guarded(get(path, 'stale'))).status).toBe(401)
    as.quirks.publicResource = (permissions) => permissions.every(({ resource_id }) => resource_id === resource.id)
    expect((await guarded(get(path))).status).toBe(200)
  })

  test('F-5-a: another host’s RPT is none here', async () => {
    const { guarded, as, rpt } = await protectedPhoto()
    const other = as.registerResource({ resource_scopes: ['read'] }, 'rs')
    const token = await rpt(as.issueTicket([{ resource_id: other._id, resource_scopes: ['read'] }], 'rs'))
    expect((await guarded(get(path, token))).status).toBe(401)
  })
})

describe('answers', () => {
  test('F-R-c, F-R-e: on the wire', async () => {
    const { host } = await protectedPhoto()
    const server = await listen(guardNode(host, (_req, res) => void res.end('the photo')))
    const answer = await rawRequest(server.port, [`GET ${path} HTTP/1.1`, 'Host: x', 'Authorization: Bearer stale'])
    await server.close()
    expect(answer.headers('www-authenticate')).toEqual([
      expect.stringMatching(/^UMA realm="photos",as_uri="[^"]+",ticket="[^"]+"$/),
      'Bearer error="invalid_token"',
    ])
    expect(answer.headers('cache-control')).toEqual(['no-store'])
    expect(answer.headers('access-control-expose-headers')).toEqual(['WWW-Authenticate, Warning'])
  })

  test('F-R-d, F-4.3-b: the permission endpoint fails in every way: 403 with Warning, and it recovers by itself', async () => {
    const { guarded, as, events } = await protectedPhoto({ host: { timeouts: { request: 2_000 } } })
    const unreachable = async () => {
      const answer = await guarded(get(path))
      expect(answer.status).toBe(403)
      expect(answer.headers.get('warning')).toBe('199 - "UMA Authorization Server Unreachable"')
      expect(answer.headers.get('www-authenticate')).toBeNull()
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(await answer.text()).not.toContain('photo')
    }
    as.quirks.permissionForm = 'array'
    await unreachable()
    as.quirks.permissionForm = 'both'
    as.quirks.delayMs.permission = 3_000
    await unreachable()
    delete as.quirks.delayMs.permission
    expect((await guarded(get(path))).status).toBe(401)
    expect(events.map(({ type }) => type)).toContain('authorization-server-unreachable')
  })

  test('F-R-k, F-3.2.1: what the authorization server learns of a resource, and what the host learns of its policies', async () => {
    const { as, resource } = await protectedPhoto()
    expect(as.resources.get(resource.id)).toEqual({
      _id: resource.id,
      resourceServer: expect.any(String),
      resource_scopes: ['read', 'write'],
    })
    expect(resource.policyUri).toBe(`${as.issuer}/policy/${resource.id}`)
  })

  test('no secret in events', async () => {
    const { guarded, events, tokenFor } = await protectedPhoto()
    const token = await tokenFor(path)
    const refused = await guarded(get(path, token, { method: 'PUT' }))
    await guarded(get('/nothing/here', token))
    const told = JSON.stringify(events)
    for (const secret of [token, ticketOf(refused), 'photos-secret']) expect(told).not.toContain(secret)
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['registered', 'ticket-issued', 'refused']))
  })
})

describe('resources', () => {
  test('F-3-a: protected from registration to deregistration', async () => {
    const { host, guarded, as } = await protectedPhoto({ host: { onUnmapped: 'pass' } })
    expect(await host.ownerOf(path)).toBe('alice')
    expect((await guarded(get(path))).status).toBe(401)
    await host.unprotect(path)
    expect(as.resources.size).toBe(0)
    expect((await guarded(get(path))).status).toBe(200)
    expect(await host.ownerOf(path)).toBeUndefined()
  })

  test('F-3.2.5: what the authorization server lost is registered again', async () => {
    const { host, as, guarded, resource } = await protectedPhoto()
    ;(as.resources as Map<string, unknown>).clear()
    const { recreated } = await host.synchronise()
    expect(recreated).toHaveLength(1)
    expect(recreated[0]?.id).not.toBe(resource.id)
    expect((await guarded(get(path))).status).toBe(401)
  })

  test('another process sees what is protected', async () => {
    const { host, another } = await protectedPhoto()
    const other = another()
    expect((await other.resourceAt(path))?.owner).toBe('alice')
    await host.protect({ url: '/bob/*', owner: 'bob' })
    expect(await other.ownerOf('/bob/1.jpg')).toBe('bob')
    expect((await other.guard(photo)(get('/bob/1.jpg'))).status).toBe(401)
    expect((await other.resources('bob')).map(({ pattern }) => pattern)).toEqual(['/bob/*'])
  })
})
