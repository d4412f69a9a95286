/** The discovery document: RFC 8414 members and those that UMA adds. */
import { type Answer, pause } from '../http.ts'
import { type State, UMA_TICKET_GRANT } from './state.ts'
import { isAnswer } from './uma-grant.ts'

export function metadata(state: State): Record<string, unknown> {
  const { base, issuer } = state
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

export async function discovery(state: State): Promise<Answer> {
  state.stats.discoveryRequests += 1
  await pause(state.quirks.delayMs.discovery)
  const json = state.quirks.metadata?.(metadata(state)) ?? metadata(state)
  return isAnswer(json) ? json : { status: 200, body: json }
}
