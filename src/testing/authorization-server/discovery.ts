/** The discovery document: members of RFC 8414 and those that UMA adds (Grant §2, Federated Authorization §2). */
import { type Answer, isAnswer } from '../wire/answer.ts'
import type { ServerContext } from './context.ts'
import { UMA_TICKET_GRANT } from './state.ts'

export const WELL_KNOWN = '/.well-known/uma2-configuration'

/** The document as specified, without the deviation `metadata`. */
export function metadata({ base, issuer }: ServerContext): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    registration_endpoint: `${base}/register`,
    revocation_endpoint: `${base}/revoke`,
    introspection_endpoint: `${base}/introspect`,
    permission_endpoint: `${base}/perm`,
    resource_registration_endpoint: `${base}/rreg/`,
    claims_interaction_endpoint: `${base}/rqp_claims`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials', UMA_TICKET_GRANT],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256'],
    scopes_supported: ['openid', 'profile', 'offline_access', 'uma_protection', 'uma_authorization'],
    authorization_response_iss_parameter_supported: true,
    uma_profiles_supported: [],
  }
}

export async function discovery(context: ServerContext): Promise<Answer> {
  const { stats, deviations, clock } = context
  stats.discoveryRequests += 1
  if (deviations.delayMs.discovery) await clock.pause(deviations.delayMs.discovery)
  const document = deviations.metadata?.(metadata(context)) ?? metadata(context)
  return isAnswer(document) ? document : { status: 200, body: document }
}
