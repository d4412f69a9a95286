/** A host, an authorization server, and a client that is nothing but HTTP requests. */

import { onTestFinished } from 'vitest'
import { clientSecretBasic } from '../../src/authorization-server/client-authentication.ts'
import { createHost, type Host } from '../../src/host/index.ts'
import type { HostEvent, HostOptions } from '../../src/host/types.ts'
import { parseWwwAuthenticate } from '../../src/protocol/http/www-authenticate.ts'
import { keyValueStorage } from '../../src/storage/key-value.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  resourceServerClient,
  startAuthorizationServer,
  UMA_TICKET_GRANT,
} from '../helpers/authorization-server.ts'

/** Changes what the authorization server answers to the host: by the path's end. */
export type Alter = (answer: Record<string, unknown>) => unknown

export interface Hosted {
  as: AuthorizationServer
  host: Host
  events: HostEvent[]
  clientId: string
  /** Set, it changes the answers of introspection. */
  introspection: { alter?: Alter }
  /** How often the host called an endpoint: `/introspect`, `/perm`, … */
  calls(path: string): number
  /** Another process of the same host: same storage, same client. */
  another(more?: Partial<HostOptions>): Host
  /** Spends a ticket, as the client `spa`. */
  rpt(ticket: string, parameters?: Record<string, string>): Promise<string>
  /** A token for a resource, got as a client gets one. */
  tokenFor(path: string, method?: string, old?: string): Promise<string>
}

let count = 0

export async function hosted(
  options: { as?: AuthorizationServerOptions; host?: Partial<HostOptions> } = {},
): Promise<Hosted> {
  const as = await startAuthorizationServer(options.as)
  onTestFinished(as.close)
  const clientId = `photos-${++count}`
  await as.addClient(resourceServerClient(clientId, 'photos-secret'))
  const events: HostEvent[] = []
  const introspection: Hosted['introspection'] = {}
  const fetching: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    const { alter } = introspection
    if (!alter || !String(input).endsWith('/introspect')) return answer
    return Response.json(alter((await answer.json()) as Record<string, unknown>))
  }
  const storage = options.host?.storage ?? keyValueStorage(new Map<string, string>())
  const another = (more: Partial<HostOptions> = {}) =>
    createHost({
      issuer: as.issuer,
      client: { id: clientId, auth: clientSecretBasic('photos-secret') },
      realm: 'photos',
      fetch: fetching,
      onEvent: (event) => void events.push(event),
      ...options.host,
      storage,
      ...more,
    })
  const host = another()

  async function rpt(ticket: string, parameters: Record<string, string> = {}): Promise<string> {
    const body = new URLSearchParams({ grant_type: UMA_TICKET_GRANT, ticket, client_id: 'spa', ...parameters })
    const answer = await fetch(`${as.issuer}/token`, { method: 'POST', body })
    const { access_token } = (await answer.json()) as { access_token?: string }
    if (!access_token) throw new Error(`No token: ${answer.status}`)
    return access_token
  }

  return {
    as,
    host,
    events,
    clientId,
    introspection,
    another,
    rpt,
    calls: (path) => as.recorder.requests.filter((request) => request.path.split('?')[0] === path).length,
    async tokenFor(path, method = 'GET', old) {
      const refused = await host.guard(() => new Response())(new Request(`http://photos.example${path}`, { method }))
      return rpt(ticketOf(refused), old ? { rpt: old } : {})
    },
  }
}

export function challengeOf(answer: Response): Record<string, string> {
  const [challenge] = parseWwwAuthenticate(answer.headers.get('www-authenticate')).challenges
  return challenge?.scheme === 'uma' ? challenge.params : {}
}

export const ticketOf = (answer: Response): string => challengeOf(answer).ticket ?? ''

export const get = (path: string, token?: string, init: RequestInit = {}): Request =>
  new Request(`http://photos.example${path}`, {
    ...init,
    headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) },
  })
