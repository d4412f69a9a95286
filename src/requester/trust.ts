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
}

/** The issuer in an authority's key. */
export const issuerOf = (key: string): string => key.split(' ', 1)[0] as string

const unslashed = (issuer: string): string => issuer.replace(/\/$/, '')

/** @throws TypeError when an authorization server is configured in a way that cannot be safe */
export function createTrust({ authorizationServers }: RequesterOptions): Trust {
  if (typeof authorizationServers === 'function') {
    return {
      schemes: [uma2],
      async find(issuer, resource) {
        const server = await authorizationServers(issuer, { resource })
        // The resolver may be asked with what a hostile host made up; only what it answers counts.
        return server && unslashed(server.issuer) === unslashed(issuer) ? toAuthority(server) : undefined
      },
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
    schemes: [...new Set([uma2, ...[...known.values()].map(({ scheme }) => scheme)])],
    find: async (issuer) => known.get(unslashed(issuer)),
  }
}

function toAuthority(server: AuthorizationServer): Authority {
  const { issuer, hosts, client, scheme = uma2 } = server
  const must = (condition: unknown, what: string): void => {
    if (!condition) throw new TypeError(`authorizationServers: ${issuer}: ${what}`)
  }
  const rule = 'https (or http on this machine), without credentials, query and fragment'
  must(secureUrl(issuer) && !issuer.includes('?'), `the issuer must be ${rule}`)
  must(client?.id, 'client.id is missing')
  const origins = Array.isArray(hosts) && hosts.map((host) => secureUrl(host)?.origin)
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
    client: { id: client.id, auth: client.auth ?? none() },
    key: `${issuer} ${client.id}`,
    // A token never travels in the clear, whoever is allowed to ask for it.
    speaksFor: (origin) => !!secureUrl(origin) && mayName(origin),
  }
}
