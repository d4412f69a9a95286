import { type AuthorizationServerMetadata, checkMetadata } from './metadata.ts'
import { readObject } from './read-object.ts'

/** Suffix of the configuration's URL before 2.0. "Universal Money Address" uses it too. */
export const wellKnownUma1 = '/.well-known/uma-configuration'

const includes = (list: unknown, value: string): boolean => Array.isArray(list) && list.includes(value)

/**
 * Reads a UMA 1.0 or 1.0.1 configuration (§1.4), or says what is wrong with it. `dynamic_client_endpoint` becomes
 * `registration_endpoint`, and the reserved word `openid` a member `openid_registration`.
 */
export function readUma1Configuration(
  text: string,
  issuer: string,
  slashTolerant = false,
): AuthorizationServerMetadata | string {
  const document = readObject(text) as AuthorizationServerMetadata | undefined
  if (!document) return 'not a JSON object'
  const { version, rpt_profiles_supported: profiles } = document
  const bearer = 'https://docs.kantarainitiative.org/uma/profiles/uma-token-bearer-1.0'
  // Looked at before anything else is believed: somebody else's document may lie at this place.
  if (version !== '1.0' || !includes(document.aat_profiles_supported, 'bearer')) return 'not a UMA 1.0 configuration'
  if (!includes(profiles, bearer) && !includes(profiles, 'bearer')) return 'no Bearer profile for RPTs'
  const { dynamic_client_endpoint: registration } = document
  if (registration === 'openid') document.openid_registration = true
  else document.registration_endpoint = registration as string
  return checkMetadata(document, issuer, {
    tolerateTrailingSlash: slashTolerant,
    endpoints: ['token_endpoint', 'authorization_endpoint', 'rpt_endpoint'],
  })
}

/**
 * Reads the configuration of a draft -03 authorization manager, as SMARTAM published it, or says what is wrong with it. The endpoints
 * that a requester uses go by their later names: `token_endpoint`, `authorization_endpoint`, `registration_endpoint`.
 *
 * @param insecure endpoints may be plain http
 */
export function readPumaConfiguration(
  text: string,
  issuer: string,
  slashTolerant = false,
  insecure = false,
): AuthorizationServerMetadata | string {
  const document = readObject(text) as AuthorizationServerMetadata | undefined
  if (!document) return 'not a JSON object'
  if (document.version !== '1.0' || !document.requester_token_endpoint) return 'not a configuration of UMA draft -03'
  Object.assign(document, {
    token_endpoint: document.requester_token_endpoint,
    authorization_endpoint: document.requester_user_endpoint,
    registration_endpoint: document.client_dynamic_registration_endpoint,
  })
  return checkMetadata(document, issuer, {
    tolerateTrailingSlash: slashTolerant,
    allowInsecureHttp: insecure,
    endpoints: ['token_endpoint', 'authorization_endpoint', 'permission_request_endpoint'],
  })
}
