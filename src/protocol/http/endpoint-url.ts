import { secureUrl } from './secure-url.ts'

/**
 * The URL of an endpoint that an issuer names, if tokens and people may be sent there: https, if the issuer is https,
 * and http on this machine only if the issuer is on this machine. Otherwise a server on the internet could aim
 * requests at services on this machine.
 *
 * @param insecure accepts any http URL of an http issuer, except one on this machine
 */
export function endpointUrl(value: unknown, issuer: string, insecure = false): URL | undefined {
  const url = secureUrl(value, insecure)
  if (!url || url.protocol === 'https:') return url
  const secureIssuer = secureUrl(issuer)
  if (secureIssuer?.protocol === 'https:') return undefined
  const isOnThisMachine = secureUrl(value) !== undefined
  return isOnThisMachine && !secureIssuer ? undefined : url
}

/**
 * Whether a URL is at an address that need not be on the internet: an IP address, `localhost`, or a name under
 * `localhost`, `local` (RFC 6762) or `internal`.
 */
export function isPrivate(url: string): boolean {
  const name = URL.parse(url)?.hostname.replace(/\.$/, '') ?? ''
  return name.startsWith('[') || /^[\d.]+$/.test(name) || /(^|\.)(localhost|local|internal)$/.test(name)
}
