/** A made-up protocol with a host and an authorization server on loopback, for the seams of the engine. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Binding } from '../../src/bindings/binding.ts'
import { createRequester, none, type Requester, type RequesterOptions, type UmaEvent } from '../../src/index.ts'
import { type Challenge, defineScheme, type Scheme } from '../../src/scheme.ts'
import { type PlainServer, startPlainServer } from '../helpers/plain-server.ts'

export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** How a server answers: a status, headers and a body. */
export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: unknown
}

export interface Ends {
  as: PlainServer
  host: PlainServer
  asked: Received[]
  received: Received[]
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { method = '', url: path = '', headers } = request
  return { method, path, headers, body: Buffer.concat(chunks).toString() }
}

function reply(response: ServerResponse, { status = 200, headers = {}, body = {} }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Starts both ends. `answer` decides what the host says, `token` what the token endpoint says. */
export async function startEnds(
  answer: (request: Received) => Reply,
  token: (request: Received) => Reply,
): Promise<Ends> {
  const asked: Received[] = []
  const received: Received[] = []
  const as = await startPlainServer(async (request, response) => {
    if (request.url?.startsWith('/.well-known/')) {
      return reply(response, { body: { issuer: as.origin, token_endpoint: `${as.origin}/token` } })
    }
    const one = await read(request)
    asked.push(one)
    reply(response, token(one))
  })
  const host = await startPlainServer(async (request, response) => {
    const one = await read(request)
    received.push(one)
    reply(response, answer(one))
  })
  onTestFinished(async () => {
    await host.close()
    await as.close()
  })
  return { as, host, asked, received }
}

/** Challenges with `Fake issuer=… ticket=…`, until the request shows a token. */
export const challengesFor =
  (ends: () => Ends, scheme = 'Fake') =>
  ({ headers }: Received): Reply => {
    if (headers.authorization) return { body: { opened: true } }
    const issuer = scheme === 'Fake' ? ` issuer="${ends().as.origin}",` : ''
    return { status: 401, headers: { 'www-authenticate': `${scheme}${issuer} ticket="t1"` } }
  }

/** A scheme for these challenges: one form to the token endpoint. */
export function fakeScheme(more: Partial<Scheme> = {}): Scheme {
  return defineScheme({
    name: 'fake',
    recognise({ status, headers }): Challenge[] {
      const [, parameters] = /^Fake (.*)$/.exec(headers.get('www-authenticate') ?? '') ?? []
      if (status !== 401 || parameters === undefined) return []
      const [, issuer] = /issuer="([^"]*)"/.exec(parameters) ?? []
      const [, ticket] = /ticket="([^"]*)"/.exec(parameters) ?? []
      return [{ ...(issuer !== undefined && { issuer }), ticket }]
    },
    start: ({ ticket }) => ({ ticket }),
    next(state, input, { metadata }) {
      if ('begin' in input) {
        const endpoint = `${metadata.token_endpoint}`
        return { state, step: { kind: 'ask', endpoint, by: 'client', form: { ticket: state.ticket } } }
      }
      const { token } = JSON.parse(input.answer.text) as { token: string }
      return { state, step: { kind: 'granted', grant: { token, type: 'fake' }, upgraded: false } }
    },
    ...more,
  })
}

export const grantsToken = (): Reply => ({ body: { token: 'rpt' } })

/** A binding that notes what it was asked to present. */
export function fakeBinding(more: Partial<Binding> = {}): Binding & { seen: [string, string, string | undefined][] } {
  const seen: [string, string, string | undefined][] = []
  return {
    name: 'fake',
    seen,
    present(grant, { method, url, form }) {
      seen.push([method, url, form?.toString()])
      return grant ? { headers: { authorization: `Fake ${grant.token}` } } : {}
    },
    ...more,
  }
}

export function requesterFor(
  { as, host }: Ends,
  scheme: Scheme,
  more: Partial<RequesterOptions> = {},
): { requester: Requester; events: UmaEvent[] } {
  const events: UmaEvent[] = []
  const requester = createRequester({
    authorizationServers: [{ issuer: as.origin, hosts: [host.origin], client: { id: 'app', auth: none() }, scheme }],
    onEvent: (event) => void events.push(event),
    ...more,
  })
  return { requester, events }
}
