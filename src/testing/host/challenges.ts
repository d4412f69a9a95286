/** The challenge (Grant §3.2), worded as deployed hosts word it. */
import type { Answer } from '../wire/answer.ts'
import type { ChallengeFacts, HostDeviations } from './deviations.ts'

type Facts = Omit<ChallengeFacts, 'usual'>

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const usualUma = ({ realm, asUri, ticket }: Facts, separator = ', '): string =>
  `UMA ${[`realm=${quoted(realm)}`, `as_uri=${quoted(asUri)}`, `ticket=${quoted(ticket)}`].join(separator)}`

const styles: Record<HostDeviations['challengeStyle'], (facts: Facts) => string | string[]> = {
  spec: (facts) => usualUma(facts),
  keycloak: (facts) => usualUma(facts, ','),
  gluu: ({ asUri, ticket }) => {
    const document = `${asUri.replace(/\/$/, '')}/.well-known/uma2-configuration`
    return `UMA realm="Authorization required", host_id=idp.example, as_uri=${document}, ticket=${ticket}`
  },
  ess: ({ asUri, ticket }) => `Bearer, DPoP algs="ES256 RS256", UMA ticket=${quoted(ticket)}, as_uri=${quoted(asUri)}`,
  'ess-mixed': ({ asUri, ticket }) => `UMA as_uri=${quoted(asUri)}, ticket=${ticket}, Bearer, DPoP algs="ES256 RS256"`,
  eoepca: ({ realm, asUri, ticket }) => `UMA realm=${realm},as_uri=${asUri},ticket=${ticket}`,
  axiam: (facts) => [`Bearer realm=${quoted(facts.realm)}, error="insufficient_scope"`, usualUma(facts)],
  gatekeeper: ({ realm, asUri, ticket }) =>
    `realm=${quoted(realm)}, as_uri=${quoted(new URL(asUri).host)}, ticket=${quoted(ticket)}`,
  frdp: (facts) => usualUma(facts),
}

export function challengeAnswer(deviations: HostDeviations, facts: Facts): Answer {
  const { challengeStyle, challengeStatus: status, challenge } = deviations
  const usual = styles[challengeStyle](facts)
  const worded = challenge?.({ ...facts, usual }) ?? usual
  if (typeof worded === 'object' && !Array.isArray(worded)) return worded
  if (challengeStyle === 'frdp' && challenge === undefined) {
    const { asUri, ticket } = facts
    return { status, headers: { 'cache-control': 'no-store' }, body: { as_uri: asUri, ticket } }
  }
  return {
    status,
    headers: { 'www-authenticate': worded, 'cache-control': 'no-store' },
    body: { error: 'protected' },
  }
}

/** The host cannot get a ticket (Grant §3.2.2). */
export const unreachable: Answer = {
  status: 403,
  headers: { warning: '199 - "UMA Authorization Server Unreachable"', 'cache-control': 'no-store' },
  body: { error: 'forbidden' },
}

/** The answer for an unusable RPT, without a UMA challenge. */
export function staleAnswer(status: number): Answer {
  const headers = { 'cache-control': 'no-store' }
  if (status !== 401) {
    return { status, headers, body: { status, description: 'Invalid UMA token', message: 'Invalid UMA token' } }
  }
  return {
    status,
    headers: { ...headers, 'www-authenticate': 'Bearer realm="photos", error="invalid_token"' },
    body: { error: 'invalid_token' },
  }
}
