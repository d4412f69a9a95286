/** The challenge, worded as deployed hosts word it. */
import type { Answer } from '../http.ts'
import type { ChallengeFacts, HostQuirks } from './quirks.ts'

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

type Style = (facts: Omit<ChallengeFacts, 'usual'>) => string | string[]

const styles: Record<Exclude<HostQuirks['challengeStyle'], 'frdp'>, Style> = {
  spec: ({ realm, asUri, ticket }) => `UMA realm=${quoted(realm)}, as_uri=${quoted(asUri)}, ticket=${quoted(ticket)}`,
  keycloak: ({ realm, asUri, ticket }) => `UMA realm=${quoted(realm)},as_uri=${quoted(asUri)},ticket=${quoted(ticket)}`,
  gluu: ({ asUri, ticket }) =>
    `UMA realm="Authorization required", host_id=idp.example, as_uri=${asUri.replace(/\/$/, '')}/.well-known/uma2-configuration, ticket=${ticket}`,
  ess: ({ asUri, ticket }) => `Bearer, DPoP algs="ES256 RS256", UMA ticket=${quoted(ticket)}, as_uri=${quoted(asUri)}`,
  'ess-mixed': ({ asUri, ticket }) => `UMA as_uri=${quoted(asUri)}, ticket=${ticket}, Bearer, DPoP algs="ES256 RS256"`,
  eoepca: ({ realm, asUri, ticket }) => `UMA realm=${realm},as_uri=${asUri},ticket=${ticket}`,
  axiam: ({ realm, asUri, ticket }) => [
    `Bearer realm=${quoted(realm)}, error="insufficient_scope"`,
    `UMA realm=${quoted(realm)}, as_uri=${quoted(asUri)}, ticket=${quoted(ticket)}`,
  ],
  gatekeeper: ({ realm, asUri, ticket }) =>
    `realm=${quoted(realm)}, as_uri=${quoted(new URL(asUri).host)}, ticket=${quoted(ticket)}`,
}

export function challengeAnswer(quirks: HostQuirks, facts: Omit<ChallengeFacts, 'usual'>): Answer {
  const { challengeStyle, challengeStatus, challenge } = quirks
  const usual = styles[challengeStyle === 'frdp' ? 'spec' : challengeStyle](facts)
  const worded = challenge?.({ ...facts, usual }) ?? usual
  if (typeof worded === 'object' && !Array.isArray(worded)) return worded
  if (challengeStyle === 'frdp' && challenge === undefined) {
    return {
      status: challengeStatus,
      headers: { 'cache-control': 'no-store' },
      body: { as_uri: facts.asUri, ticket: facts.ticket },
    }
  }
  return {
    status: challengeStatus,
    headers: { 'www-authenticate': worded, 'cache-control': 'no-store' },
    body: { error: 'protected' },
  }
}

export const unreachable: Answer = {
  status: 403,
  headers: { warning: '199 - "UMA Authorization Server Unreachable"', 'cache-control': 'no-store' },
  body: { error: 'forbidden' },
}

/** An RPT that is not good, answered without a challenge of UMA. */
export function staleAnswer(status: number): Answer {
  const headers = { 'cache-control': 'no-store' }
  if (status === 401)
    return {
      status,
      headers: { ...headers, 'www-authenticate': 'Bearer realm="photos", error="invalid_token"' },
      body: { error: 'invalid_token' },
    }
  return { status, headers, body: { status, description: 'Invalid UMA token', message: 'Invalid UMA token' } }
}
