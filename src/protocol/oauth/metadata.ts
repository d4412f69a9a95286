import { DiscoveryError } from '../../errors/index.ts'
import { endpointUrl } from '../http/endpoint-url.ts'
import { readObject } from '../http/read-object.ts'

/**
 * An authorization server's metadata (UMA Grant §2, RFC 8414 §2): the members that this package reads, and all others
 * as they were sent.
 */
export interface AuthorizationServerMetadata {
  issuer: string
  /** Absent only if the scheme's `readMetadata` does not ask for it. */
  token_endpoint?: string
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
 * The URLs where the document of an issuer can be: the suffix after the issuer (UMA Grant §2) and, for an issuer with a
 * path, also the suffix after the host (RFC 8414 §3).
 */
export function metadataUrls(issuer: string, suffix: string): string[] {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  return pathname === '/' ? [base + suffix] : [base + suffix, origin + suffix + pathname]
}

/** Rules for a metadata document. */
export interface MetadataRules {
  /** Accepts an issuer that differs by a final slash. @default false */
  tolerateTrailingSlash?: boolean | undefined
  /** Accepts endpoints over plain http. @default false */
  allowInsecureHttp?: boolean | undefined
  /** The members that must be there, each the URL of an endpoint. @default ['token_endpoint'] */
  endpoints?: readonly string[] | undefined
}

/** Reads a metadata document, or says in a few words what is wrong with the document. */
export type MetadataReader = (
  text: string,
  issuer: string,
  slashTolerant?: boolean,
) => AuthorizationServerMetadata | string

/**
 * Reads a metadata document (RFC 8414 §3), or says in a few words what is wrong with the document. The issuer must be
 * the one that was asked for, by simple string comparison (§3.3), and only endpoints that are safe for secrets count.
 *
 * @param slashTolerant accepts an issuer that differs by a final slash
 */
export const readMetadata: MetadataReader = (text, issuer, slashTolerant) =>
  readWithRules(text, issuer, { tolerateTrailingSlash: slashTolerant })

/**
 * Makes a reader of metadata documents as `readMetadata`, with rules of its own.
 *
 * @param rules the endpoints that must be there, and whether plain http is allowed
 *
 * @example const readMetadata = metadataReader({ endpoints: ['uma_token_uri'] })
 */
export function metadataReader(rules: Omit<MetadataRules, 'tolerateTrailingSlash'>): MetadataReader {
  return (text, issuer, slashTolerant) =>
    readWithRules(text, issuer, { ...rules, tolerateTrailingSlash: slashTolerant })
}

function readWithRules(text: string, issuer: string, rules: MetadataRules): AuthorizationServerMetadata | string {
  const document = readObject(text) as AuthorizationServerMetadata | undefined
  return document ? checkMetadata(document, issuer, rules) : 'not a JSON object'
}

/**
 * Checks a metadata document that is already parsed, or renamed. The document itself is not changed.
 *
 * @returns the document without the endpoints that are not safe, or a few words that say what is wrong with it
 *
 * @example
 * const document = JSON.parse(text)
 * return checkMetadata({ ...document, token_endpoint: document.uma_token_uri }, issuer)
 */
export function checkMetadata(
  document: AuthorizationServerMetadata,
  issuer: string,
  { tolerateTrailingSlash = false, allowInsecureHttp = false, endpoints = ['token_endpoint'] }: MetadataRules = {},
): AuthorizationServerMetadata | string {
  const { issuer: named } = document
  const oneSlash = typeof named === 'string' && named.replace(/\/$/, '') === issuer.replace(/\/$/, '')
  if (named !== issuer && !(tolerateTrailingSlash && oneSlash))
    return `names another issuer${oneSlash ? ' by a final slash (tolerateTrailingSlash)' : ''}`
  const isEndpoint = (member: string): boolean => member.endsWith('_endpoint') || endpoints.includes(member)
  // An endpoint that is less safe than the issuer, or has credentials in it, is as good as none.
  const members = Object.entries(document).filter(
    ([name, value]) => !isEndpoint(name) || endpointUrl(value, issuer, allowInsecureHttp),
  )
  const checked = Object.fromEntries(members) as AuthorizationServerMetadata
  const missing = endpoints.find((name) => !Object.hasOwn(checked, name))
  return missing ? `no usable ${missing}` : checked
}

/** The error for an endpoint that a request needs and the metadata does not have. */
export const missingEndpoint = (issuer: string, name: string): DiscoveryError =>
  new DiscoveryError(`Metadata of ${issuer}: no usable ${name}`, { issuer })
