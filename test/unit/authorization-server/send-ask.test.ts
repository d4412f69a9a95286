/** The requests of schemes, and what a binding adds to a token request. */
import { describe, expect, test } from 'vitest'
import { clientSecretBasic, clientSecretPost } from '../../../src/authorization-server/client-authentication.ts'
import { type Ask, type AskOptions, sendAsk } from '../../../src/authorization-server/send-ask.ts'
import { post } from '../../../src/authorization-server/token-request.ts'
import { connect, failureOf, issuer, json, metadata, type Sent, scriptedFetch } from './kit.ts'

const endpoint = `${issuer}/ask`

async function send(ask: Partial<Ask>, options: AskOptions = {}, auth = clientSecretPost('the-secret')) {
  const { caller, sent } = scriptedFetch(json({ ok: true }, 201, { 'x-nonce': 'n' }))
  const connection = { ...connect(caller), client: { id: 'app', auth } }
  const answer = await sendAsk(connection, { endpoint, by: 'nobody', ...ask }, options)
  const request = sent[0] as Sent
  return { answer, request, header: (name: string) => request.headers.get(name) }
}

describe('the body', () => {
  test('a form; several values of one name, and none of an undefined one', async () => {
    const { request, header } = await send({ form: { a: '1', b: ['2', '3'], c: undefined } })
    expect([request.method, request.url, request.body]).toEqual(['POST', endpoint, 'a=1&b=2&b=3'])
    expect(header('accept')).toBe('application/json')
  })

  test('JSON', async () => {
    const { request, header } = await send({ json: { a: [1] } })
    expect([request.body, header('content-type')]).toEqual(['{"a":[1]}', 'application/json'])
  })

  test('headers of the scheme are set over accept and content-type', async () => {
    const { header } = await send({ json: 1, headers: { accept: 'text/x', 'content-type': 'text/y', 'x-own': 'z' } })
    expect([header('accept'), header('content-type'), header('x-own')]).toEqual(['text/x', 'text/y', 'z'])
  })
})

describe('who authenticates', () => {
  test('nobody', async () => {
    const { request, header } = await send({ by: 'nobody', form: { a: '1' } })
    expect([request.body, header('authorization')]).toEqual(['a=1', null])
  })

  test('the client, in a form or a header', async () => {
    const inForm = await send({ by: 'client', form: { a: '1' } })
    expect(inForm.request.body).toBe('a=1&client_id=app&client_secret=the-secret')
    const inHeader = await send({ by: 'client', form: { a: '1' } }, {}, clientSecretBasic('the-secret'))
    expect([inHeader.request.body, inHeader.header('authorization')]).toEqual([
      'a=1',
      `Basic ${btoa('app:the%2Dsecret')}`,
    ])
  })

  test('the client, in JSON: its parameters become members', async () => {
    const { request } = await send({ by: 'client', json: { a: 1 } })
    expect(JSON.parse(request.body)).toEqual({ a: 1, client_id: 'app', client_secret: 'the-secret' })
  })

  test('the party, by its own access token', async () => {
    const { request, header } = await send({ by: 'party', json: { a: 1 } }, { bearer: 'party-token' })
    expect([request.body, header('authorization')]).toEqual(['{"a":1}', 'Bearer party-token'])
  })

  test('the party, and nobody is signed in: nothing is sent', async () => {
    const { caller, sent } = scriptedFetch(json({}))
    const error = await failureOf(sendAsk(connect(caller), { endpoint, by: 'party' }))
    expect([error.code, error.issuer, sent.length]).toEqual(['interaction_required', issuer, 0])
  })
})

test('the answer: status, headers and text; a redirect is not followed', async () => {
  const { answer } = await send({})
  expect([answer.status, answer.headers.get('x-nonce'), answer.text]).toEqual([201, 'n', '{"ok":true}'])
  let redirect: RequestRedirect | undefined
  const fetch = (async (_url, init) => {
    redirect = init?.redirect
    return new Response(null, { status: 302, headers: { location: 'https://other.example' } })
  }) as typeof globalThis.fetch
  const moved = await sendAsk(connect({ fetch: () => fetch, timeout: 1_000 }), { endpoint, by: 'nobody' })
  expect([moved.status, redirect]).toEqual([302, 'manual'])
})

describe('the endpoint', () => {
  test.each([undefined, '', '/ask', 'http://as.example/ask', 'https://bob:pass@as.example/', 'ftp://as.example/'])(
    '%j is refused, and nothing is sent',
    async (bad) => {
      const { caller, sent } = scriptedFetch(json({}))
      const error = await failureOf(sendAsk(connect(caller), { endpoint: bad as string, by: 'nobody' }))
      expect([error.code, error.issuer, sent.length]).toEqual(['discovery_failed', issuer, 0])
    },
  )

  async function sendFor(own: string, endpoint: string, options: AskOptions): Promise<number> {
    const { caller } = scriptedFetch(json({}, 201))
    const connection = connect(caller)
    const metadata = { ...connection.metadata, issuer: own }
    return (await sendAsk({ ...connection, metadata }, { endpoint, by: 'nobody' }, options)).status
  }

  test('plain http on this machine for an issuer on this machine, or where the scheme allows it', async () => {
    expect(await sendFor('http://127.0.0.1:1', 'http://127.0.0.1:1/ask', {})).toBe(201)
    expect(await sendFor('http://as.example', 'http://as.example/ask', { allowInsecureHttp: true })).toBe(201)
  })

  test.each([
    ['https://as.example', 'http://as.example/ask'],
    ['https://as.example', 'http://127.0.0.1:1/ask'],
    ['http://as.example', 'http://127.0.0.1:1/ask'],
  ])('the issuer %s has no endpoint %s, whatever the scheme', async (own, endpoint) => {
    const error = await failureOf(sendFor(own, endpoint, { allowInsecureHttp: true }))
    expect(error.code).toBe('discovery_failed')
  })
})

describe('a binding', () => {
  const binding = (log: string[]): AskOptions => ({
    extraHeaders: { dpop: 'the-proof' },
    onSend: () => void log.push('sent'),
  })

  test('adds headers to an ask; onSend is told when the request is authenticated', async () => {
    const log: string[] = []
    const auth = async () => void log.push('authenticated')
    const { header } = await send({ by: 'client' }, binding(log), auth)
    expect([header('dpop'), log]).toEqual(['the-proof', ['authenticated', 'sent']])
  })

  test('adds headers to a token request, too, and the answer brings its headers', async () => {
    const { caller, sent } = scriptedFetch(json({}, 200, { 'dpop-nonce': 'n' }))
    const log: string[] = []
    const { headers } = await post(connect(caller), metadata.token_endpoint, { a: '1' }, binding(log))
    expect([sent[0]?.headers.get('dpop'), headers.get('dpop-nonce'), log]).toEqual(['the-proof', 'n', ['sent']])
  })

  test('onSend is not told if client authentication fails', async () => {
    const log: string[] = []
    const auth = () => {
      throw new RangeError('no key')
    }
    await failureOf(send({ by: 'client' }, binding(log), auth))
    expect(log).toEqual([])
  })
})
