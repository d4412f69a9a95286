/** One entry of `required_claims` (UMA Grant §3.3.6), with arrays where servers in the field send a single string. */
export interface RequiredClaim {
  claim_token_format?: string[]
  claim_type?: string
  friendly_name?: string
  issuer?: string[]
  name?: string
  /** The entry as it was sent. */
  raw: unknown
}
