import { type ClientAuth, none } from '../authorization-server/client-authentication.ts'
import { isDynamicClient } from '../authorization-server/dynamic-client.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { bearerBinding } from '../bindings/bearer.ts'
import { findUmaError, NobodySignedInError } from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import type { Scheme } from '../schemes/scheme.ts'
import type { Authority } from './authority.ts'
import { checkServer } from './check-server.ts'
import type { AuthorizationServer } from './options.ts'

/**
 * Checks the configuration of one authorization server and makes it ready for use.
 *
 * @param defaultScheme the scheme of a server that names none
 * @param publicOnly whether neither the server nor its endpoints may be at a private address
 * @throws TypeError that names the setting and the fix
 */
export function readServer(server: AuthorizationServer, defaultScheme: Scheme, publicOnly = false): Authority {
  checkServer(server, defaultScheme)
  const { issuer, client, scheme = defaultScheme } = server
  const dynamic = isDynamicClient(client) ? client : undefined
  const { id = '', auth = none() } = client as { id?: string; auth?: ClientAuth }
  return {
    server,
    scheme,
    binding: scheme.binding ?? bearerBinding,
    client: { id, auth },
    dynamic,
    own: { id, auth: asClient(auth, none()) },
    key: `${issuer} ${id}`,
    publicOnly,
    speaksFor: readHosts(server, scheme.allowInsecureHttp),
  }
}

/** The check whether a server may speak for a host. */
function readHosts({ hosts }: AuthorizationServer, insecure: boolean | undefined): Authority['speaksFor'] {
  // A token never travels over plain http, even to a host that the application allows.
  const isSafe = (origin: string): boolean => secureUrl(origin, insecure) !== undefined
  if (hosts === 'any') return async (origin) => isSafe(origin)
  if (typeof hosts === 'function') {
    return async (origin) => {
      if (!isSafe(origin)) return false
      try {
        return (await hosts(origin)) === true
      } catch {
        return false
      }
    }
  }
  const origins = hosts.map((host) => new URL(host).origin)
  return async (origin) => isSafe(origin) && origins.includes(origin)
}

/** The same authority with the client that was registered there. */
export function withClient(authority: Authority, registered: RegisteredClient): Authority {
  const { issuer, client } = authority.server
  const { id } = registered
  const auth = client.auth ?? registered.auth
  const own = client.auth ? asClient(client.auth, registered.auth) : auth
  return { ...authority, client: { id, auth }, own: { id, auth: own }, key: `${issuer} ${id}` }
}

/**
 * Client authentication for requests that obtain or revoke the party's own token. If the client would authenticate by
 * that token (`bearer()`), it authenticates by `otherwise`.
 */
function asClient(auth: ClientAuth, otherwise: ClientAuth): ClientAuth {
  return async (...args) => {
    try {
      await auth(...args)
    } catch (error) {
      if (!(findUmaError(error) instanceof NobodySignedInError)) throw error
      await otherwise(...args)
    }
  }
}
