import { readObject } from './read-object.ts'
import { parseWwwAuthenticate } from './www-authenticate.ts'

/** A challenge of UMA before 2.0 (UMA 1.0.1 core §3.3.1 and the drafts of 2011 to 2014). */
export interface EarlyChallenge {
  /** `as_uri`, or `am_uri` in drafts until -05: as the host sent it. */
  server: string
  hostId?: string | undefined
  ticket?: string | undefined
}

/**
 * The UMA challenges of a `WWW-Authenticate` header that name a server with this parameter, in their order, each without a
 * conflict. Parameters are never combined across challenges.
 */
export function earlyChallenges(header: string | null, name: 'as_uri' | 'am_uri'): EarlyChallenge[] {
  return parseWwwAuthenticate(header)
    .challenges.filter(({ scheme, params, conflict }) => {
      const clear = !conflict?.some((param) => [name, 'ticket', 'host_id'].includes(param))
      return scheme === 'uma' && params[name]?.trim() && clear
    })
    .map(({ params }) => ({
      server: params[name] as string,
      hostId: params.host_id?.trim() || undefined,
      ticket: params.ticket?.trim() || undefined,
    }))
}

/**
 * The same with a ticket out of the body `{"ticket": …}`, where the header has none. Only with a single challenge: with several, it
 * could be anybody's.
 */
export function withTicketOf(body: string, challenges: EarlyChallenge[]): EarlyChallenge[] {
  const ticket = readObject(body)?.ticket
  const [only] = challenges
  return only && challenges.length === 1 && !only.ticket && typeof ticket === 'string' && ticket.trim()
    ? [{ ...only, ticket }]
    : challenges
}
