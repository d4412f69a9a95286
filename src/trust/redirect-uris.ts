import type { SchemeOutline } from './check-server.ts'
import type { AuthorizationServer } from './options.ts'

/** A server, and the redirect URI that a person comes back to from that server. */
interface Destination {
  issuer: string
  redirectUri: string
}

/**
 * Whether a person who comes back from this server brings `iss`, and never anything but a code: then the returns of two
 * servers cannot be mistaken for each other (RFC 9207).
 */
export function isToldByIssuer({ scheme, metadata }: AuthorizationServer, defaultScheme: SchemeOutline): boolean {
  const { redirect: claimsRedirect }: SchemeOutline = scheme ?? defaultScheme
  return !claimsRedirect && metadata?.authorization_response_iss_parameter_supported === true
}

/** Whether the server can send a person away at all. */
function sendsPeopleAway({ scheme, signIn }: AuthorizationServer, defaultScheme: SchemeOutline): boolean {
  const { redirect, signIn: own }: SchemeOutline = scheme ?? defaultScheme
  return Boolean(redirect ?? signIn ?? own)
}

/** Whether people sign in at the server. */
export const sendsPeopleToSignIn = ({ scheme, signIn }: AuthorizationServer): boolean =>
  (signIn ?? scheme?.signIn) !== undefined

/** The issuers of the servers that people may come back from without naming the issuer. */
export function returnServers(servers: readonly AuthorizationServer[], defaultScheme: SchemeOutline): string[] {
  return servers
    .filter((server) => sendsPeopleAway(server, defaultScheme) && !isToldByIssuer(server, defaultScheme))
    .map(({ issuer }) => issuer)
}

/**
 * The servers that people may come back from, each with its redirect URI, except servers whose returns name the issuer.
 *
 * @param fallback the requester's own redirect URI
 */
export function destinations(
  servers: readonly AuthorizationServer[],
  fallback: string | undefined,
  defaultScheme: SchemeOutline,
): Destination[] {
  const returning = returnServers(servers, defaultScheme)
  return servers.flatMap((server) => {
    const redirectUri = server.redirectUri ?? fallback
    return redirectUri && returning.includes(server.issuer) ? [{ issuer: server.issuer, redirectUri }] : []
  })
}

/**
 * Refuses two servers that share a redirect URI. If they shared one, a hostile server could send a person to the pages
 * of the other server, and the client would bring the other server's ticket or code to the hostile one (RFC 9700
 * §4.4).
 *
 * @throws TypeError that names both servers and the fix
 */
export function refuseSharedRedirectUris(all: readonly Destination[]): void {
  const byUri = new Map<string, string>()
  for (const { issuer, redirectUri } of all) {
    const other = byUri.get(redirectUri)
    if (other !== undefined && other !== issuer) {
      throw new TypeError(
        `redirectUri: ${other} and ${issuer} share ${redirectUri}; give each of authorizationServers its own redirectUri`,
      )
    }
    byUri.set(redirectUri, issuer)
  }
}
