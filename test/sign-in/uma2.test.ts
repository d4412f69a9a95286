/** Signing people in on UMA 2.0: an access token of theirs as `bearer()`, an ID token as claim. */
import { describe, expect, test } from 'vitest'
import { bearer, clientSecretPost } from '../../src/index.ts'
import { codeFlow, defineSignIn } from '../../src/sign-in.ts'
import { ID_TOKEN_FORMAT, onlyPeople, onlySubjects } from '../helpers/authorization-server.ts'
import { waysIn } from '../ways-in/kit.ts'
import {
  bearerOf,
  formOf,
  grants,
  keycloak,
  path,
  people,
  REDIRECT_URI,
  tokenRequests,
  umaRejection,
  wantsIdToken,
} from './kit.ts'

describe.each(waysIn)('$name', ({ attach }) => {
  test('bearer(): nobody is signed in, so Alice signs in, and the flow goes on with its ticket', async () => {
    const { world, requester, url } = await keycloak()
    const alice = people('alice')
    const send = attach(requester({ onRedirect: alice }))
    expect((await send(url)).status).toBe(200)
    expect(grants(world)).toEqual(['code', 'uma'])
    expect(alice.asked.length).toBe(1)
    expect(world.as.stats.ticketsIssued).toBe(1)
    const [uma] = tokenRequests(world, 'uma')
    expect(bearerOf(uma as never)).toMatch(/^\S{20,}$/)
    expect(formOf(uma as never).client_id).toBeUndefined()
    world.recorder.clear()
    expect((await send(`${world.host.origin}/alice/2.jpg`)).status).toBe(200)
    expect(grants(world)).toEqual(['uma'])
    expect(alice.asked.length).toBe(1)
  })

  test('an ID token as claim: the function asks for it, somebody signs in, and it is called again', async () => {
    const { world, requester, url } = await wantsIdToken(onlySubjects(['alice']))
    expect((await attach(requester())(url)).status).toBe(200)
    expect(grants(world)).toEqual(['uma', 'code', 'uma'])
    const [, pushed] = tokenRequests(world, 'uma').map(formOf)
    expect(pushed).toMatchObject({ claim_token_format: ID_TOKEN_FORMAT, client_id: 'spa' })
    const [, payload = ''] = pushed?.claim_token?.split('.') ?? []
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ sub: 'alice', aud: 'spa' })
  })
})

test('the authorization request: code, PKCE, state, nonce, and what was asked for besides', async () => {
  const { requester, url } = await keycloak()
  const alice = people('alice')
  await requester({ onRedirect: alice }).fetch(url)
  const [{ url: asked = '', state, redirectUri } = {}] = alice.asked
  expect(redirectUri).toBe(REDIRECT_URI)
  expect(Object.fromEntries(new URL(asked).searchParams)).toEqual({
    response_type: 'code',
    client_id: 'spa',
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access',
    prompt: 'consent',
    state,
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  })
  expect(state).toMatch(/^[\w-]{32}$/)
})

test('several requests at once: one sign-in', async () => {
  const { world, requester } = await keycloak()
  const alice = people('alice')
  const app = requester({ onRedirect: alice })
  const paths = ['/alice/1.jpg', '/alice/2.jpg', '/alice/3.jpg', '/alice/1.jpg', '/alice/2.jpg']
  const answers = await Promise.all(paths.map((at) => app.fetch(world.host.origin + at)))
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200))
  expect([alice.asked.length, tokenRequests(world, 'code').length]).toEqual([1, 1])
})

test('the claims function is called with the ID token before the first request too (pushClaims: first)', async () => {
  const { world, requester, url } = await wantsIdToken(onlySubjects(['alice']))
  expect((await requester({}, { pushClaims: 'first' }).fetch(url)).status).toBe(200)
  expect(grants(world)).toEqual(['code', 'uma'])
})

test('signing in and claims, one after the other: a person says who they are, and agrees', async () => {
  const { world, requester, url } = await keycloak(({ bearerSubject, account }) =>
    bearerSubject === 'alice' && account === 'alice' ? 'grant' : { needInfo: { redirectUser: true } },
  )
  const alice = people('alice')
  expect((await requester({ onRedirect: alice }).fetch(url)).status).toBe(200)
  expect(alice.asked.map((asked) => new URL(asked.url).pathname)).toEqual(['/authorize', '/rqp_claims'])
  expect(grants(world)).toEqual(['code', 'uma', 'uma'])
})

describe('nobody to sign in', () => {
  test('interactive: false: interaction_required, and the ticket was not sent', async () => {
    const { world, requester, url } = await keycloak()
    const app = requester()
    expect((await umaRejection(app.fetch(url, { uma: { interactive: false } }))).code).toBe('interaction_required')
    expect(tokenRequests(world)).toEqual([])
    expect((await app.fetch(url)).status).toBe(200)
    expect((await app.fetch(`${world.host.origin}/alice/2.jpg`, { uma: { interactive: false } })).status).toBe(200)
  })

  test.each([
    ['no redirect handler', { onRedirect: undefined }, {}],
    ['no signIn', {}, { signIn: undefined }],
  ])('%s: interaction_required', async (_what, options, server) => {
    const { world, requester, url } = await keycloak()
    const app = requester(options as object, server as object)
    expect((await umaRejection(app.fetch(url))).code).toBe('interaction_required')
    expect(tokenRequests(world)).toEqual([])
  })

  test('R10: no redirect URI: told when the requester is created', async () => {
    const { requester } = await keycloak()
    expect(() => requester({ redirectUri: undefined } as object)).toThrow(/redirectUri is missing/)
  })

  test('a handler that brings no redirect URI either: redirect_failed', async () => {
    const { requester, url } = await keycloak()
    const onRedirect = { open: async () => ({ run: async () => '' }) }
    const app = requester({ redirectUri: undefined, onRedirect } as object)
    expect((await umaRejection(app.fetch(url))).code).toBe('redirect_failed')
  })
})

describe('client authentication of the code flow', () => {
  test('its own', async () => {
    const { world, requester, url } = await keycloak()
    const signIn = codeFlow({ scope: 'openid', auth: clientSecretPost('web-post-secret') })
    const app = requester({}, { client: { id: 'web-post', auth: bearer() }, signIn })
    expect((await app.fetch(url)).status).toBe(200)
    expect(formOf(tokenRequests(world, 'code')[0] as never).client_secret).toBe('web-post-secret')
  })

  test("the client's, where that is no bearer()", async () => {
    const { world, requester, url } = await wantsIdToken(onlySubjects(['alice']))
    const app = requester({}, { client: { id: 'web-post', auth: clientSecretPost('web-post-secret') } })
    expect((await app.fetch(url)).status).toBe(200)
    const secrets = tokenRequests(world).map((request) => formOf(request).client_secret)
    expect(secrets).toEqual(Array(3).fill('web-post-secret'))
  })

  test('refused: its code', async () => {
    const { requester, url } = await wantsIdToken(onlySubjects(['alice']))
    const signIn = codeFlow({ scope: 'openid', auth: clientSecretPost('wrong') })
    const app = requester({}, { client: { id: 'web-post', auth: clientSecretPost('web-post-secret') }, signIn })
    expect((await umaRejection(app.fetch(url))).code).toBe('invalid_client')
  })
})

test('a sign-in without openid brings no ID token: the claims function hears of none', async () => {
  const { requester, url } = await wantsIdToken(onlySubjects(['alice']))
  const signIn = codeFlow({ scope: 'uma_authorization' })
  expect((await umaRejection(requester({}, { signIn }).fetch(url))).code).toBe('need_info')
})

test('without it, nothing is different: a public client with its own token', async () => {
  const { world, requester, url } = await keycloak(onlyPeople('alice'))
  const accessToken = await world.as.issueAccessToken({ account: 'alice', clientId: 'spa' })
  const app = requester(
    { onRedirect: undefined } as object,
    {
      client: { id: 'spa', auth: bearer(() => accessToken) },
      signIn: undefined,
    } as object,
  )
  expect((await app.fetch(url)).status).toBe(200)
  expect(grants(world)).toEqual(['uma'])
})

test('a way of one’s own to sign in', async () => {
  const { world, requester } = await keycloak(onlyPeople('alice'), {})
  const accessToken = await world.as.issueAccessToken({ account: 'alice', clientId: 'spa' })
  const seen: unknown[] = []
  const app = requester(
    { onRedirect: async ({ url, state }) => `${REDIRECT_URI}?state=${state}&from=${encodeURIComponent(url)}` },
    {
      client: { id: 'spa', auth: bearer() },
      signIn: defineSignIn({
        async begin({ client, context: { requestingParty } }, { redirectUri }) {
          seen.push([client.id, requestingParty, redirectUri])
          return { url: 'https://sign-in.example/', memo: { its: 'own' } }
        },
        async finish(_connection, memo, back) {
          seen.push([memo, new URL(back).searchParams.get('from')])
          return { accessToken }
        },
      }),
    },
  )
  expect((await app.fetch(world.host.origin + path)).status).toBe(200)
  expect(seen).toEqual([
    ['spa', 'alice', REDIRECT_URI],
    [{ its: 'own' }, 'https://sign-in.example/'],
  ])
})
