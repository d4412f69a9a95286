import type { Answer } from '../../protocol/http/answer.ts'
import { olderChallenges, withTicketOf } from '../../protocol/uma1/challenge.ts'
import { wellKnownUma1 } from '../../protocol/uma1/configuration.ts'
import type { Challenge } from '../scheme.ts'
import type { PumaOptions } from './options.ts'

/** A challenge of a host that Puma's requester knows; without a ticket, an RPT is asked for first. */
export interface PumaChallenge extends Challenge {
  /** The name under which the manager knows the host; `undefined`: the challenge is refused. */
  hostId?: string | undefined
}

/**
 * Finds challenges with `am_uri` on 401 and 403. A 403 without a ticket is none: the RPT is good, and the host does not
 * say which permission is missing.
 *
 * @param resource the URL that the application asked for
 */
export async function pumaChallenges(answer: Answer, resource: string, options: PumaOptions): Promise<PumaChallenge[]> {
  const { status, headers } = answer
  if (status !== 401 && status !== 403) return []
  let challenges = olderChallenges(headers.get('www-authenticate'), 'am_uri')
  if (challenges.length === 1 && !challenges[0]?.ticket) {
    challenges = withTicketOf(await answer.text(65_536), challenges)
  }
  return challenges
    .filter(({ ticket }) => ticket || status === 401)
    .flatMap(({ server, ticket, hostId: named }) => {
      const hostId = hostIdOf(named, resource, options)
      const refused = hostId === undefined ? 'host-id' : undefined
      return issuersOf(server, options).map((issuer) => ({ issuer, ticket, hostId, refused }))
    })
}

/** `am_uri` is an issuer, or the host of one. */
function issuersOf(server: string, { allowInsecureHttp }: PumaOptions): string[] {
  const named = server.endsWith(wellKnownUma1) ? server.slice(0, -wellKnownUma1.length) : server
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(named)) return [named]
  return allowInsecureHttp ? [`https://${named}`, `http://${named}`] : [`https://${named}`]
}

/**
 * The name under which the manager knows the host. A host may only give its own name: with any other name it would
 * receive an RPT that is valid at another host.
 */
function hostIdOf(named: string | undefined, resource: string, { hostId }: PumaOptions): string | undefined {
  if (hostId) return hostId(named, resource)
  const url = new URL(resource)
  if (named === undefined) return url.host
  return isNameOf(named.toLowerCase(), url) ? named : undefined
}

function isNameOf(name: string, { hostname, port, protocol }: URL): boolean {
  const defaultPort = protocol === 'https:' ? '443' : '80'
  return name === hostname || name === `${hostname}:${port || defaultPort}`
}
