/** Sending a person to the authorization server (Grant §3.3.2), over HTTP. */
import { describe, expect, test } from 'vitest'
import type { RedirectRequest, RequesterOptions } from '../../src/index.ts'
import { onlyPeople, products } from '../helpers/authorization-server.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'
import { byFetch, waysIn } from '../ways-in/kit.ts'
import { path, person, REDIRECT_URI, shown, tokenRequests, types, umaRejection, until, withPerson } from './kit.ts'

const people = { policy: onlyPeople('alice') }

/** One request through a person; what the handler was asked. */
async function goes(
  options: WorldOptions = {},
  more: Partial<RequesterOptions> = {},
  server = {},
): Promise<{ world: World; asked: RedirectRequest }> {
  const world = await startWorld({ ...options, as: { ...people, ...options.as } })
  const alice = person()
  const send = byFetch.attach(world.requester({ ...withPerson(alice), ...more }, server))
  expect((await send(world.host.origin + path)).status).toBe(200)
  expect(alice.asked.length).toBe(1)
  return { world, asked: alice.asked[0] as RedirectRequest }
}

describe.each(waysIn)('$name', ({ attach }) => {
  test('G-3.3.2-a, G-3.3.2-b, G-3.3.2-c, G-3.3.2-f: a person goes to the claims page and back', async () => {
    const world = await startWorld({ as: people })
    const alice = person()
    const send = attach(world.requester(withPerson(alice)))
    expect((await send(world.host.origin + path)).status).toBe(200)
    const parameters = shown(alice.asked[0] as RedirectRequest)
    expect([...parameters.keys()].toSorted()).toEqual(['claims_redirect_uri', 'client_id', 'state', 'ticket'])
    expect([parameters.get('client_id'), parameters.get('claims_redirect_uri')]).toEqual(['spa', REDIRECT_URI])
    // The ticket shown is the one that came with need_info; the next one came back with the person.
    const [first, second] = tokenRequests(world) as [URLSearchParams, URLSearchParams]
    const tickets = [first, parameters, second].map((one) => one.get('ticket'))
    expect(new Set(tickets).size).toBe(3)
    expect(world.as.stats).toMatchObject({ ticketsReplayed: 0, tokenRequests: 2 })
    expect(types(world.events).filter((type) => type.startsWith('redirect'))).toEqual(['redirect', 'redirect-returned'])
  })
})

test('what the handler is told: everything of the flow, and a signal', async () => {
  const { world, asked } = await goes({}, { requestingParty: 'alice' })
  const { url, signal, ...facts } = asked
  expect(facts).toEqual({
    requestingParty: 'alice',
    issuer: world.as.issuer,
    resource: world.host.origin + path,
    state: shown({ url }).get('state'),
    redirectUri: REDIRECT_URI,
  })
  expect(signal).toBeInstanceOf(AbortSignal)
})

test('G-3.3.2-c: an absolute URI with a query is kept as it is', async () => {
  const { asked } = await goes({}, { redirectUri: `${REDIRECT_URI}?keep=this` })
  expect(shown(asked).get('claims_redirect_uri')).toBe(`${REDIRECT_URI}?keep=this`)
})

test.each([
  'https://app.example.com',
  'https://App.Example.com:443/a/../cb?x=%7E',
  'http://127.0.0.1/cb',
  'com.example.app:/cb',
])('G-3.3.2-c: %s is never normalised', async (uri) => {
  const world = await startWorld({ as: { ...people, claimsRedirectUris: [uri] } })
  let seen = ''
  const onRedirect = async (asked: RedirectRequest): Promise<string> => {
    seen = asked.url
    expect(asked.redirectUri).toBe(uri)
    // Answered by the AS only if it is the registered string, to the letter.
    const { status, headers } = await fetch(asked.url, { redirect: 'manual' })
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    throw new Error('seen enough')
  }
  await expect(world.requester({ onRedirect, redirectUri: uri }).fetch(world.host.origin + path)).rejects.toThrow(
    'seen enough',
  )
  expect(new URL(seen).searchParams.get('claims_redirect_uri')).toBe(uri)
})

test('G-3.3.2-c: one URI for each server goes before the one for all', async () => {
  const { asked } = await goes({}, { redirectUri: 'https://elsewhere.example/' }, { redirectUri: REDIRECT_URI })
  expect([shown(asked).get('claims_redirect_uri'), asked.redirectUri]).toEqual([REDIRECT_URI, REDIRECT_URI])
})

test("G-3.3.2-c: a handler's own goes before both", async () => {
  const alice = person()
  const onRedirect = { open: async () => ({ redirectUri: REDIRECT_URI, run: alice }) }
  const world = await startWorld({ as: people })
  const requester = world.requester(
    { onRedirect, redirectUri: 'https://one.example/' },
    { redirectUri: 'https://two.example/' },
  )
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect(alice.asked[0]?.redirectUri).toBe(REDIRECT_URI)
})

test('G-3.3.2-c: none configured: left out, which is fine where one is registered', async () => {
  const world = await startWorld({ as: people })
  await world.as.addClient({
    ...(await world.as.findClient('spa')),
    client_id: 'one',
    claims_redirect_uris: [REDIRECT_URI],
  })
  const alice = person()
  const requester = world.requester({ onRedirect: alice }, { client: { id: 'one' } })
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
  expect([shown(alice.asked[0] as RedirectRequest).has('claims_redirect_uri'), alice.asked[0]?.redirectUri]).toEqual([
    false,
    undefined,
  ])
})

test('G-3.3.2-d, G-3.3.2-e: an unknown URI: the person never comes back, and the flow ends', async () => {
  const world = await startWorld({ as: people })
  let status = 0
  const onRedirect = async ({ url }: RedirectRequest): Promise<string> => {
    status = (await fetch(url, { redirect: 'manual' })).status
    return new Promise(() => {})
  }
  const send = byFetch.attach(
    world.requester({ onRedirect, redirectUri: `${REDIRECT_URI}/`, timeouts: { flow: 3_000 } }),
  )
  expect((await umaRejection(send(world.host.origin + path))).code).toBe('timeout')
  expect(status).toBe(400)
})

test('G-3.3.2-f, G-5.1-a, G-5.1-b: state: always there, at least 128 bits, never twice, opaque', async () => {
  const world = await startWorld({ as: { ...people, quirks: { pctOff: true, upgrade: 'never' } } })
  const alice = person()
  const requester = world.requester({ ...withPerson(alice), requestingParty: 'alice' })
  for (let i = 0; i < 20; i++) expect((await requester.fetch(`${world.host.origin}/alice/${i}.jpg`)).status).toBe(200)
  const states = alice.asked.map((asked) => shown(asked).get('state') as string)
  expect(alice.asked.map(({ state }) => state)).toEqual(states)
  expect(new Set(states).size).toBe(20)
  for (const state of states) {
    expect(state).toMatch(/^[\w-]{22,}$/)
    expect(Buffer.from(state, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
    expect(Buffer.from(state, 'base64url').toString('latin1')).not.toMatch(/alice|spa|http/)
  }
  // No bit is the same in all of them.
  const bytes = states.map((state) => Buffer.from(state, 'base64url'))
  for (let bit = 0; bit < 128; bit++)
    expect(new Set(bytes.map((b) => ((b[bit >> 3] as number) >> (bit & 7)) & 1)).size).toBe(2)
})

describe('where to', () => {
  const to = (redirectUser: (origin: string) => string, quirks = {}): WorldOptions => {
    let origin = ''
    return {
      as: {
        policy: ({ account }) => (account ? 'grant' : { needInfo: { redirectUser: redirectUser(origin) } }),
        quirks: {
          ...quirks,
          metadata: (json) => {
            origin = new URL(json.token_endpoint as string).origin
            return json
          },
        },
      },
    }
  }

  test('G-3.3.2-g: an existing query is kept', async () => {
    const { asked } = await goes(to((origin) => `${origin}/rqp_claims?id=2346576421&a=%20b`))
    expect([shown(asked).getAll('id'), shown(asked).get('a')]).toEqual([['2346576421'], ' b'])
  })

  test.each([
    ['without "?"', (origin: string) => `${origin}/rqp_claims`],
    ['with a query of its own', (origin: string) => `${origin}/rqp_claims?gathering_id=sampleClaimsGathering&`],
  ])('G-3.3.2-h: Gluu, client_id and ticket are there already, %s', async (_what, redirectUser) => {
    const { world, asked } = await goes(to(redirectUser, { redirectUserStyle: 'gluu' }))
    for (const name of ['client_id', 'ticket', 'state', 'claims_redirect_uri'])
      expect(shown(asked).getAll(name).length).toBe(1)
    expect(new URL(asked.url).pathname).toBe('/rqp_claims')
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })

  test('Gluu as a whole', async () => {
    await goes({ as: { quirks: products.gluu } })
  })

  test.each([
    'javascript:alert(document.domain)//',
    'data:text/html,<script>alert(1)</script>',
    'http://as.example.com/claims',
    'https://user:password@as.example.com/claims',
    'https://as.example.com@evil.example/claims',
    'blob:https://as.example.com/x',
    'file:///etc/passwd',
    '/relative',
    'https://',
  ])('G-3.3.2-j: redirect_user %s is refused, the handler is not even called', async (redirectUser) => {
    const world = await startWorld({ as: { policy: () => ({ needInfo: { redirectUser } }) } })
    const alice = person()
    const error = await umaRejection(byFetch.attach(world.requester(withPerson(alice)))(world.host.origin + path))
    expect(error).toMatchObject({ name: 'RedirectError', code: 'redirect_failed', issuer: world.as.issuer })
    expect(error.message).not.toContain('evil')
    expect(alice.asked).toEqual([])
    expect(types(world.events)).not.toContain('redirect')
  })

  test('an unsafe claims_interaction_endpoint in the metadata is as good as none', async () => {
    const world = await startWorld({
      as: {
        policy: () => ({ needInfo: { requiredClaims: [{ name: 'x' }] } }),
        quirks: { metadata: (json) => ({ ...json, claims_interaction_endpoint: 'javascript:alert(1)' }) },
      },
    })
    const alice = person()
    expect(
      (await umaRejection(byFetch.attach(world.requester(withPerson(alice)))(world.host.origin + path))).code,
    ).toBe('need_info')
    expect(alice.asked).toEqual([])
  })
})

test('G-3.3.2-i: nobody is sent anywhere before the AS has asked', async () => {
  const world = await startWorld()
  const alice = person()
  expect((await byFetch.attach(world.requester(withPerson(alice)))(world.host.origin + path)).status).toBe(200)
  expect(alice.asked).toEqual([])
})

test('G-3.3.2-k: what is being fetched waits for the person, and others are not held up', async () => {
  const world = await startWorld({ as: people })
  const alice = person()
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const requester = world.requester(withPerson(async (asked) => gate.then(() => alice(asked))))
  const waiting = requester.fetch(world.host.origin + path)
  await until(() => types(world.events).includes('redirect'))
  expect((await requester.fetch(`${world.host.origin}/public/x`)).status).toBe(200)
  world.as.policy = () => 'grant'
  expect((await requester.fetch(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
  open()
  expect((await waiting).status).toBe(200)
})
