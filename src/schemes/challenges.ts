import { parseWwwAuthenticate } from '../protocol/http/www-authenticate.ts'

/** A challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1). */
export interface ParsedChallenge {
  /** The authentication scheme, in lower case: `uma`, `bearer`, … */
  scheme: string
  /** The parameters, without a prototype and with names in lower case. */
  params: Record<string, string>
  /** Credentials without parameters (RFC 9110 §11.2), as `Negotiate` has them. */
  token68?: string
  /** The names of parameters that occur twice with different values. Do not trust such a parameter. */
  conflict?: string[]
}

/**
 * Reads the challenges of an answer's `WWW-Authenticate` field. It never throws and takes linear time. Known deviations
 * of hosts, such as missing commas and unquoted values, are read as they were meant. Any other malformed part belongs
 * to no challenge. A field of more than 16,384 characters has no challenges; of more than 64 challenges, the first 64
 * are read.
 *
 * @param from an answer, its headers, or the value of the field
 * @returns the challenges in their order, those of other authentication schemes included
 *
 * @example
 * recognise: (answer) =>
 *   parseChallenges(answer)
 *     .filter(({ scheme, params, conflict }) => scheme === 'acme' && params.issuer && !conflict)
 *     .map(({ params }) => ({ issuer: params.issuer, ticket: params.ticket }))
 */
export function parseChallenges(
  from: string | readonly string[] | null | undefined | Headers | { headers: Headers },
): ParsedChallenge[] {
  return parseWwwAuthenticate(fieldOf(from)).challenges
}

function fieldOf(from: Parameters<typeof parseChallenges>[0]): string | readonly string[] | null | undefined {
  if (from === null || typeof from !== 'object' || Array.isArray(from)) return from
  const headers = 'headers' in from ? from.headers : (from as Headers)
  return headers.get('www-authenticate')
}
