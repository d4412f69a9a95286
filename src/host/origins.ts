import type { RequestFacts } from './request-facts.ts'
import type { HostOptions } from './types.ts'

/** Says whether a request is for one of the host's origins. The scheme is not known here: a proxy may end TLS. */
export function ownHost(origins: HostOptions['origins']): (facts: RequestFacts) => boolean {
  if (!origins) return () => true
  const own = origins.map((origin) => new URL(origin))
  return ({ header, authority = header('host') ?? '' }) =>
    own.some(({ protocol, host }) => URL.parse(`${protocol}//${authority}`)?.host === host)
}

/** @throws TypeError for an absolute URL of another origin */
export function checkOrigin(url: string, origins: HostOptions['origins']): void {
  if (!origins || url.startsWith('/') || !URL.canParse(url)) return
  if (origins.includes(new URL(url).origin)) return
  throw new TypeError(`url: ${new URL(url).origin} is not among the origins of this host`)
}
