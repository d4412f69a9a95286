/** The host as the package has it: what decides as long as no quirk is in force. */
import type { IncomingMessage } from 'node:http'
import { clientSecretBasic, createHost } from '../../../src/host/index.ts'
import { type AuthorizationServer, resourceServerClient } from '../authorization-server.ts'
import type { Answer } from '../http.ts'
import { unreachable } from './challenges.ts'
import { SCOPES } from './gate.ts'
import { direct, HOST_AGENT, overHttp, type Protection } from './protection.ts'

export interface Warden {
  /** The same resources and credentials, for the gate that misbehaves. */
  readonly protection: Protection
  /** undefined: let it through. */
  judge(req: IncomingMessage, path: string): Promise<Answer | undefined>
}

export interface WardenOptions {
  as: AuthorizationServer
  clientId: string
  realm: string
  /** function calls instead of HTTP */
  direct: boolean
}

const secret = 'host-secret'

export function createWarden({ as, clientId, realm, direct: straight }: WardenOptions): Warden {
  let known: Promise<void> | undefined
  const overWire: typeof fetch = async (input, init) => {
    known ??= as.addClient(resourceServerClient(clientId, secret))
    await known
    const headers = new Headers(init?.headers)
    headers.set('user-agent', HOST_AGENT)
    return fetch(input, { ...init, headers })
  }
  const host = createHost({
    issuer: as.issuer,
    client: { id: clientId, auth: clientSecretBasic(secret) },
    realm,
    // The endpoints are the server's real ones, whatever a test makes its discovery document say.
    metadata: as.metadata() as never,
    // A test that revokes an RPT wants to see that at once; one that slows the server down or stops it, too.
    cache: { ttl: 0, negativeTtl: 0 },
    timeouts: { request: 60_000, decision: 60_000 },
    load: { concurrent: 1000, waiting: 10_000, breaker: { failures: 1e9 } },
    dialect: {
      get permissionRequest() {
        return as.quirks.permissionForm === 'both' ? 'auto' : as.quirks.permissionForm
      },
      get introspectionAuth() {
        return as.quirks.introspection === 'keycloak' ? 'client' : 'pat'
      },
      inactiveStatuses: [400],
      publicResources: true,
    },
    fetch: straight ? withoutWire(as, clientId) : overWire,
  })
  const resourceId = async (path: string): Promise<string> => {
    const owner = path.split('/')[1] || 'nobody'
    return ((await host.resourceAt(path)) ?? (await host.protect({ url: path, owner, scopes: SCOPES, name: path }))).id
  }
  const own = straight ? direct(as, clientId) : overHttp(as, clientId, secret)
  return {
    protection: {
      get asUri() {
        return own.asUri
      },
      resourceId,
      ticket: own.ticket,
      permissions: own.permissions,
    },
    async judge(req, path) {
      // Everything is protected here, from the first request on.
      try {
        await resourceId(path)
      } catch (error) {
        // What has no one reading, the warden refuses by itself.
        if (!(error instanceof TypeError)) return unreachable
      }
      const { method = '', url: target = '', headers } = req
      const verdict = await host.judge({ method, target, header: (name) => headers[name]?.toString() })
      if (!('answer' in verdict)) return undefined
      const { status, headers: lines, body } = verdict.answer
      const all: Record<string, string | string[]> = {}
      for (const [name, value] of lines) {
        const before = all[name.toLowerCase()]
        all[name.toLowerCase()] = before === undefined ? value : [before, value].flat()
      }
      // In the bench's own words, for tests know those; a body is the host's affair.
      const own = { 401: { error: 'protected' }, 403: { error: 'forbidden' } }[status]
      return { status, headers: all, body: own ?? body }
    },
  }
}

/** The protection API as function calls, for tests under load. */
function withoutWire(as: AuthorizationServer, clientId: string): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    if (pathname.endsWith('/token'))
      return Response.json({ access_token: 'direct', token_type: 'Bearer', expires_in: 3600 })
    const text = await request.text()
    if (pathname.endsWith('/introspect'))
      return Response.json(as.introspect(new URLSearchParams(text).get('token') ?? '', clientId))
    if (pathname.endsWith('/perm'))
      return Response.json({ ticket: as.issueTicket([JSON.parse(text)].flat(), clientId) }, { status: 201 })
    const { _id } = as.registerResource(JSON.parse(text), clientId)
    return Response.json({ _id }, { status: 201, headers: { location: `${request.url}${_id}` } })
  }
}
