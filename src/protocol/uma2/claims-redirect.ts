import { secureUrl } from '../http/secure-url.ts'

/**
 * The URL that a person is sent to for claims (UMA Grant §3.3.2): the endpoint with its own query and these parameters.
 * A parameter that the endpoint already has is replaced. A `?` that a server forgot (Gluu) is added.
 *
 * @returns undefined if nobody should be sent there: the endpoint is neither https nor http on this machine
 *
 * @example claimsRedirect(endpoint, { client_id: clientId, ticket, state, claims_redirect_uri: redirectUri })
 */
export function claimsRedirect(endpoint: string, parameters: Record<string, string | undefined>): URL | undefined {
  const url = secureUrl(endpoint.includes('?') ? endpoint : endpoint.replace('&', '?'))
  for (const name in parameters) {
    const value = parameters[name]
    if (value !== undefined) url?.searchParams.set(name, value)
  }
  return url
}

/** The return to the claims redirection URI (UMA Grant §3.3.3). `problem` names the unusable part. */
export type ClaimsReturn =
  | { ticket: string }
  | { problem: 'state' | 'repeated' | 'iss' | 'error' | 'ticket'; code?: string }

/**
 * Reads the URL that a person came back on: the state first, then no parameter twice, `iss` if there is one (RFC 9207),
 * `error`, and a ticket that is not the one that was sent.
 *
 * @param expected `ticket` is the ticket that was sent, if it must have changed
 *
 * @example
 * const result = readClaimsReturn(back, { state, issuer, ticket })
 * if ('problem' in result) throw unusableReturn(result, issuer)
 */
export function readClaimsReturn(
  url: string,
  expected: { state: string; issuer: string; ticket?: string | undefined },
): ClaimsReturn {
  const parameters = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams()
  const one = (name: string): string | null => parameters.get(name)
  if (one('state') !== expected.state) return { problem: 'state' }
  if (['state', 'ticket', 'iss', 'error'].some((name) => parameters.getAll(name).length > 1))
    return { problem: 'repeated' }
  if (one('iss') !== null && one('iss') !== expected.issuer) return { problem: 'iss' }
  const code = one('error')
  if (code) return { problem: 'error', code }
  const ticket = one('ticket')
  return ticket && ticket !== expected.ticket ? { ticket } : { problem: 'ticket' }
}
