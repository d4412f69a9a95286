/** The words of the test authorization server. */
import type { JsonWebKey } from 'node:crypto'

export interface Permission {
  resource_id: string
  resource_scopes: string[]
  /** seconds since 1970, as introspection gives them */
  exp?: number
}

export interface ResourceDescription {
  resource_scopes: string[]
  name?: string
  type?: string
  description?: string
  icon_uri?: string
  [more: string]: unknown
}

export interface RegisteredResource extends ResourceDescription {
  _id: string
  /** client_id of the resource server that registered it */
  resourceServer: string
}

/** RFC 7591 client metadata, with UMA's claims_redirect_uris. */
export interface ClientMetadata {
  client_id: string
  client_secret?: string
  token_endpoint_auth_method?: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  grant_types?: string[]
  response_types?: string[]
  redirect_uris?: string[]
  claims_redirect_uris?: string[]
  scope?: string
  jwks?: { keys: JsonWebKey[] }
  [more: string]: unknown
}

export interface Account {
  name: string
  email?: string
}

/** A claim token that the client pushed, read. */
export interface PushedClaims {
  format: string
  /** as sent */
  token: string
  /** the JWT's or JSON's members; { value } for anything else */
  payload: Record<string, unknown>
  /** signed by this authorization server itself */
  ownSignature: boolean
}

export interface RequiredClaim {
  claim_token_format?: string | string[]
  claim_type?: string
  friendly_name?: string
  issuer?: string | string[]
  name?: string
  [more: string]: unknown
}

/** What a policy decides upon. */
export interface PolicyRequest {
  permissions: Permission[]
  /** scopes asked for with the `scope` parameter */
  scope: string[]
  clientId: string
  /** all claims pushed so far in this process, and those that a PCT remembers */
  claims: PushedClaims[]
  /** who went through the claims interaction page (now, or as a PCT remembers) */
  account?: string
  /** whether that person agreed to share their name */
  sharesName: boolean
  /** whom a Bearer access token at the token endpoint identifies (Keycloak's way) */
  bearerSubject?: string
  /** the subject remembered by a valid `pct` */
  pctSubject?: string
  /** 1 for the first token request of a process, then 2, … */
  round: number
  /** ms since the process's first ticket was issued */
  age: number
  /** the whole form */
  parameters: URLSearchParams
}

export type Decision =
  | 'grant'
  | 'deny'
  /** only some of what was asked for */
  | { grant: Permission[] }
  | { needInfo: { requiredClaims?: RequiredClaim[]; redirectUser?: boolean | string } }
  | { submitted: { interval?: number } }
  /** any other error answer */
  | { error: string; status?: number; description?: string }

export type Policy = (request: PolicyRequest) => Decision | Promise<Decision>

export interface AuthorizationServerStats {
  /** UMA grant requests that reached the token endpoint (PAT, code and refresh requests are not counted here) */
  tokenRequests: number
  refreshRequests: number
  patRequests: number
  discoveryRequests: number
  /** UMA grant and refresh requests being worked on, now and at the highest */
  inFlight: number
  maxInFlight: number
  ticketsIssued: number
  /** how often a spent or unknown ticket was presented, at either endpoint */
  ticketsReplayed: number
  rptsIssued: number
  /** how often an RPT that an upgrade had already replaced was sent as `rpt` */
  supersededRptsPresented: number
  refreshTokensReplayed: number
}
