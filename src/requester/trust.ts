import { none } from '../authorization-server/client-authentication.ts'
import type { RegisteredClient } from '../authorization-server/token-request.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import type { Scheme } from '../schemes/scheme.ts'
import { uma2 } from '../schemes/uma2.ts'
import type { AuthorizationServer, RequesterOptions } from './options.ts'

/** A trusted authorization server, ready for use. */
export interface Authority {
  server: AuthorizationServer
  scheme: Scheme
  client: RegisteredClient
  /** Identifies server and client in the wallet. */
  key: string
  /** Whether it may speak for a host. */
  speaksFor(origin: string): boolean
}

/** Decides who is trusted. */
export interface Trust {
  /** The schemes whose challenges are looked for. */
  schemes: readonly Scheme[]
  /** The authority behind an issuer that a challenge names; a final slash more or less does not matter here. */
  find(issuer: string, resource: string): Promise<Authority | undefined>
  /** Whether a stored RPT of this authority may still be presented at this host. */
}

const unslashed = (issuer: string): string => issuer.replace(/\/$/, '')

/** @throws TypeError when an authorization server is configured in a way that cannot be safe */
export function createTrust({ authorizationServers }: RequesterOptions): Trust {
  const known = new Map<string, Authority>()
  if (typeof authorizationServers === 'function') {
    return {
      schemes: [uma2],
      async find(issuer, resource) {
        const server = await authorizationServers(issuer, { resource })
        // The resolver may be asked with what a hostile host made up, but only its own answer counts.
        return server && unslashed(server.issuer) === unslashed(issuer) ? authority(server) : undefined
      },
    }
  }
  if (!Array.isArray(authorizationServers)) {
    throw new TypeError('authorizationServers: list the authorization servers that are trusted, or give a function that finds them')
  }
  for (const server of authorizationServers as readonly AuthorizationServer[]) {
    known.set(unslashed(server.issuer), authority(server))
  }
  return {
    schemes: [...new Set([uma2, ...[...known.values()].map(({ scheme }) => scheme)])],
    find: async (issuer) => known.get(unslashed(issuer)),
  }
}

function authority(server: AuthorizationServer): Authority {
  const { issuer, hosts, client } = server
  const fail = (what: string): never => {
    throw new TypeError(`authorizationServers, ${issuer}: ${what}`)
  }
  if (!secureUrl(issuer) || issuer.includes('?')) fail('the issuer must be an https URL (http on this machine only), without credentials, query and fragment')
  if (!client?.id) fail('client.id is missing')
  let speaksFor: (origin: string) => boolean
  if (hosts === 'any') speaksFor = () => true
  else if (typeof hosts === 'function') speaksFor = hosts
  else {
    if (!Array.isArray(hosts)) fail("hosts is missing: the origins that this server may speak for, a predicate, or 'any'")
    const origins = new Set(
      hosts.map((host) => secureUrl(host)?.origin ?? fail('each of hosts must be an https origin (http on this machine only)')),
    )
    speaksFor = (origin) => origins.has(origin)
  }
  return {
    server,
    scheme: server.scheme ?? uma2,
    client: { id: client.id, auth: client.auth ?? none() },
    key: `${unslashed(issuer)} ${client.id}`,
    // A token never travels in the clear, whoever is allowed to ask for it.
    speaksFor: (origin) => secureUrl(origin) !== undefined && speaksFor(origin),
  }
}
