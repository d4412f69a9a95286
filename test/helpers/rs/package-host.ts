/** The host as this package has it. It decides as long as the simulated host deviates in no decision. */
import { clientSecretBasic, createHost } from '../../../src/host/index.ts'
import { unreachable } from '../../../src/testing/host/challenges.ts'
import { SCOPES } from '../../../src/testing/host/decision.ts'
import type { RequestView } from '../../../src/testing/host/deviations.ts'
import { directProtection, type Protection } from '../../../src/testing/host/protection.ts'
import { protectionOverHttp } from '../../../src/testing/host/protection-over-http.ts'
import type { Answer } from '../../../src/testing/wire/answer.ts'
import { type AuthorizationServer, resourceServerClient } from '../authorization-server.ts'

/** Sent with every call of a host, so that recorders can tell it from the client's. */
export const HOST_AGENT = 'bench-host'

export interface PackageHost {
  /** The same resources and credentials, for the simulated host. */
  readonly protection: Protection
  /** undefined: let the request through */
  decide(request: RequestView): Promise<Answer | undefined>
}

export interface PackageHostOptions {
  as: AuthorizationServer
  clientId: string
  realm: string
  /** function calls instead of HTTP */
  direct: boolean
}

type ServerHost = ReturnType<typeof createHost>

const secret = 'host-secret'

export function createPackageHost({ as, clientId, realm, direct }: PackageHostOptions): PackageHost {
  const overWire = fetchAsHost(as, clientId)
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
    fetch: direct ? withoutWire(as, clientId) : overWire,
  })
  const own = direct
    ? directProtection(as, clientId)
    : protectionOverHttp({
        server: { issuer: as.issuer, metadata: as.metadata, deviations: as.quirks },
        client: { id: clientId, secret },
        fetch: overWire,
      })
  return {
    protection: {
      get asUri() {
        return as.issuer
      },
      resourceId: (path) => resourceId(host, path),
      ticket: own.ticket,
      permissions: own.permissions,
    },
    decide: (request) => decide(host, request),
  }
}

async function resourceId(host: ServerHost, path: string): Promise<string> {
  const owner = path.split('/')[1] || 'nobody'
  const known = await host.resourceAt(path)
  return (known ?? (await host.protect({ url: path, owner, scopes: SCOPES, name: path }))).id
}

async function decide(host: ServerHost, { method, path, url, headers }: RequestView): Promise<Answer | undefined> {
  // Everything is protected here, from the first request on.
  try {
    await resourceId(host, path)
  } catch (error) {
    // The package's host itself refuses a path that has no single reading.
    if (!(error instanceof TypeError)) return unreachable
  }
  const verdict = await host.judge({ method, target: url, header: (name) => headers[name]?.toString() })
  if (!('answer' in verdict)) return undefined
  const { status, headers: lines, body } = verdict.answer
  const all: Record<string, string | string[]> = {}
  for (const [name, value] of lines) {
    const before = all[name.toLowerCase()]
    all[name.toLowerCase()] = before === undefined ? value : [before, value].flat()
  }
  // The bodies that tests know; a body is the affair of each host.
  const known = { 401: { error: 'protected' }, 403: { error: 'forbidden' } }[status]
  return { status, headers: all, body: known ?? body }
}

/** `fetch` that adds the host's client to the server before its first request, and says who it is. */
function fetchAsHost(as: AuthorizationServer, clientId: string): typeof fetch {
  let added: Promise<void> | undefined
  return async (input, init) => {
    added ??= as.addClient(resourceServerClient(clientId, secret))
    await added
    const headers = new Headers(input instanceof Request ? input.headers : init?.headers)
    headers.set('user-agent', HOST_AGENT)
    return fetch(input, { ...init, headers })
  }
}

/** The permission API as function calls, for tests under load. */
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
