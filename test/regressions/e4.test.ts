/** E4: `error.retryable` is true only if the same request may succeed within a minute without a person. */
import { expect, test } from 'vitest'
import type { RequesterOptions } from '../../src/index.ts'
import { claim, comesBack, path, umaRejection } from '../flows/kit.ts'
import { denyAll, onlyPeople } from '../helpers/authorization-server.ts'
import { startWorld, type WorldOptions } from '../helpers/world.ts'

interface Case {
  world?: WorldOptions
  options?: Partial<RequesterOptions>
  server?: object
  init?: () => object
}

/** A `fetch` for calls to the authorization server that answers one endpoint itself. */
const instead =
  (end: string, answer: () => Promise<Response>): typeof fetch =>
  (input, init) =>
    String(input).endsWith(end) ? answer() : fetch(input, init)

const never = (): Promise<never> => new Promise(() => {})
const reset = async (): Promise<never> => {
  throw new TypeError('fetch failed')
}
const discovery = '/.well-known/uma2-configuration'
const flowTimeOut = { timeouts: { flow: 200 } }

const retryable: [string, string, Case][] = [
  [
    'a call that takes too long',
    'timeout',
    { options: { timeouts: { request: 100 }, fetch: instead('/token', never) } },
  ],
  ['the token endpoint was not reached', 'token_request_failed', { options: { fetch: instead('/token', reset) } }],
  ['the metadata was not reached', 'discovery_failed', { options: { fetch: instead(discovery, reset) } }],
  [
    'the metadata is 500',
    'discovery_failed',
    { options: { fetch: instead(discovery, async () => new Response('', { status: 500 })) } },
  ],
]

const final: [string, string, Case][] = [
  ['denied', 'request_denied', { world: { as: { policy: denyAll } } }],
  [
    'the owner has not decided',
    'request_submitted',
    {
      world: { as: { policy: () => ({ submitted: {} }) } },
      options: { polling: { max: 1, interval: 0, minInterval: 0 } },
    },
  ],
  ['no claims', 'need_info', { world: { as: { policy: () => ({ needInfo: { requiredClaims: [{ name: 'x' }] } }) } } }],
  [
    'insufficient claims',
    'need_info',
    {
      world: { as: { policy: () => ({ needInfo: { requiredClaims: [{ name: 'x' }] } }) } },
      options: { claims: () => claim() },
    },
  ],
  [
    'a person is needed',
    'interaction_required',
    {
      world: { as: { policy: onlyPeople('alice') } },
      options: comesBack(() => ''),
      init: () => ({ uma: { interactive: false } }),
    },
  ],
  [
    'a person came back without a ticket',
    'redirect_failed',
    {
      world: { as: { policy: onlyPeople('alice') } },
      options: comesBack(({ redirectUri, state }) => `${redirectUri}?state=${state}`),
    },
  ],
  [
    'a person came back with another state',
    'invalid_state',
    {
      world: { as: { policy: onlyPeople('alice') } },
      options: comesBack(({ redirectUri }) => `${redirectUri}?state=x&ticket=y`),
    },
  ],
  [
    'a person who never comes back',
    'timeout',
    {
      world: { as: { policy: onlyPeople('alice') } },
      options: { ...comesBack(never), ...flowTimeOut },
    },
  ],
  ['another issuer', 'untrusted_authorization_server', { server: { issuer: 'https://as.example.com' } }],
  ['another host', 'untrusted_authorization_server', { server: { hosts: ['https://photos.example.com'] } }],
  [
    'no metadata',
    'discovery_failed',
    {
      options: { fetch: instead(discovery, async () => new Response('', { status: 404 })) },
    },
  ],
  [
    'metadata of another issuer',
    'discovery_failed',
    {
      options: { fetch: instead(discovery, async () => Response.json({ issuer: 'https://evil.example' })) },
    },
  ],
  ['an unknown client', 'invalid_client', { server: { client: { id: 'nobody' } } }],
  [
    'a token answer that is none',
    'invalid_token_response',
    { world: { as: { quirks: { tokenAnswer: () => 'nonsense' } } } },
  ],
  ['a host that is never content', 'max_flows_reached', { world: { host: { quirks: { requireExtraFlows: 5 } } } }],
  [
    'a body that is gone',
    'body_not_replayable',
    {
      init: () => ({ method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' }),
    },
  ],
]

async function errorOf({ world: worldOptions = {}, options = {}, server = {}, init = () => ({}) }: Case) {
  const world = await startWorld(worldOptions)
  return umaRejection(world.requester(options, server).fetch(world.host.origin + path, init()))
}

test.each(retryable)('E4: %s: %s is retryable', async (_what, code, given) => {
  expect(await errorOf(given)).toMatchObject({ code, retryable: true })
})

test.each(final)('E4: %s: %s is not', async (_what, code, given) => {
  expect(await errorOf(given)).toMatchObject({ code, retryable: false })
})

test('E4: the same request, sent again after a retryable error, succeeds', async () => {
  const world = await startWorld()
  let fails = true
  const requester = world.requester({
    fetch: (input, init) => (fails && String(input).endsWith('/token') ? reset() : fetch(input, init)),
  })
  expect((await umaRejection(requester.fetch(world.host.origin + path))).retryable).toBe(true)
  fails = false
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
})
