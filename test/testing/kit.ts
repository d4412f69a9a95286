/** Simulated servers without a socket, and a clock that a test moves. */
import { onTestFinished, vi } from 'vitest'
import {
  createAuthorizationServer,
  type SimulatedAuthorizationServer,
} from '../../src/testing/authorization-server/authorization-server.ts'
import type { ClientMetadata } from '../../src/testing/authorization-server/clients.ts'
import { type AuthorizationServerOptions, UMA_TICKET_GRANT } from '../../src/testing/authorization-server/state.ts'

export const ISSUER = 'https://as.example.com/realms/photos'
const START = Date.UTC(2030, 0, 1)

export interface TestClock {
  now(): number
  /** returns at once; remembers how long it was asked to wait */
  pause(ms: number): Promise<void>
  /** milliseconds */
  forward(ms: number): void
  readonly pauses: number[]
}

export function createClock(): TestClock {
  let time = START
  const pauses: number[] = []
  return {
    now: () => time,
    pause: async (ms) => void pauses.push(ms),
    forward(ms) {
      time += ms
    },
    pauses,
  }
}

const web: ClientMetadata = { client_id: 'web', client_secret: 'web-secret', grant_types: [UMA_TICKET_GRANT] }
const spa: ClientMetadata = {
  client_id: 'spa',
  token_endpoint_auth_method: 'none',
  grant_types: [UMA_TICKET_GRANT],
  claims_redirect_uris: ['https://app.example.com/callback'],
}
const rs: ClientMetadata = {
  client_id: 'rs',
  client_secret: 'rs-secret',
  grant_types: ['client_credentials'],
  scope: 'uma_protection',
}

export interface Simulation {
  server: SimulatedAuthorizationServer
  clock: TestClock
  /** a resource of `rs` with the scopes read and write */
  resource: string
  /** a new ticket for `read` */
  ticket(): Promise<string>
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Answered>
  /** a UMA token request of the client `spa` */
  exchange(ticket: string, more?: Record<string, string>, headers?: Record<string, string>): Promise<Answered>
}

export interface Answered {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server said
  json: any
}

/** The global `fetch` fails for the length of the test: nothing may need the network. */
export function simulate(options: Partial<AuthorizationServerOptions> = {}): Simulation {
  vi.stubGlobal('fetch', () => Promise.reject(new Error('the network was used')))
  onTestFinished(() => void vi.unstubAllGlobals())
  const clock = createClock()
  const { now, pause } = clock
  const server = createAuthorizationServer({ base: ISSUER, now, pause, clients: [web, spa, rs], ...options })
  const resource = server.registerResource({ name: 'photo', resource_scopes: ['read', 'write'] })._id
  const post: Simulation['post'] = async (path, fields, headers = {}) =>
    answered(
      await server.fetch(
        new Request(ISSUER + path, { method: 'POST', body: new URLSearchParams(fields), headers: { ...headers } }),
      ),
    )
  return {
    server,
    clock,
    resource,
    ticket: () => server.issueTicket([{ resource_id: resource, resource_scopes: ['read'] }]),
    post,
    exchange: (ticket, more = { client_id: 'spa' }, headers = {}) =>
      post('/token', { grant_type: UMA_TICKET_GRANT, ticket, ...more }, headers),
  }
}

export async function answered(response: Response): Promise<Answered> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text }
}

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${btoa(`${id}:${secret}`)}`,
})

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
