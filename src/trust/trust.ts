import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { isUmaError } from '../errors/index.ts'
import { isPrivate } from '../protocol/http/endpoint-url.ts'
import type { Scheme } from '../schemes/scheme.ts'
import type { Authority } from './authority.ts'
import type { AuthorizationServer, AuthorizationServerResolver, TrustOptions } from './options.ts'
import { readServer, withClient } from './read-server.ts'
import { returnServers } from './redirect-uris.ts'

/** Decides which authorization server may speak for which host. */
export interface Trust {
  /** The schemes whose challenges are looked for. */
  readonly schemes: readonly Scheme[]
  /** The issuers of the configured servers; undefined if a function finds the servers. */
  readonly issuers: readonly string[] | undefined
  /**
   * The issuers of the other configured servers that people come back from without naming the issuer; undefined if a
   * function finds the servers.
   */
  otherReturnServers(issuer: string): string[] | undefined
  /**
   * The authority of an issuer that a challenge or a stored record names. A final slash makes no difference. Nothing is
   * sent: a client that is not registered yet has no id.
   *
   * @param resource an absolute URL at the host, if the question is about a host
   * @param clientId the registered client that is looked for; another process may have registered it
   */
  find(issuer: string, resource?: string, clientId?: string): Promise<Authority | undefined>
  /** The configured authorities that may speak for a host; empty if a function finds them. */
  speakersFor(host: string): Promise<Authority[]>
  /**
   * The key of the one configured authority that may speak for a host; undefined if there is none or more than one.
   * `'any'` if a function finds the servers, so that nobody can tell.
   */
  onlySpeakerFor(host: string): Promise<string | undefined>
  /** The authority whose binding presents requests to a host without a grant. */
  signerFor(host: string): Promise<Authority | undefined>
  /** The authority whose access token goes with requests to a host (`sendAccessToken`). */
  tokenSenderFor(host: string): Promise<Authority | undefined>
  /** The same authority with a registered client. @throws UmaError if the registration fails */
  register(authority: Authority): Promise<Authority>
  /**
   * Registers another client if the error says that the server has forgotten a client that had registered there.
   *
   * @returns true if another client was registered: the request is worth another attempt
   * @throws UmaError if the registration fails
   */
  reregisterIfForgotten(authority: Authority, error: unknown): Promise<boolean>
}

/** The registered clients, as trust uses them. */
export interface ClientRegistry {
  /** The client that was registered before, if there is one. Nothing is sent. */
  stored(authority: Authority, clientId?: string): Promise<RegisteredClient | undefined>
  /** The same, or registers a client. @param not the id of a client that the server has forgotten */
  register(authority: Authority, not?: string): Promise<RegisteredClient>
}

const withoutSlash = (issuer: string): string => issuer.replace(/\/$/, '')

/** Finds an authority by its issuer, before its registered client is looked up. */
type Lookup = (issuer: string, resource?: string) => Authority | undefined | Promise<Authority | undefined>

/**
 * @param defaultScheme the scheme of a server that names none
 * @throws TypeError if a server is configured in a way that cannot be right or safe
 */
export function createTrust(options: TrustOptions, defaultScheme: Scheme, clients: ClientRegistry): Trust {
  const { authorizationServers, schemes = [] } = options
  if (typeof authorizationServers === 'function') {
    const lookup = resolverLookup(authorizationServers, defaultScheme)
    return assemble(lookup, undefined, new Set([defaultScheme, ...schemes]), clients, () => undefined)
  }
  if (!Array.isArray(authorizationServers)) {
    throw new TypeError('authorizationServers: a list of the trusted servers, or a function that finds them')
  }
  const servers: AuthorizationServer[] = authorizationServers
  const authorities = servers.map((server) => readServer(server, defaultScheme))
  const byIssuer = new Map(authorities.map((authority) => [withoutSlash(authority.server.issuer), authority]))
  const all = new Set([defaultScheme, ...schemes, ...authorities.map(({ scheme }) => scheme)])
  const returning = returnServers(servers, defaultScheme)
  const lookup: Lookup = (issuer) => byIssuer.get(withoutSlash(issuer))
  return assemble(lookup, authorities, all, clients, (issuer) => returning.filter((other) => other !== issuer))
}

/** The application's function may be called with an issuer that a hostile host made up; only its answer counts. */
function resolverLookup(resolve: AuthorizationServerResolver, defaultScheme: Scheme): Lookup {
  return async (issuer, resource) => {
    // An origin alone gets its path.
    const server = await resolve(issuer, resource === undefined ? {} : { resource: new URL(resource).href })
    if (!server || withoutSlash(server.issuer) !== withoutSlash(issuer)) return undefined
    const publicOnly = server.allowPrivate !== true
    const authority = readServer(server, defaultScheme, publicOnly)
    return publicOnly && isPrivate(server.issuer) ? undefined : authority
  }
}

function assemble(
  lookup: Lookup,
  authorities: readonly Authority[] | undefined,
  schemes: Set<Scheme>,
  clients: ClientRegistry,
  otherReturnServers: Trust['otherReturnServers'],
): Trust {
  const withStoredClient = async (authority: Authority, clientId?: string): Promise<Authority> => {
    if (!authority.dynamic) return authority
    const client = await clients.stored(authority, clientId)
    return client ? withClient(authority, client) : authority
  }
  const speaking = async (candidates: readonly Authority[], host: string): Promise<Authority[]> => {
    const allowed = await Promise.all(candidates.map((authority) => authority.speaksFor(host)))
    return candidates.filter((_authority, index) => allowed[index] === true)
  }
  const speakersFor = async (host: string): Promise<Authority[]> => {
    const speakers = await speaking(authorities ?? [], host)
    return Promise.all(speakers.map((authority) => withStoredClient(authority)))
  }
  const firstSpeaking = async (candidates: readonly Authority[], host: string): Promise<Authority | undefined> => {
    if (candidates.length === 0) return undefined
    const [first] = await speaking(candidates, host)
    return first && withStoredClient(first)
  }
  const signers = (authorities ?? []).filter(({ binding }) => binding.withoutGrant)
  const tokenSenders = (authorities ?? []).filter(({ server }) => server.sendAccessToken)
  return {
    schemes: [...schemes],
    issuers: authorities?.map(({ server }) => server.issuer),
    otherReturnServers,
    async find(issuer, resource, clientId) {
      const authority = await lookup(issuer, resource)
      return authority && withStoredClient(authority, clientId)
    },
    speakersFor,
    async onlySpeakerFor(host) {
      if (!authorities) return 'any'
      const [only, ...others] = await speakersFor(host)
      return others.length === 0 ? only?.key : undefined
    },
    signerFor: (host) => firstSpeaking(signers, host),
    tokenSenderFor: (host) => firstSpeaking(tokenSenders, host),
    async register(authority) {
      if (authority.client.id) return authority
      return withClient(authority, await clients.register(authority))
    },
    async reregisterIfForgotten(authority, error) {
      if (!authority.dynamic || !isUmaError(error, 'invalid_client')) return false
      const { id } = authority.client
      const client = await clients.register(authority, id)
      return client.id !== id
    },
  }
}
