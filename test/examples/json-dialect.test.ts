/** The example of a scheme, by a requester, against a server that speaks its dialect. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { clientSecretBasic, createRequester, isUmaError, type RequesterOptions } from '../../src/index.ts'
import type { Scheme } from '../../src/scheme.ts'
import { listen, readBody, send } from '../helpers/http.ts'

// The example imports the package by its name: here its sources.
vi.mock('uma-requester/scheme', () => import('../../src/scheme.ts'))
const example = '../../examples/json-dialect.mjs'
const { jsonDialect }: { jsonDialect: Scheme } = await import(example)

interface DialectRequest {
  authorization: string | undefined
  type: string | undefined
  body: Record<string, unknown>
}

type Decide = (request: DialectRequest & { issuer: string }, count: number) => { status?: number; body: unknown }

const basic = `Basic ${Buffer.from('album:secret').toString('base64')}`
const granted = { outcome: 'granted', token: 'rpt-1', validFor: 60 }

/** A host and its authorization server. `decide` answers the requests to `uma_token_uri`, of which there is a list. */
async function startDialect(decide: Decide) {
  const asked: DialectRequest[] = []
  const paths: string[] = []
  let tickets = 0
  const as = await listen(async (request, response) => {
    paths.push(`${request.method} ${request.url}`)
    if (request.method === 'GET') {
      return send(response, { status: 200, body: { issuer: as.origin, uma_token_uri: `${as.origin}/uma` } })
    }
    const { authorization, 'content-type': type } = request.headers
    const told = { authorization, type, body: JSON.parse((await readBody(request)).toString()) }
    asked.push(told)
    const { status = 200, body } = decide({ ...told, issuer: as.origin }, asked.length)
    send(response, { status, body })
  })
  const host = await listen((request, response) => {
    if (request.headers.authorization === 'Bearer rpt-1') return send(response, { status: 200, body: 'a photo' })
    tickets += 1
    const challenge = `UMA as_uri="${as.origin}", ticket="ticket-${tickets}"`
    send(response, { status: 401, headers: { 'www-authenticate': challenge } })
  })
  onTestFinished(async () => {
    await Promise.all([as.close(), host.close()])
  })
  const get = (options: Partial<RequesterOptions> = {}) =>
    createRequester({
      authorizationServers: [
        {
          issuer: as.origin,
          hosts: [host.origin],
          client: { id: 'album', auth: clientSecretBasic('secret') },
          scheme: jsonDialect,
        },
      ],
      ...options,
    }).fetch(`${host.origin}/alice/1.jpg`)
  return { asked, paths, get }
}

test('from the challenge to the photo', async () => {
  const { asked, paths, get } = await startDialect(() => ({ body: granted }))
  const answer = await get()
  expect([answer.status, await answer.text()]).toEqual([200, 'a photo'])
  expect(asked).toEqual([{ authorization: basic, type: 'application/json', body: { permissionTicket: 'ticket-1' } }])
  expect(paths).toEqual(['GET /.well-known/uma2-configuration', 'POST /uma'])
})

test('a stale ticket: once more with a fresh one', async () => {
  const { asked, get } = await startDialect((_, count) => ({ body: count === 1 ? { outcome: 'stale' } : granted }))
  expect((await get()).status).toBe(200)
  expect(asked.map(({ body }) => body.permissionTicket)).toEqual(['ticket-1', 'ticket-2'])
})

test('the owner is asked first: polled with each new ticket', async () => {
  const { asked, get } = await startDialect((_, count) => ({
    body: count < 3 ? { outcome: 'asked', nextTicket: `wait-${count}`, seconds: 0.01 } : granted,
  }))
  expect((await get({ polling: { minInterval: 0.01 } })).status).toBe(200)
  expect(asked.map(({ body }) => body.permissionTicket)).toEqual(['ticket-1', 'wait-1', 'wait-2'])
})

test('a person is sent to the page of the server', async () => {
  const { asked, get } = await startDialect(({ body, issuer }) => {
    const person = { outcome: 'person', nextTicket: 'ticket-2', page: `${issuer}/claims` }
    return { body: body.permissionTicket === 'ticket-3' ? granted : person }
  })
  const sent: URL[] = []
  const redirectUri = 'https://album.example.com/back'
  const answer = await get({
    redirectUri,
    onRedirect: async ({ url, state }) => {
      sent.push(new URL(url))
      return `${redirectUri}?state=${state}&ticket=ticket-3`
    },
  })
  expect(answer.status).toBe(200)
  expect([sent[0]?.pathname, sent[0]?.searchParams.get('ticket')]).toEqual(['/claims', 'ticket-2'])
  expect(asked.map(({ body }) => body.permissionTicket)).toEqual(['ticket-1', 'ticket-3'])
})

test.each([
  ['denied', { body: { outcome: 'denied' } }, 'request_denied'],
  ['no answer of the dialect', { body: '<html>' }, 'invalid_token_response'],
  ['a failure of the server', { status: 500, body: 'oops' }, 'invalid_token_response'],
])('%s', async (_what, decision, code) => {
  const { asked, get } = await startDialect(() => decision)
  const error = await get().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(isUmaError(error, code)).toBe(true)
  expect(asked.length).toBe(1)
})
