import { readObject } from './read-object.ts'
import { secureUrl } from './secure-url.ts'

/** An authorization server's metadata (Grant §2, RFC 8414 §2): the members that this package reads, and whatever else is there. */
export interface AuthorizationServerMetadata {
  issuer: string
  token_endpoint: string
  claims_interaction_endpoint?: string
  revocation_endpoint?: string
  registration_endpoint?: string
  authorization_endpoint?: string
  introspection_endpoint?: string
  permission_endpoint?: string
  resource_registration_endpoint?: string
  token_endpoint_auth_methods_supported?: string[]
  [member: string]: unknown
}

/**
 * Where the document of an issuer lies: the suffix appended to the issuer (Grant §2), and, for an issuer with a path, inserted
 * after the host (RFC 8414 §3).
 */
export function metadataUrls(issuer: string, suffix: string): string[] {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  return pathname === '/' ? [base + suffix] : [base + suffix, origin + suffix + pathname]
}

/**
 * Reads a metadata document. Returns what is wrong with it as a string: the issuer must be the one asked for, by simple string
 * comparison (RFC 8414 §3.3), and every endpoint must be safe to send secrets to.
 */
export function readMetadata(
  text: string,
  issuer: string,
  slashTolerant = false,
): AuthorizationServerMetadata | string {
  const document = readObject(text) as AuthorizationServerMetadata | undefined
  return document ? checkMetadata(document, issuer, slashTolerant) : 'not a JSON object'
}

/** The same of a document that has been read. @param insecure endpoints may be plain http */
export function checkMetadata(
  document: AuthorizationServerMetadata,
  issuer: string,
  slashTolerant = false,
  insecure = false,
): AuthorizationServerMetadata | string {
  const { issuer: named } = document
  const oneSlash = typeof named === 'string' && named.replace(/\/$/, '') === issuer.replace(/\/$/, '')
  if (named !== issuer && !(slashTolerant && oneSlash))
    return `names another issuer${oneSlash ? ' by a final slash (tolerateTrailingSlash)' : ''}`
  for (const member in document) {
    // An endpoint over plain http, or with credentials in it, is as good as none.
    if (member.endsWith('_endpoint') && !secureUrl(document[member], insecure)) delete document[member]
  }
  return document.token_endpoint ? document : 'no usable token_endpoint'
}
