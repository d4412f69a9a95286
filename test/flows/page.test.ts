/** The redirect that leaves the page: the flow waits in storage, and the callback page finishes it. */

import { describe, expect, test } from 'vitest'
import { handleCallback } from '../../src/callback.ts'
import { clientSecretBasic } from '../../src/index.ts'
import { grantAll } from '../helpers/authorization-server.ts'
import { asksFor, claim, path, REDIRECT_URI, shown, tokenRequests, types, until, visit } from './kit.ts'
import { pages, pendingIn } from './page-kit.ts'

test('G-3.3.2-k: leaves, comes back on another page, and is done', async () => {
  const { world, storage, urls, load, leave } = await pages()
  const back = await leave(load())
  expect([urls.length, pendingIn(storage).length]).toEqual([1, 1])
  const requester = load()
  world.recorder.clear()
  const callback = await handleCallback(requester, back)
  expect(callback.kind).toBe('ticket')
  expect(callback.request).toEqual({ method: 'GET', url: world.host.origin + path })
  expect(pendingIn(storage)).toEqual([])
  expect(tokenRequests(world).map((form) => form.get('ticket'))).toEqual([new URL(back).searchParams.get('ticket')])
  world.recorder.clear()
  expect((await requester.fetch(`${callback.request?.url}`)).status).toBe(200)
  expect(world.lines()).toEqual([`GET host ${path} 200`])
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('the same requester may come back too (a page that was not left after all)', async () => {
  const { world, load, leave } = await pages()
  const requester = load()
  await handleCallback(requester, await leave(requester))
  expect((await requester.fetch(world.host.origin + path)).status).toBe(200)
})

test('the URI of the handler goes before that of the requester', async () => {
  const { urls, load, leave } = await pages({ redirectUri: `${REDIRECT_URI}?keep=this` })
  const back = await leave(load())
  expect(shown({ url: urls[0] as string }).get('claims_redirect_uri')).toBe(`${REDIRECT_URI}?keep=this`)
  expect(back.startsWith(`${REDIRECT_URI}?keep=this&`)).toBe(true)
  expect((await handleCallback(load(), back)).kind).toBe('ticket')
})

test('scope, parameters, rpt and pct are those of the request that left', async () => {
  const { world, load, leave } = await pages()
  const requester = load()
  world.as.policy = ({ claims }) => (claims.length ? 'grant' : { needInfo: { requiredClaims: [{ name: 'x' }] } })
  const first = load({ claims: () => claim() })
  expect((await first.fetch(world.host.origin + path)).status).toBe(200)
  world.as.policy = ({ account }) => (account ? 'grant' : { needInfo: { redirectUser: true } })
  world.recorder.clear()
  const back = await leave(requester, { path: '/alice/2.jpg', uma: { scope: 'write', parameters: { audience: 'y' } } })
  await handleCallback(load(), back)
  const facts = tokenRequests(world).map((form) => [
    form.get('scope'),
    form.get('audience'),
    form.has('rpt'),
    form.has('pct'),
  ])
  expect(facts).toEqual([1, 2].map(() => ['write', 'y', true, true]))
})

describe('replay', () => {
  test('a GET can be sent again without being stored', async () => {
    const { load, leave } = await pages()
    const { replay } = await handleCallback(load(), await leave(load()))
    expect((await replay?.())?.status).toBe(200)
  })

  test('storeRequest: method, headers and text body, never Authorization', async () => {
    const { world, storage, load, leave } = await pages({ storeRequest: true })
    const headers = { 'content-type': 'text/markdown', 'x-mine': '1', authorization: 'Bearer marked-own' }
    const back = await leave(load({ headers: { accept: 'application/json' } }), {
      method: 'PUT',
      body: '# Hi ü',
      headers,
    })
    expect(JSON.stringify([...storage])).not.toContain('marked-own')
    const { request, replay } = await handleCallback(load(), back)
    expect(request).toEqual({
      method: 'PUT',
      url: world.host.origin + path,
      stored: {
        headers: { accept: 'application/json', 'content-type': 'text/markdown', 'x-mine': '1' },
        body: '# Hi ü',
      },
    })
    world.recorder.clear()
    expect((await replay?.())?.status).toBe(200)
    expect(world.host.bodies.map(({ method, contentType, bytes }) => [method, contentType, bytes.toString()])).toEqual([
      ['PUT', 'text/markdown', '# Hi ü'],
    ])
    expect(world.sent()[0]?.headers).toMatchObject({ 'x-mine': '1', accept: 'application/json' })
    expect(world.lines()).toEqual([`PUT host ${path} 200`])
    expect(world.recorder.containing('marked-own')).toEqual([])
  })

  test('a form: with its content type', async () => {
    const { world, load, leave } = await pages({ storeRequest: true })
    const back = await leave(load(), { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
    const { replay } = await handleCallback(load(), back)
    expect((await replay?.())?.status).toBe(200)
    expect(world.host.bodies.map(({ contentType, bytes }) => [contentType, bytes.toString()])).toEqual([
      ['application/x-www-form-urlencoded;charset=UTF-8', 'a=b+c'],
    ])
  })

  test.each([
    ['not stored', {}, { method: 'PUT', body: 'x' }],
    ['a Blob', { storeRequest: true }, { method: 'PUT', body: new Blob(['x']) }],
    ['a FormData', { storeRequest: true }, { method: 'POST', body: new FormData() }],
    ['bytes', { storeRequest: true }, { method: 'PUT', body: new Uint8Array([1]) }],
    ['a body made by uma.body', { storeRequest: true }, { method: 'PUT', uma: { body: () => 'x' } }],
    [
      'a one-shot body, buffered',
      { storeRequest: true },
      { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half', uma: { buffer: true } },
    ],
  ] as const)('%s: no replay, rather than one with another body', async (_what, options, init) => {
    const { world, load, leave } = await pages(options)
    const { request, replay } = await handleCallback(load(), await leave(load(), init as RequestInit))
    expect([request?.method, request?.stored, replay]).toEqual([init.method, undefined, undefined])
    // The application can send it itself.
    expect((await load().fetch(`${request?.url}`, { method: init.method, body: 'again' })).status).toBe(200)
    expect(world.host.bodies.map(({ bytes }) => bytes.toString())).toEqual(['again'])
  })

  test('an AS that sends the person away twice: what was stored is still there', async () => {
    const { world, urls, load, leave } = await pages({ storeRequest: true }, { policy: asksFor('person', 'person') })
    const back = await leave(load(), { method: 'PUT', body: 'kept' })
    handleCallback(load(), back).catch(() => {})
    await until(() => urls.length === 2)
    const { request, replay } = await handleCallback(load(), await visit(urls[1] as string))
    expect(request?.stored?.body).toBe('kept')
    expect((await replay?.())?.status).toBe(200)
    expect(world.host.bodies.map(({ bytes }) => bytes.toString())).toEqual(['kept'])
    expect(world.as.stats.ticketsReplayed).toBe(0)
  })
})

test('claims may be asked for after the person came back, with the same context', async () => {
  const { world, load, leave } = await pages({}, { policy: asksFor('person', [{ name: 'age' }]) })
  const back = await leave(load())
  const asked: unknown[] = []
  const requester = load({
    claims: (needed, { signal: _signal, ...context }) => {
      asked.push(needed, context)
      return claim()
    },
  })
  await handleCallback(requester, back)
  expect(asked).toEqual([
    [{ name: 'age', raw: { name: 'age' } }],
    { requestingParty: 'alice', issuer: world.as.issuer, resource: world.host.origin + path },
  ])
})

test('the owner may have to agree after the person came back', async () => {
  const { load, leave } = await pages({}, { policy: asksFor('person', { submitted: 0.01 }) })
  expect((await handleCallback(load({ polling: { minInterval: 0.01 } }), await leave(load()))).kind).toBe('ticket')
})

test('what waits in storage: no RPT, no refresh token, no client secret, no claim; the ticket there is spent', async () => {
  const { world, storage, load, leave } = await pages({ storeRequest: true }, { quirks: { refreshTokens: true } })
  const secret = 'web-secret'
  const server = { client: { id: 'web', auth: clientSecretBasic(secret) } }
  world.as.policy = asksFor([{ name: 'x' }], 'person')
  const back = await leave(load({ claims: (needed) => (needed.length ? claim('marked') : undefined) }, server))
  const [[key, waiting]] = pendingIn(storage) as [[string, string]]
  const parsed = JSON.parse(waiting)
  for (const one of [secret, claim('marked').token, 'Bearer', 'Basic']) expect(waiting).not.toContain(one)
  expect(Object.keys(parsed).toSorted()).toEqual(['flow', 'stored', 'v'])
  expect(parsed.flow).toMatchObject({ v: 2, at: 'person', rounds: 2, place: { method: 'GET' } })
  expect(waiting).not.toContain(new URL(back).searchParams.get('ticket'))
  expect(key.endsWith(new URL(back).searchParams.get('state') as string)).toBe(true)
  world.as.policy = grantAll
  await handleCallback(load({}, server), back)
  expect(world.as.stats.ticketsReplayed).toBe(0)
})

test('events of both pages tell the story', async () => {
  const { world, load, leave } = await pages()
  const back = await leave(load())
  expect(types(world.events)).toEqual([
    'challenge',
    'flow-started',
    'discovery',
    'token-request',
    'token-answer',
    'redirect',
    'flow-ended',
  ])
  world.events.length = 0
  await handleCallback(load(), back)
  expect(types(world.events)).toEqual([
    'flow-started',
    'discovery',
    'token-request',
    'token-answer',
    'rpt-stored',
    'flow-ended',
  ])
})
