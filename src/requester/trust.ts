import { type ClientAuth, none } from '../authorization-server/client-authentication.ts'
import { authOf, needsMore, type RegisteredClientRecord } from '../authorization-server/registration.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { isUmaError } from '../errors.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import type { Scheme } from '../schemes/scheme.ts'
import { uma2 } from '../schemes/uma2.ts'
import type { Clients, Registrar } from './clients.ts'
import { NobodySignedIn } from './nobody-signed-in.ts'
import type { AuthorizationServer, RequesterOptions } from './options.ts'

/** A trusted authorization server, ready for use. */
export interface Authority {
  server: AuthorizationServer
  scheme: Scheme
  client: RegisteredClient
  /** The same client where it speaks for itself: not by the party's token (`bearer()`). */
  own: RegisteredClient
  /** Identifies server and client in the wallet. Before the client is registered, it is nothing's key. */
  key: string
  /** Whether it may speak for a host. */
  speaksFor(origin: string): boolean
}

/** Decides who is trusted. */
export interface Trust {
  /** The schemes whose challenges are looked for. */
  schemes: readonly Scheme[]
  /**
   * The authority behind an issuer that a challenge names; a final slash more or less does not matter here. Nothing is sent: a client
   * that was not registered yet has no id.
   *
   * @param clientId the registered client that is looked for: storage may know one that another process has registered since
   */
  find(issuer: string, resource: string, clientId?: string): Promise<Authority | undefined>
  /** The same authority with a client that is registered. @throws UmaError when that fails */
  register(authority: Authority): Promise<Authority>
  /**
   * Whether an error says that the server has forgotten a client which had registered there, and another was registered: what failed is
   * worth trying again. @throws UmaError when that fails
   */
  anew(authority: Authority, error: unknown): Promise<boolean>
}

/** The issuer in an authority's key. */
export const issuerOf = (key: string): string => key.split(' ', 1)[0] as string

const unslashed = (issuer: string): string => issuer.replace(/\/$/, '')

/** @throws TypeError when an authorization server is configured in a way that cannot be safe */
export function createTrust({ authorizationServers, schemes = [] }: RequesterOptions, clients: Clients): Trust {
  const stored = async (authority: Authority | undefined, clientId?: string): Promise<Authority | undefined> => {
    const record = authority?.server.client.register && (await clients.stored(authority as Registrar, clientId))
    return record ? withClient(authority, record) : authority
  }
  const register: Trust['register'] = async (authority) =>
    authority.client.id ? authority : withClient(authority, await clients.register(authority as Registrar))
  const anew: Trust['anew'] = async (authority, error) => {
    const { server, client } = authority
    if (!server.client.register || !isUmaError(error, 'invalid_client')) return false
    return (await clients.register(authority as Registrar, client.id)).id !== client.id
  }
  if (typeof authorizationServers === 'function') {
    return {
      schemes: [...new Set([uma2, ...schemes])],
      async find(issuer, resource, clientId) {
        const server = await authorizationServers(issuer, { resource })
        // The resolver may be asked with what a hostile host made up; only what it answers counts.
        return stored(
          server && unslashed(server.issuer) === unslashed(issuer) ? toAuthority(server) : undefined,
          clientId,
        )
      },
      register,
      anew,
    }
  }
  if (!Array.isArray(authorizationServers)) {
    throw new TypeError('authorizationServers: a list of those that are trusted, or a function that finds them')
  }
  const known = new Map<string, Authority>()
  for (const server of authorizationServers as AuthorizationServer[]) {
    const authority = toAuthority(server)
    known.set(unslashed(server.issuer), authority)
  }
  return {
    schemes: [...new Set([uma2, ...schemes, ...[...known.values()].map(({ scheme }) => scheme)])],
    find: (issuer, _resource, clientId) => stored(known.get(unslashed(issuer)), clientId),
    register,
    anew,
  }
}

/** An authority with the client that was registered there. */
function withClient(authority: Authority, record: RegisteredClientRecord): Authority {
  const { issuer, client } = authority.server
  const { id } = record
  const auth = client.auth ?? authOf(record)
  const own = { id, auth: client.auth ? byItself(client.auth, authOf(record)) : auth }
  return { ...authority, client: { id, auth }, own, key: `${issuer} ${id}` }
}

/** As the client itself: where it would be by the party's own token, which is just being obtained or given back, by what is left. */
const byItself =
  (auth: ClientAuth, otherwise: ClientAuth): ClientAuth =>
  async (...args) => {
    try {
      await auth(...args)
    } catch (error) {
      if (!(error instanceof NobodySignedIn)) throw error
      await otherwise(...args)
    }
  }

function toAuthority(server: AuthorizationServer): Authority {
  const { issuer, hosts, client, scheme = uma2 } = server
  const must = (condition: unknown, what: string): void => {
    if (!condition) throw new TypeError(`authorizationServers: ${issuer}: ${what}`)
  }
  const rule = 'https (or http on this machine), without credentials, query and fragment'
  const insecure = scheme.allowInsecureHttp
  must(secureUrl(issuer, insecure) && !issuer.includes('?'), `the issuer must be ${rule}`)
  must(!issuer.includes('/.well-known/'), 'the issuer is what stands before /.well-known/')
  const { id = '', auth = none() } = { ...client } as { id?: string; auth?: ClientAuth }
  must(id || client?.register, 'client.id is missing (or client.register)')
  const method = client.register?.token_endpoint_auth_method
  must(!needsMore(method) || client.auth || server.signIn, `client.auth is missing, for ${method}`)
  const origins = Array.isArray(hosts) && hosts.map((host) => secureUrl(host, insecure)?.origin)
  must(
    origins || typeof hosts === 'function' || hosts === 'any',
    "hosts must be a list of origins, a predicate, or 'any'",
  )
  must(!origins || origins.every(Boolean), `each of hosts must be ${rule}`)
  const mayName = (origin: string): boolean =>
    origins ? origins.includes(origin) : hosts === 'any' || (hosts as (origin: string) => boolean)(origin)
  return {
    server,
    scheme,
    client: { id, auth },
    own: { id, auth: byItself(auth, none()) },
    key: `${issuer} ${id}`,
    // A token never travels in the clear, whoever is allowed to ask for it.
    speaksFor: (origin) => !!secureUrl(origin, insecure) && mayName(origin),
  }
}
