/** What the code flow refuses of a token endpoint or a way back, where test/host/pat-*.test.ts do not say it already. */
import { describe, expect, test } from 'vitest'
import { none } from '../../src/authorization-server/client-authentication.ts'
import { beginCodeFlow, finishCodeFlow, refreshTokens } from '../../src/authorization-server/sign-in/code-flow.ts'
import type { Connection } from '../../src/authorization-server/token-request.ts'
import { makeKeys, signJwt } from '../helpers/as/keys.ts'
import { failure, said, scripted } from '../host/protection-kit.ts'

const keys = makeKeys()
const facts = { redirectUri: 'https://app.example/back', scope: 'openid uma_protection', state: 'the-state' }

/** A token endpoint that answers with these members, made once the nonce is known. */
async function flow(members: (nonce: string, issuer: string) => Record<string, unknown>) {
  let nonce = ''
  const kit = await scripted(
    () => undefined,
    {},
    {
      token: () => ({
        status: 200,
        body: { access_token: 'the-token', token_type: 'Bearer', expires_in: 60, ...members(nonce, kit.issuer) },
      }),
      metadata: { authorization_endpoint: 'https://as.example/authorize' },
    },
  )
  const connection: Connection = {
    caller: { fetch: () => fetch, timeout: 2_000 },
    metadata: await kit.services.metadata(),
    client: { id: 'app', auth: none() },
    context: {
      requestingParty: 'alice',
      issuer: kit.issuer,
      resource: kit.issuer,
      signal: new AbortController().signal,
      accessToken: async () => 'unused',
      idToken: async () => undefined,
    },
  }
  const { url, memo } = await beginCodeFlow(connection, facts)
  nonce = memo.nonce ?? ''
  const finish = (back = '?code=the-code&state=the-state') => finishCodeFlow(connection, memo, facts.redirectUri + back)
  return { ...kit, connection, url, memo, finish }
}

const idToken = (
  iss: string,
  nonce: string,
  more: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
) => {
  const now = Math.floor(Date.now() / 1000)
  return signJwt(keys, { iss, aud: 'app', sub: 'alice', iat: now, exp: now + 60, nonce, ...more }, header)
}

describe('ID tokens (OpenID Connect Core §3.1.3.7)', () => {
  test('one that is ours, signed in a way that UMA’s metadata does not name', async () => {
    const { finish, url, memo } = await flow((nonce, issuer) => ({ id_token: idToken(issuer, nonce), scope: 'openid' }))
    expect(new URL(url).searchParams.get('nonce')).toBe(memo.nonce)
    expect(await finish()).toMatchObject({ accessToken: 'the-token', idToken: expect.any(String), scope: 'openid' })
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
    ['another issuer', { iss: 'https://as.example' }],
    ['another audience', { aud: 'other' }],
    ['one that has ended', { exp: 1 }],
    ['no signature', {}, { alg: 'none' }],
    ['a signature with a shared secret', {}, { alg: 'HS256' }],
  ])('%s: refused, nothing quoted', async (_, claims, header) => {
    const { finish } = await flow((nonce, issuer) => ({ id_token: idToken(issuer, nonce, claims, header) }))
    const error = await failure(finish())
    expect(error).toMatchObject({ name: 'InvalidTokenResponseError', code: 'invalid_token_response' })
    for (const secret of ['the-token', 'the-code', 'the-state']) expect(said(error)).not.toContain(secret)
  })
})

test.each([
  ['several codes', '?code=the-code&code=other&state=the-state', 'code'],
  ['no code', '?state=the-state', 'code'],
  ['an error of the server’s own making', '?error=<Secret Words>&state=the-state', 'error'],
])('RFC 6749 §4.1.2: %s: nothing is redeemed', async (_, back, reason) => {
  const { finish, recorder } = await flow(() => ({}))
  const error = await failure(finish(back))
  expect(error).toMatchObject({ name: 'RedirectError', reason })
  for (const secret of ['the-code', 'the-state', 'Secret']) expect(said(error)).not.toContain(secret)
  expect(recorder.count(({ method }) => method === 'POST')).toBe(0)
})

test.each([
  ['RFC 6749 §7.1: a type of token that nobody knows', { token_type: 'MAC' }],
  ['G-3.4-b: a token that would split a header', { access_token: 'a\r\nb' }],
])('%s is not used', async (_, members) => {
  const { connection } = await flow(() => members)
  expect(await failure(refreshTokens(connection, 'the-refresh'))).toMatchObject({ code: 'invalid_token_response' })
})

test('RFC 7636 §4: the verifier of the challenge goes with the code, and nowhere else', async () => {
  const { finish, url, memo, recorder } = await flow((nonce, issuer) => ({ id_token: idToken(issuer, nonce) }))
  await finish()
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(memo.verifier))
  expect(new URL(url).searchParams.get('code_challenge')).toBe(Buffer.from(hash).toString('base64url'))
  expect(url).not.toContain(memo.verifier)
  const [request] = recorder.containing(memo.verifier)
  expect(Object.fromEntries(new URLSearchParams(`${request?.body}`))).toMatchObject({
    grant_type: 'authorization_code',
    code: 'the-code',
    redirect_uri: facts.redirectUri,
    code_verifier: memo.verifier,
    client_id: 'app',
  })
})

test('a server without authorization_endpoint, or a client without a way back: told before anybody goes anywhere', async () => {
  const { connection } = await flow(() => ({}))
  const { authorization_endpoint: _, ...without } = connection.metadata
  expect(await failure(beginCodeFlow({ ...connection, metadata: without as never }, facts))).toMatchObject({
    code: 'redirect_failed',
  })
  expect(await failure(beginCodeFlow(connection, { ...facts, redirectUri: undefined }))).toMatchObject({
    code: 'redirect_failed',
  })
})
