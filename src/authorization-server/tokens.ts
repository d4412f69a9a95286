/** The tokens that a token endpoint granted; plain JSON. */
export interface Tokens {
  accessToken: string
  /** When the access token ends, in milliseconds since 1970; undefined: the server did not say. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
  /** Its claims were checked (OpenID Connect Core §3.1.3.7). Its signature was not: TLS authenticates the server. */
  idToken?: string | undefined
  scope?: string | undefined
}
