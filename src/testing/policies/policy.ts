/** A policy decides about a token request. */
import type { Permission } from '../permission-api/types.ts'

/** A claim token that the client pushed (Grant §3.3.1), read. */
export interface PushedClaims {
  format: string
  /** as sent */
  token: string
  /** the members of the JWT or of the JSON object; { value } for any other text */
  payload: Record<string, unknown>
  /** true if this authorization server signed the token itself */
  ownSignature: boolean
}

/** One entry of `required_claims` (Grant §3.3.6). */
export interface RequiredClaim {
  claim_token_format?: string | string[]
  claim_type?: string
  friendly_name?: string
  issuer?: string | string[]
  name?: string
  [more: string]: unknown
}

/** The facts that a policy decides upon. */
export interface PolicyRequest {
  permissions: Permission[]
  /** scopes that the client asked for with the parameter `scope` */
  scope: string[]
  clientId: string
  /** all claims pushed in this authorization process, and those that a PCT remembers */
  claims: PushedClaims[]
  /** the person who used the claims interaction page, now or as a PCT remembers */
  account?: string
  /** true if that person agreed to share their name */
  sharesName: boolean
  /** the person whom a Bearer access token at the token endpoint identifies (Keycloak) */
  bearerSubject?: string
  /** the subject that a valid `pct` remembers */
  pctSubject?: string
  /** 1 for the first token request of an authorization process, then 2, … */
  round: number
  /** milliseconds since the first ticket of the authorization process was issued */
  age: number
  /** the whole form */
  parameters: URLSearchParams
}

export type Decision =
  | 'grant'
  | 'deny'
  /** only a part of the permissions that the client wants */
  | { grant: Permission[] }
  | { needInfo: { requiredClaims?: RequiredClaim[]; redirectUser?: boolean | string } }
  /** `interval` in seconds */
  | { submitted: { interval?: number } }
  /** any other error answer */
  | { error: string; status?: number; description?: string }

export type Policy = (request: PolicyRequest) => Decision | Promise<Decision>
