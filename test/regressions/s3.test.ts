/** S3: a return counts only at the redirect URI of this redirect: no server gets another's ticket. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { bearer, createRequester, none, type RedirectRequest, type RequesterOptions } from '../../src/index.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { comesBack, path, person, REDIRECT_URI, tokenRequests, umaRejection, visit } from '../flows/kit.ts'
import { pages } from '../flows/page-kit.ts'
import { onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld, type World } from '../helpers/world.ts'
import { fromClient, second } from '../requester/kit.ts'

const people = { policy: onlyPeople('alice') }
const other = `${REDIRECT_URI}?keep=this`

describe('two configured servers', () => {
  const server = (issuer: string, more: object = {}) => ({ issuer, hosts: [issuer], client: { id: 'x' }, ...more })
  const a = 'https://as-a.example.com'
  const b = 'https://as-b.example.com'
  const onRedirect = async () => ''
  const create = (first: object, then: object, more: Partial<RequesterOptions> = {}) =>
    createRequester({
      authorizationServers: [server(a, first), server(b, then)],
      redirectUri: REDIRECT_URI,
      onRedirect,
      ...more,
    })

  test.each([
    ["the requester's URI", {}, {}],
    ["one server's URI and the requester's", {}, { redirectUri: REDIRECT_URI }],
    ['a URI of their own', { redirectUri: other }, { redirectUri: other }],
    [
      'a URI, and both can sign people in',
      { signIn: codeFlow({ scope: 'openid' }) },
      { signIn: codeFlow({ scope: 'openid' }) },
    ],
  ])('S3: that share %s are a TypeError at creation, which names both', (_what, first, then) => {
    expect(() => create(first, then)).toThrow(TypeError)
    expect(() => create(first, then)).toThrow(/as-a.*as-b|as-b.*as-a/)
    expect(() => create(first, then)).toThrow(/redirectUri/)
  })

  test('S3: URIs that differ only in query are distinct', () => {
    create({}, { redirectUri: other })
    create({ redirectUri: `${REDIRECT_URI}?as=a` }, { redirectUri: `${REDIRECT_URI}?as=b` })
  })

  test('S3: nobody can be sent away: there is nothing to share', () => {
    createRequester({ authorizationServers: [server(a), server(b)], redirectUri: REDIRECT_URI })
  })
})

/** A host where alice's photos belong to one server and bob's to another. */
async function twoServers(
  claimsRedirectUris: string[] = [],
): Promise<{ world: World; as2: Awaited<ReturnType<typeof second>> }> {
  const as2 = await second({ ...people, claimsRedirectUris })
  return { world: await startWorld({ as: { ...people, claimsRedirectUris }, host: { owners: { bob: as2 } } }), as2 }
}

describe('S3: a shared URI that is not known at creation is refused before the person leaves', () => {
  test('S3: servers from a function', async () => {
    const { world, as2 } = await twoServers()
    const asked: RedirectRequest[] = []
    const requester = world.requester({
      authorizationServers: (issuer) => ({
        issuer,
        hosts: [world.host.origin],
        client: { id: 'spa', auth: none() },
        allowPrivate: true,
      }),
      redirectUri: REDIRECT_URI,
      onRedirect: async (request) => {
        asked.push(request)
        return visit(request.url)
      },
    })
    expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
    const error = await umaRejection(requester.fetch(`${world.host.origin}/bob/1.jpg`))
    expect(error).toMatchObject({
      name: 'RedirectError',
      code: 'redirect_failed',
      reason: 'shared_redirect_uri',
      issuer: as2.issuer,
    })
    expect(error.message).toContain(world.as.issuer)
    expect(asked.map(({ issuer }) => issuer)).toEqual([world.as.issuer])
  })

  test('S3: servers from a function, each with its own URI', async () => {
    const { world, as2 } = await twoServers()
    const requester = world.requester({
      authorizationServers: (issuer) => ({
        issuer,
        hosts: [world.host.origin],
        client: { id: 'spa' },
        allowPrivate: true,
        redirectUri: issuer === as2.issuer ? other : REDIRECT_URI,
      }),
      onRedirect: person(),
    })
    for (const at of [path, '/bob/1.jpg', '/alice/2.jpg']) {
      expect((await requester.fetch(world.host.origin + at)).status).toBe(200)
    }
  })

  test('S3: a handler that brings its URI', async () => {
    const { world, as2 } = await twoServers()
    let left = 0
    const requester = world.requester({
      authorizationServers: [world.as, as2].map(({ issuer }) => ({
        issuer,
        hosts: [world.host.origin],
        client: { id: 'spa' },
      })),
      onRedirect: {
        open: async () => ({
          redirectUri: REDIRECT_URI,
          run: async ({ url }) => {
            left += 1
            return visit(url)
          },
        }),
      },
    })
    const error = await umaRejection(requester.fetch(`${world.host.origin}/bob/1.jpg`))
    expect(error).toMatchObject({ code: 'redirect_failed', reason: 'shared_redirect_uri', issuer: as2.issuer })
    expect(left).toBe(0)
  })

  test('S3: a URI that the handler chooses for each redirect, such as a free port, is distinct', async () => {
    const uris = [1, 2].map((port) => `https://app.example.com/once/${port}`)
    const { world, as2 } = await twoServers(uris)
    const requester = world.requester({
      authorizationServers: [world.as, as2].map(({ issuer }) => ({
        issuer,
        hosts: [world.host.origin],
        client: { id: 'spa' },
      })),
      onRedirect: {
        open: async () => ({
          redirectUri: uris.shift() as string,
          uniqueRedirectUri: true,
          run: ({ url }) => visit(url),
        }),
      },
    })
    for (const at of [path, '/bob/1.jpg']) expect((await requester.fetch(world.host.origin + at)).status).toBe(200)
  })
})

const strange: [string, (back: URL) => unknown][] = [
  ['another path', (back) => Object.assign(back, { pathname: '/callback/other' })],
  ['another origin', (back) => Object.assign(back, { host: 'as-b.example.com' })],
  ['another scheme', (back) => Object.assign(back, { protocol: 'http:' })],
  ['a registered parameter is missing', (back) => back.searchParams.delete('keep')],
  ['a registered parameter has another value', (back) => back.searchParams.set('keep', 'that')],
  ['a registered parameter is there twice', (back) => back.searchParams.append('keep', 'this')],
]

describe.each(strange)('S3: a return to another URI: %s', (_what, change) => {
  test('in the page', async () => {
    const world = await startWorld({ as: people })
    let ticket = ''
    const options = comesBack(async ({ url }) => {
      const back = new URL(await visit(url))
      ticket = back.searchParams.get('ticket') as string
      change(back)
      return back.href
    })
    const error = await umaRejection(
      world.requester({ ...options, redirectUri: other }).fetch(world.host.origin + path),
    )
    expect(error).toMatchObject({ name: 'RedirectError', code: 'redirect_failed', reason: 'redirect_uri' })
    expect(ticket.length).toBeGreaterThan(10)
    expect(tokenRequests(world).map((form) => form.get('ticket'))).not.toContain(ticket)
    expect(tokenRequests(world).length).toBe(1)
  })

  test('on the callback page', async () => {
    const { world, load, leave } = await pages()
    const back = new URL(await leave(load({ redirectUri: other })))
    change(back)
    world.recorder.clear()
    const error = await umaRejection(handleCallback(load({ redirectUri: other }), back.href))
    expect(error).toMatchObject({ name: 'RedirectError', code: 'redirect_failed', reason: 'redirect_uri' })
    expect(world.sent()).toEqual([])
  })

  test('after a sign-in, a code goes nowhere', async () => {
    const world = await startWorld({ as: { ...people, quirks: { clientAuth: 'bearer-only' } } })
    const options = comesBack(({ state }) => {
      const back = new URL(`${other}&code=code-of-another-server&state=${state}`)
      change(back)
      return back.href
    })
    const server = { signIn: codeFlow({ scope: 'openid' }), client: { id: 'spa', auth: bearer() } }
    const requester = world.requester({ ...options, redirectUri: other }, server)
    const error = await umaRejection(requester.fetch(world.host.origin + path))
    expect(error).toMatchObject({ name: 'RedirectError', code: 'redirect_failed', reason: 'redirect_uri' })
    expect(world.recorder.containing('code-of-another-server')).toEqual([])
  })
})

test('S3: parameters that are not registered are no obstacle', async () => {
  const world = await startWorld({ as: people })
  const options = comesBack(async ({ url }) => `${await visit(url)}&session_state=x&session_state=y`)
  const requester = world.requester({ ...options, redirectUri: other })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
})

test('S3: the URI is the one of this redirect, whatever the callback page is configured with', async () => {
  const { load, leave } = await pages()
  const back = await leave(load({ redirectUri: other }))
  expect((await handleCallback(load(), back)).kind).toBe('ticket')
})

describe('S3: on a server, handleCallback takes the path of the request', () => {
  test('S3: the path and query are resolved against the redirect URI', async () => {
    const { world, load, leave } = await pages()
    const { pathname, search } = new URL(await leave(load({ redirectUri: other })))
    expect((await handleCallback(load(), pathname + search)).kind).toBe('ticket')
    world.recorder.clear()
    expect((await load().fetch(world.host.origin + path)).status).toBe(200)
    expect(world.lines()).toEqual([`GET host ${path} 200`])
  })

  test.each([
    ['another path', (back: URL) => `/other${back.search}`],
    ['another host', (back: URL) => `//evil.example/callback${back.search}`],
    ['without the registered parameter', (back: URL) => `/callback${back.search.replace('keep=this&', '')}`],
  ])('S3: %s is refused', async (_what, make) => {
    const { world, load, leave } = await pages()
    const back = new URL(await leave(load({ redirectUri: other })))
    world.recorder.clear()
    const error = await umaRejection(handleCallback(load({ redirectUri: other }), make(back)))
    expect(error).toMatchObject({ code: 'redirect_failed', reason: 'redirect_uri' })
    expect(world.sent()).toEqual([])
  })
})

test('S3: the internal address of a server behind a proxy is not the redirect URI', async () => {
  const { load, leave } = await pages()
  const { pathname, search } = new URL(await leave(load()))
  const error = await umaRejection(handleCallback(load(), `http://127.0.0.1:3000${pathname}${search}`))
  expect(error).toMatchObject({ code: 'redirect_failed', reason: 'redirect_uri' })
})

test('S3: the second server is never sent anything of the first', async () => {
  const { world, as2 } = await twoServers()
  const servers = [
    { issuer: world.as.issuer, hosts: [world.host.origin], client: { id: 'spa' } },
    { issuer: as2.issuer, hosts: [world.host.origin], client: { id: 'spa' }, redirectUri: other },
  ]
  // The second server sends the person to a page of the first one, from where the person comes back with its ticket.
  const options = comesBack(({ state }) => `${REDIRECT_URI}?ticket=ticket-of-the-first&state=${state}`)
  const requester = world.requester({ ...options, authorizationServers: servers })
  const error = await umaRejection(requester.fetch(`${world.host.origin}/bob/1.jpg`))
  expect(error).toMatchObject({ code: 'redirect_failed', reason: 'redirect_uri', issuer: as2.issuer })
  expect(fromClient(as2).filter(({ body }) => body.includes('ticket-of-the-first'))).toEqual([])
})
