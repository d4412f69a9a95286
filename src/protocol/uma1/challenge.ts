import { readObject } from '../http/read-object.ts'
import { parseWwwAuthenticate } from '../http/www-authenticate.ts'

/** A challenge of UMA before 2.0. */
export interface OlderChallenge {
  /** `as_uri`, or `am_uri` in drafts until -05, as the host sent it. */
  server: string
  hostId?: string | undefined
  ticket?: string | undefined
}

/**
 * The UMA challenges of a `WWW-Authenticate` field that name a server with this parameter, in their order. A challenge
 * that contradicts itself is left out, and parameters are never combined across challenges.
 */
export function olderChallenges(header: string | null, name: 'as_uri' | 'am_uri'): OlderChallenge[] {
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
 * Adds the ticket of the body `{"ticket": …}` to a challenge without one. Of several challenges none gets the ticket,
 * because nothing says to which one the ticket belongs.
 */
export function withTicketOf(body: string, challenges: OlderChallenge[]): OlderChallenge[] {
  const ticket = readObject(body)?.ticket
  const [only] = challenges
  return only && challenges.length === 1 && !only.ticket && typeof ticket === 'string' && ticket.trim()
    ? [{ ...only, ticket }]
    : challenges
}
