import { type ClientAuth, none } from '../authorization-server/client-authentication.ts'
import { DynamicClient, needsMore } from '../authorization-server/dynamic-client.ts'
import { SignIn } from '../authorization-server/identity.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { bearerBinding } from '../bindings/bearer.ts'
import { findUmaError, NobodySignedInError } from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import type { Scheme } from '../schemes/scheme.ts'
import type { Authority } from './authority.ts'
import type { AuthorizationServer } from './options.ts'

const urlRule = 'https (or http on this machine), without credentials, query and fragment'

/**
 * Checks the configuration of one authorization server and makes it ready for use.
 *
 * @param defaultScheme the scheme of a server that names none
 * @throws TypeError that names the setting and the fix
 */
export function readServer(server: AuthorizationServer, defaultScheme: Scheme): Authority {
  const { issuer, client, scheme = defaultScheme } = server
  const must = (condition: unknown, what: string): void => {
    if (!condition) throw new TypeError(`authorizationServers: ${issuer}: ${what}`)
  }
  must(secureUrl(issuer, scheme.allowInsecureHttp) && !issuer.includes('?'), `the issuer must be ${urlRule}`)
  must(!issuer.includes('/.well-known/'), 'the issuer is the part of the URL that stands before /.well-known/')
  const dynamic = client instanceof DynamicClient ? client : undefined
  const { id = '', auth = none() } = Object(client) as { id?: string; auth?: ClientAuth }
  must(id || dynamic, 'client must be { id }, or dynamicClient() of uma-requester/client/dynamic')
  must(
    server.signIn === undefined || server.signIn instanceof SignIn,
    'signIn must be codeFlow({ scope }) or defineSignIn({ begin, finish }) of uma-requester/sign-in',
  )
  const method = dynamic?.metadata.token_endpoint_auth_method
  must(!needsMore(method) || client.auth || server.signIn, `client.auth is missing, for ${method}`)
  return {
    server,
    scheme,
    binding: scheme.binding ?? bearerBinding,
    client: { id, auth },
    dynamic,
    own: { id, auth: asClient(auth, none()) },
    key: `${issuer} ${id}`,
    speaksFor: readHosts(server, scheme.allowInsecureHttp, must),
  }
}

/** The check whether a server may speak for a host. */
function readHosts(
  { hosts }: AuthorizationServer,
  insecure: boolean | undefined,
  must: (condition: unknown, what: string) => void,
): Authority['speaksFor'] {
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
  must(Array.isArray(hosts), "hosts must be a list of origins, a predicate, or 'any'")
  const origins = hosts.map((host) => secureUrl(host, insecure)?.origin)
  must(origins.every(Boolean), `each of hosts must be ${urlRule}`)
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
