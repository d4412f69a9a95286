import { readObject } from '../http/read-object.ts'
import { type AuthorizationServerMetadata, checkMetadata } from '../oauth/metadata.ts'

/** Suffix of the configuration's URL before 2.0. "Universal Money Address" uses it too. */
export const wellKnownUma1 = '/.well-known/uma-configuration'

const includes = (list: unknown, value: string): boolean => Array.isArray(list) && list.includes(value)

/**
 * Reads a UMA 1.0 or 1.0.1 configuration (§1.4), or says in a few words what is wrong with the document.
 * `dynamic_client_endpoint` becomes `registration_endpoint`, and its reserved word `openid` becomes the member
 * `openid_registration`.
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
  // This check comes first: another protocol may use this URL for its own document.
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
