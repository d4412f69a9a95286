/** The metadata that a client registers with (RFC 7591 §2), with `claims_redirect_uris` (UMA Grant §2). */
export interface ClientMetadata {
  client_name?: string
  client_uri?: string
  logo_uri?: string
  redirect_uris?: string[]
  claims_redirect_uris?: string[]
  grant_types?: string[]
  response_types?: string[]
  scope?: string
  token_endpoint_auth_method?: string
  [member: string]: unknown
}

/** Whether a method needs more than a secret: a key or a certificate that only the application has. */
export const needsMore = (method: unknown): boolean => /jwt|tls/.test(`${method}`)
