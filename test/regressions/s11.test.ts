/**
 * S11: endpoints of an https issuer are https, private addresses need `allowPrivate` where a function finds the servers,
 * and the parameters of `codeFlow` cannot replace protected values.
 */
import { expect, test } from 'vitest'
import type { AuthorizationServer, RequesterOptions } from '../../src/index.ts'
import { codeFlow } from '../../src/sign-in.ts'
import { path, umaRejection } from '../flows/kit.ts'
import { startWorld, type World } from '../helpers/world.ts'

const issuer = 'https://as.example.com'

/** An authorization server with this metadata, and the URLs that it and its endpoints were asked at. */
function asked(members: object): { urls: string[]; fetch: typeof fetch } {
  const urls: string[] = []
  return {
    urls,
    fetch: async (input) => {
      const url = String(input)
      urls.push(url)
      if (url.includes('/.well-known/')) return Response.json({ issuer, ...members })
      return Response.json({ access_token: 'rpt', token_type: 'Bearer' })
    },
  }
}

async function worldOf(named = issuer): Promise<World> {
  const world = await startWorld()
  world.host.quirks.challenge = ({ ticket }) => `UMA as_uri="${named}", ticket="${ticket}"`
  return world
}

const found =
  (world: World, more: Partial<AuthorizationServer> = {}): RequesterOptions['authorizationServers'] =>
  (named) => ({ issuer: named, hosts: [world.host.origin], client: { id: 'spa' }, ...more })

test.each([
  ['this machine', 'http://127.0.0.1:6379/x'],
  ['localhost', 'http://localhost:6379/x'],
])('S11: an https issuer cannot name a token endpoint over http on %s', async (_what, endpoint) => {
  const world = await worldOf()
  const { urls, fetch } = asked({ token_endpoint: endpoint })
  const error = await umaRejection(world.requester({ fetch }, { issuer }).fetch(world.host.origin + path))
  expect(error).toMatchObject({ code: 'discovery_failed', issuer })
  expect(error.message).toContain('token_endpoint')
  expect(urls).toEqual([`${issuer}/.well-known/uma2-configuration`])
})

test('S11: an https issuer cannot send a person to a page over http', async () => {
  const world = await worldOf()
  const { fetch } = asked({ token_endpoint: `${issuer}/token` })
  const needInfo = { error: 'need_info', ticket: 'next', redirect_user: 'http://127.0.0.1:8080/claims' }
  const sentTo: string[] = []
  const requester = world.requester(
    {
      fetch: async (input) =>
        String(input).endsWith('/token') ? Response.json(needInfo, { status: 403 }) : fetch(input),
      redirectUri: 'https://app.example.com/callback',
      onRedirect: async ({ url }) => {
        sentTo.push(url)
        throw new Error('nobody may be sent there')
      },
    },
    { issuer },
  )
  const error = await umaRejection(requester.fetch(world.host.origin + path))
  expect(error).toMatchObject({ code: 'redirect_failed', issuer })
  expect(error.message).toContain('not safe')
  expect(sentTo).toEqual([])
})

test.each([
  'https://127.0.0.1',
  'https://10.1.2.3',
  'https://[fd00::1]',
  'https://localhost',
  'https://localhost.',
  'https://as.local',
  'https://as.internal',
])('S11: a function that finds the servers: %s is not trusted without allowPrivate', async (named) => {
  const world = await worldOf(named)
  const { urls, fetch } = asked({})
  const requester = world.requester({ fetch, authorizationServers: found(world) })
  const error = await umaRejection(requester.fetch(world.host.origin + path))
  expect(error.code).toBe('untrusted_authorization_server')
  expect(error.message).toContain('allowPrivate')
  expect(urls).toEqual([])
})

test('S11: a function that finds the servers: endpoints at private addresses count only with allowPrivate', async () => {
  const world = await worldOf()
  const members = { token_endpoint: 'https://169.254.169.254/latest' }
  const refused = asked(members)
  const careful = world.requester({ fetch: refused.fetch, authorizationServers: found(world) })
  const error = await umaRejection(careful.fetch(world.host.origin + path))
  expect(error).toMatchObject({ code: 'discovery_failed', issuer })
  expect(error.message).toContain('allowPrivate')
  expect(refused.urls).toEqual([`${issuer}/.well-known/uma2-configuration`])

  const allowed = asked(members)
  const servers = found(world, { allowPrivate: true })
  // The host does not know the RPT of this server, and challenges again.
  await umaRejection(
    world.requester({ fetch: allowed.fetch, authorizationServers: servers }).fetch(world.host.origin + path),
  )
  expect(allowed.urls).toContain(members.token_endpoint)
})

test('S11: a function that finds the servers: a person is not sent to a private address', async () => {
  const world = await worldOf()
  const sentTo: string[] = []
  const requester = world.requester({
    authorizationServers: found(world),
    fetch: async (input) =>
      String(input).endsWith('/token')
        ? Response.json(
            { error: 'need_info', ticket: 'next', redirect_user: 'https://192.168.0.1/reboot' },
            { status: 403 },
          )
        : Response.json({ issuer, token_endpoint: `${issuer}/token` }),
    redirectUri: 'https://app.example.com/callback',
    onRedirect: async ({ url }) => {
      sentTo.push(url)
      throw new Error('nobody may be sent there')
    },
  })
  expect((await umaRejection(requester.fetch(world.host.origin + path))).code).toBe('redirect_failed')
  expect(sentTo).toEqual([])
})

test('S11: a listed server may be at a private address', async () => {
  const world = await startWorld()
  expect((await world.requester().fetch(world.host.origin + path)).status).toBe(200)
})

test.each(['state', 'redirect_uri', 'nonce', 'code_challenge', 'code_challenge_method', 'client_id', 'client_secret'])(
  'S11: parameters of codeFlow cannot contain %s',
  (name) => {
    expect(() => codeFlow({ scope: 'openid', parameters: { [name]: 'mine' } })).toThrow(
      new TypeError(`codeFlow: parameters must not contain ${name}, which the sign-in sets`),
    )
  },
)

test('S11: other parameters of codeFlow are allowed', () => {
  expect(() => codeFlow({ scope: 'openid', parameters: { prompt: 'consent', login_hint: undefined } })).not.toThrow()
})
