/** The seam of bindings: how a token is presented with each send. */
import axios from 'axios'
import ky from 'ky'
import { expect, test } from 'vitest'
import { attachRequester } from '../../src/axios.ts'
import type { Requester } from '../../src/index.ts'
import { extendKy } from '../../src/ky.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import { rejection } from '../ways-in/kit.ts'
import { challengesFor, type Ends, fakeBinding, fakeScheme, grantsToken, requesterFor, startEnds } from './kit.ts'

const form = 'a=1&b=2'
const ways: [string, (requester: Requester) => (url: string) => Promise<number>][] = [
  ['fetch', (requester) => async (url) => (await requester.fetch(url, post)).status],
  [
    'axios',
    (requester) => {
      const instance = axios.create({ adapter: 'http' })
      attachRequester(instance, requester)
      return async (url) => (await instance.post(url, new URLSearchParams(form))).status
    },
  ],
]
const post = { method: 'POST', body: new URLSearchParams(form) }

test.each(ways)('%s: present sees each send, with its method, URL and form', async (_name, attach) => {
  const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
  const binding = fakeBinding()
  const { requester } = requesterFor(ends, fakeScheme({ binding }))
  const url = `${ends.host.origin}/photo?size=1`
  const send = attach(requester)
  expect(await send(url)).toBe(200)
  expect(await send(url)).toBe(200)
  expect(binding.seen).toEqual([
    ['POST', url, form],
    ['POST', url, form],
  ])
  expect(ends.received.map(({ body }) => body)).toEqual([form, form, form])
})

test.each([
  ['fetch', (requester: Requester, url: string) => requester.fetch(url)],
  ['ky', (requester: Requester, url: string) => extendKy(ky, requester).get(url)],
])('%s: a binding may sign the query', async (_name, send) => {
  const ends: Ends = await startEnds((request) => {
    if (request.path.includes('signature=s')) return {}
    return challengesFor(() => ends)(request)
  }, grantsToken)
  const binding = fakeBinding({ present: (grant, { url }) => (grant ? { url: `${url}?signature=s` } : {}) })
  const { requester } = requesterFor(ends, fakeScheme({ binding }))
  expect((await send(requester, `${ends.host.origin}/photo`)).status).toBe(200)
  expect(ends.received.map(({ path }) => path)).toEqual(['/photo', '/photo?signature=s'])
})

test('a binding may sign the form', async () => {
  const ends: Ends = await startEnds((request) => {
    if (request.body.includes('signature=s')) return {}
    return challengesFor(() => ends)(request)
  }, grantsToken)
  const binding = fakeBinding({ present: (grant) => (grant ? { body: `${form}&signature=s` } : {}) })
  const { requester } = requesterFor(ends, fakeScheme({ binding }))
  expect((await requester.fetch(`${ends.host.origin}/photo`, post)).status).toBe(200)
  expect(ends.received.map(({ body }) => body)).toEqual([form, `${form}&signature=s`])
})

test.each(['https://elsewhere.example/photo', '/other', 'nonsense'])(
  'a binding may not send to another place: %s',
  async (target) => {
    const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
    const binding = fakeBinding({ present: (_grant, { url }) => ({ url: URL.parse(target, url)?.href ?? target }) })
    const { requester } = requesterFor(ends, fakeScheme({ binding }))
    const error = await rejection(requester.fetch(`${ends.host.origin}/photo`))
    expect(error).toMatchObject({ code: 'binding_failed', response: { status: 401, bodyUsed: false } })
    expect(ends.received.length).toBe(1)
  },
)

test.each([
  [
    'throws',
    () => {
      throw new Error('no key')
    },
  ],
  ['rejects', async () => Promise.reject(new Error('no key'))],
  ['returns nothing', () => undefined],
  ['returns a header that cannot be sent', () => ({ headers: { 'not a name': 'x' } })],
] as [string, () => never][])('a binding that %s: BindingError with the answer of the host', async (_what, present) => {
  const ends: Ends = await startEnds((request) => challengesFor(() => ends)(request), grantsToken)
  const { requester } = requesterFor(ends, fakeScheme({ binding: fakeBinding({ present }) }))
  const error = await rejection(requester.fetch(`${ends.host.origin}/photo`))
  expect(error).toMatchObject({ name: 'BindingError', code: 'binding_failed', response: { status: 401 } })
})

test('requests to configured hosts are signed without a grant, and no others', async () => {
  const ends: Ends = await startEnds(() => ({}), grantsToken)
  const elsewhere = await startPlainServer((_request, response) => void response.end('{}'))
  const binding = fakeBinding({ withoutGrant: true, present: () => ({ headers: { 'x-signature': 's' } }) })
  const { requester } = requesterFor(ends, fakeScheme({ binding }))
  await requester.fetch(`${ends.host.origin}/photo`)
  await requester.fetch(`${elsewhere.origin}/photo`)
  expect(ends.received[0]?.headers['x-signature']).toBe('s')
  expect(elsewhere.recorder.requests[0]?.headers['x-signature']).toBeUndefined()
  await elsewhere.close()
})

test('a nonce challenge of the host: the same request once more, and not a third time', async () => {
  let nonces = 0
  const ends: Ends = await startEnds((request) => {
    if (!request.headers.authorization) return challengesFor(() => ends)(request)
    nonces += 1
    return nonces === 1 || request.path === '/always' ? { status: 401, headers: { nonce: `n${nonces}` } } : {}
  }, grantsToken)
  const answered = ({ headers }: { headers: Headers }) => headers.has('nonce')
  const { requester, events } = requesterFor(ends, fakeScheme({ binding: fakeBinding({ answered }) }))
  expect((await requester.fetch(`${ends.host.origin}/photo`)).status).toBe(200)
  expect(ends.received.length).toBe(3)
  expect(events.filter((event) => event.type === 'resend' && event.reason === 'nonce').length).toBe(1)
  events.length = 0
  await rejection(requester.fetch(`${ends.host.origin}/always`))
  const bound = ends.received.filter(({ path, headers }) => path === '/always' && headers.authorization)
  const repeated = events.filter((event) => event.type === 'resend' && event.reason === 'nonce')
  // Each send with the token is repeated once.
  expect(bound.length).toBe(2 * repeated.length)
})

test('a nonce challenge of the token endpoint: the same ticket once more, with the proof', async () => {
  const ends: Ends = await startEnds(
    (request) => challengesFor(() => ends)(request),
    ({ headers }) => (headers.proof === 'with-nonce' ? grantsToken() : { status: 400, headers: { nonce: 'n1' } }),
  )
  let nonce = ''
  const binding = fakeBinding({
    presentTokenRequest: () => ({ proof: nonce ? 'with-nonce' : 'without' }),
    answered({ headers }) {
      nonce = headers.get('nonce') ?? nonce
      return headers.has('nonce')
    },
  })
  const { requester } = requesterFor(ends, fakeScheme({ binding }))
  expect((await requester.fetch(`${ends.host.origin}/photo`)).status).toBe(200)
  expect(ends.asked.map(({ headers, body }) => [headers.proof, body.includes('ticket=t1')])).toEqual([
    ['without', true],
    ['with-nonce', true],
  ])
})
