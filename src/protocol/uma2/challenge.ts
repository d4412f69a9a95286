import { parseWwwAuthenticate } from '../http/www-authenticate.ts'

/** A usable challenge of UMA 2.0 (Grant §3.2.1). */
export interface UmaChallenge {
  /** `as_uri`: the issuer, without a well-known suffix that some hosts add. */
  issuer: string
  ticket: string
}

/** Suffix of the metadata document's URL (Grant §2). Gluu's and Janssen's hosts send it as a part of `as_uri`. */
export const wellKnownUma2 = '/.well-known/uma2-configuration'

/**
 * The usable UMA challenges of a `WWW-Authenticate` field, in their order: those that have both `as_uri` and `ticket`,
 * each without a conflict. Parameters are never combined across challenges.
 */
export function umaChallenges(header: string | null): UmaChallenge[] {
  const usable: UmaChallenge[] = []
  for (const { scheme, params, conflict } of parseWwwAuthenticate(header).challenges) {
    const { as_uri, ticket } = params
    if (
      scheme === 'uma' &&
      as_uri?.trim() &&
      ticket?.trim() &&
      !conflict?.includes('as_uri') &&
      !conflict?.includes('ticket')
    ) {
      usable.push({ issuer: as_uri.endsWith(wellKnownUma2) ? as_uri.slice(0, -wellKnownUma2.length) : as_uri, ticket })
    }
  }
  return usable
}
