import { secureUrl } from './secure-url.ts'

/**
 * The URL that a person is sent to (Grant §3.3.2): the endpoint with its own query, an existing parameter replaced, and a `?`
 * where a server forgot it (Gluu). Undefined if nobody should be sent there.
 */
export function claimsRedirect(endpoint: string, parameters: Record<string, string | undefined>): URL | undefined {
  const url = secureUrl(endpoint.includes('?') ? endpoint : endpoint.replace('&', '?'))
  for (const name in parameters) {
    const value = parameters[name]
    if (value !== undefined) url?.searchParams.set(name, value)
  }
  return url
}

/** What came back to the claims redirection URI (Grant §3.3.3); `problem` says in our words what is wrong with it. */
export type ClaimsReturn =
  | { ticket: string }
  | { problem: 'state' | 'repeated' | 'iss' | 'error' | 'ticket'; code?: string }

/**
 * Reads the URL that a person came back on: state first, then no parameter twice, `iss` if there is one (RFC 9207), `error`, and a
 * ticket that is not the one that was sent.
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
