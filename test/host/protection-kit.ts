/** A host's way to its authorization server, without the rest of the host; and an authorization server that says what a test says. */
import type { IncomingMessage } from 'node:http'
import { onTestFinished } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import type { HostParts } from '../../src/host/assemble.ts'
import { createServices } from '../../src/host/services.ts'
import type { HostEvent, HostOptions } from '../../src/host/types.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  startAuthorizationServer,
} from '../helpers/authorization-server.ts'
import { type Answer, readBody, send } from '../helpers/http.ts'
import { startPlainServer } from '../helpers/plain-server.ts'
import type { WireRecorder } from '../helpers/recorder.ts'

export interface Asked {
  method: string
  /** Path and query, as sent. */
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** Answers a request; undefined: 404. */
export type Script = (asked: Asked) => Answer | undefined | Promise<Answer | undefined>

export interface Scripted {
  issuer: string
  recorder: WireRecorder
  services: HostParts
  events: HostEvent[]
  /** PATs that were given out. */
  pats: string[]
  /** Requests to all but discovery and token endpoint. */
  asked: Asked[]
}

export const wellKnown = '/.well-known/uma2-configuration'

/** Discovery and PATs by client credentials as they should be, unless told otherwise; everything else as the script says. */
export async function scripted(
  script: Script,
  options: Partial<HostOptions> = {},
  { metadata = {}, token }: { metadata?: Record<string, unknown>; token?: Script } = {},
): Promise<Scripted> {
  const pats: string[] = []
  const asked: Asked[] = []
  const server = await startPlainServer(async (req, res) => {
    const path = req.url ?? ''
    const { origin } = server
    const request = { method: req.method ?? '', path, headers: req.headers, body: `${await readBody(req)}` }
    if (path === wellKnown) return send(res, { status: 200, body: { ...document(origin), ...metadata } })
    const answer = await (path === '/token' ? token : script)?.(request)
    if (path !== '/token') asked.push(request)
    else if (!answer) {
      const access_token = `pat-${pats.length + 1}`
      pats.push(access_token)
      return send(res, { status: 200, body: { access_token, token_type: 'Bearer', expires_in: 600 } })
    }
    send(res, answer ?? { status: 404 })
  })
  onTestFinished(server.close)
  const issuer = server.origin
  return { issuer, recorder: server.recorder, pats, asked, ...servicesAt(issuer, options) }
}

const document = (origin: string): Record<string, unknown> => ({
  issuer: origin,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  permission_endpoint: `${origin}/perm`,
  introspection_endpoint: `${origin}/introspect`,
  resource_registration_endpoint: `${origin}/rreg/`,
})

export function servicesAt(
  issuer: string,
  options: Partial<HostOptions> = {},
): { services: HostParts; events: HostEvent[] } {
  const events: HostEvent[] = []
  const services = createServices({
    issuer,
    client: { id: 'rs', auth: clientSecretBasic('rs-secret') },
    onEvent: (event) => void events.push(event),
    ...options,
  })
  return { services, events }
}

/** A host's services at the authorization server of the tests. */
export async function atServer(
  options: AuthorizationServerOptions = {},
  host: Partial<HostOptions> = {},
): Promise<{ as: AuthorizationServer; services: HostParts; api: HostParts['api']; events: HostEvent[] }> {
  const as = await startAuthorizationServer(options)
  onTestFinished(as.close)
  const { services, events } = servicesAt(as.issuer, host)
  return { as, api: services.api, services, events }
}

/** What an error says to whoever logs it: itself, its causes and its properties. */
export function said(error: unknown): string {
  const seen = new Set<unknown>()
  const parts: string[] = []
  for (let one = error; one instanceof Error && !seen.has(one); one = one.cause) {
    seen.add(one)
    parts.push(one.name, one.message, one.stack ?? '', JSON.stringify(one))
  }
  return parts.join('\n')
}

/** The error that a promise rejects with. */
export async function failure<T = Error & { code: string; status?: number }>(promise: Promise<unknown>): Promise<T> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in outcome) throw new Error('It did not fail.')
  return outcome.error as T
}
