/** E3: the server's `error_description` reaches the application without the secrets of the request. */
import { describe, expect, test } from 'vitest'
import type { Caller } from '../../../src/authorization-server/call.ts'
import {
  type ClientAuth,
  clientSecretBasic,
  clientSecretPost,
} from '../../../src/authorization-server/client-authentication.ts'
import { clientCredentials } from '../../../src/authorization-server/client-credentials.ts'
import { registerClient } from '../../../src/authorization-server/registration.ts'
import { sendAsk } from '../../../src/authorization-server/send-ask.ts'
import { secretsOf } from '../../../src/authorization-server/sent-secrets.ts'
import { finishCodeFlow, refreshTokens } from '../../../src/authorization-server/sign-in/code-flow.ts'
import { post, revokeToken } from '../../../src/authorization-server/token-request.ts'
import { type Act, connect, failureOf, metadata, scriptedFetch } from './kit.ts'

const secret = 'a secret: 50% & more/+'

const connectWith = (caller: Caller, auth: ClientAuth) => ({ ...connect(caller), client: { id: 'app', auth } })

/** A server that quotes everything that it received. */
function quoting(code = 'invalid_grant', httpStatus = 400) {
  const act: Act = () => {
    const { body, headers } = server.sent.at(-1) as (typeof server.sent)[number]
    const form = [...new URLSearchParams(body)].map(([name, value]) => `${name} is ${value};`).join(' ')
    const authorization = headers.get('authorization') ?? ''
    const basic = /^Basic (.*)$/.exec(authorization)?.[1]
    const description = `Refused. ${form} ${authorization} ${basic ? atob(basic) : ''} ${body}`
    return Response.json({ error: code, error_description: description }, { status: httpStatus })
  }
  const server = scriptedFetch(act)
  return server
}

const redirectUri = 'https://app.example/back'
const memo = { state: 'the-state', verifier: 'the-verifier'.padEnd(43, 'x'), redirectUri }

const requests: [string, string[], (caller: Caller) => Promise<unknown>][] = [
  [
    'code flow',
    ['the-code', memo.verifier],
    (caller) => finishCodeFlow(connect(caller), memo, `${redirectUri}?code=the-code&state=the-state`),
  ],
  ['refresh', ['the-refresh-token'], (caller) => refreshTokens(connect(caller), 'the-refresh-token')],
  [
    'client credentials, secret in the body',
    [secret],
    (caller) => clientCredentials(connectWith(caller, clientSecretPost(secret)), 'read'),
  ],
  [
    'client credentials, Basic',
    [secret, encodeURIComponent(secret)],
    (caller) => clientCredentials(connectWith(caller, clientSecretBasic(secret)), 'read'),
  ],
  [
    'registration',
    ['the-statement'],
    (caller) => registerClient(caller, metadata, { client_name: 'App', software_statement: 'the-statement' }),
  ],
  ['revocation', ['the-token'], (caller) => revokeToken(connect(caller), 'the-token', 'access_token')],
]

describe.each(requests)('%s', (_, secrets, send) => {
  test('the description is there, cleaned, and nowhere else', async () => {
    const { caller } = quoting()
    const error = await failureOf(send(caller))
    expect(error.description).toMatch(/^Refused\. .*\[redacted\]/)
    for (const one of secrets) expect(error.description).not.toContain(one)
    expect(Object.keys(error)).not.toContain('description')
    expect([error.message, JSON.stringify(error), `${error.cause}`].join()).not.toContain('Refused')
  })

  test('without one, there is none', async () => {
    const { caller } = scriptedFetch(() => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    expect((await failureOf(send(caller))).description).toBeUndefined()
  })
})

test('a server error and an answer without a code have their description, too', async () => {
  const unwell = quoting('server_error', 500)
  expect(await failureOf(refreshTokens(connect(unwell.caller), 'the-refresh-token'))).toMatchObject({
    code: 'token_request_failed',
    retryable: true,
    description: expect.stringContaining('refresh_token is [redacted]'),
  })
  const odd = quoting('Not A Code')
  expect(await failureOf(refreshTokens(connect(odd.caller), 'the-refresh-token'))).toMatchObject({
    code: 'invalid_token_response',
    status: 400,
    description: expect.stringContaining('refresh_token is [redacted]'),
  })
})

test('the answers that schemes read bring it, already cleaned', async () => {
  const { caller } = quoting('need_info', 403)
  const parameters = { grant_type: 'a-grant', ticket: 'the-ticket', claim_token: 'the-claim' }
  const posted = await post(connect(caller), metadata.token_endpoint, parameters)
  const asked = await sendAsk(connect(caller), { endpoint: metadata.token_endpoint, by: 'nobody', json: parameters })
  expect(posted.description).toContain('ticket is [redacted]; claim_token is [redacted]')
  expect(posted.description).toContain('grant_type is a-grant')
  expect(asked.description).not.toMatch(/the-ticket|the-claim/)
})

test('an answer that is no error, or is no JSON, has none', async () => {
  const good = scriptedFetch(() => Response.json({ error_description: 'all is well' }))
  expect(await post(connect(good.caller), metadata.token_endpoint, {})).not.toHaveProperty('description')
  const html = scriptedFetch(() => new Response('<h1>error_description</h1>', { status: 400 }))
  expect(await post(connect(html.caller), metadata.token_endpoint, {})).not.toHaveProperty('description')
  const number = scriptedFetch(() => Response.json({ error_description: 7 }, { status: 400 }))
  expect(await post(connect(number.caller), metadata.token_endpoint, {})).not.toHaveProperty('description')
})

describe('secretsOf', () => {
  const none = new Headers()

  test('a form: all values but those of public parameters', () => {
    const form = new URLSearchParams({ grant_type: 'g', scope: 's', client_id: 'app', redirect_uri: 'u', code: 'c1' })
    form.append('claim_token', 'c2')
    form.append('claim_token', 'c3')
    form.append('own_parameter', 'c4')
    expect(secretsOf(form, none)).toEqual(['c1', 'c2', 'c3', 'c4'])
  })

  test('JSON: all texts but those of public members, at any depth', () => {
    const body = { ticket: 't', claim_tokens: [{ format: 'f', token: 'c' }], client_id: 'app', n: 7, nothing: null }
    expect(secretsOf(body, none)).toEqual(['t', 'f', 'c'])
    expect(secretsOf('text', none)).toEqual(['text'])
    expect(secretsOf(undefined, none)).toEqual([])
  })

  test('headers: whole values and credentials, but not of public headers', () => {
    const headers = new Headers({
      accept: 'a/b',
      'content-type': 'c/d',
      dpop: 'the-proof',
      authorization: 'Bearer tok',
    })
    expect(secretsOf(undefined, headers)).toEqual(expect.arrayContaining(['the-proof', 'Bearer tok', 'tok']))
    expect(secretsOf(undefined, headers)).not.toEqual(expect.arrayContaining(['a/b']))
  })

  test('Basic: the password as it was before it was encoded', () => {
    const basic = (text: string) => new Headers({ authorization: `Basic ${btoa(text)}` })
    expect(secretsOf(undefined, basic('app:a+b%3Ac%26d'))).toEqual(expect.arrayContaining(['a+b%3Ac%26d', 'a b:c&d']))
    expect(secretsOf(undefined, basic('no colon'))).toEqual(expect.arrayContaining(['no colon']))
    const broken = new Headers({ authorization: 'Basic ***' })
    expect(secretsOf(undefined, broken)).toEqual(['Basic ***', '***'])
  })

  test('OAuth 1.0a: each parameter, also as it was before it was encoded', () => {
    const authorization = 'OAuth oauth_token="t%2Fk", oauth_signature="s%ZZ"'
    expect(secretsOf(undefined, new Headers({ authorization }))).toEqual(
      expect.arrayContaining(['t%2Fk', 't/k', 's%ZZ']),
    )
  })
})
