/** The words of the authorization managers: UMA before 2.0 (checklist C). */
import type { AmQuirks } from './quirks.ts'

/** puma: draft -03 as SMARTAM spoke it (2012). 1.0: April 2015. 1.0.1: December 2015. */
export type Era = 'puma' | '1.0' | '1.0.1'

export interface AmClient {
  id: string
  secret?: string | undefined
  redirectUris: string[]
  /** what it registered with, as it was sent */
  metadata?: Record<string, unknown>
}

export interface AmPermission {
  /** the host that asked for the ticket */
  host: string
  path: string
  scope: string
}

/** Not single use: U1-3.2.2-a. */
export interface AmTicket {
  id: string
  permission: AmPermission
  expiresAt: number
  /** how often it was presented, at any endpoint */
  presented: number
  revoked: boolean
  claims: { format: string; token: string }[]
  /** who went through the claims endpoint with it */
  gathered?: string | undefined
}

/** What an access token with scope uma_authorization stands for (AAT, U1-1.3.2-a). */
export interface Aat {
  token: string
  party: string
  clientId: string
  scope: string
  acr?: string | undefined
  expiresAt: number
}

export interface AmRpt {
  token: string
  party: string
  clientId: string
  /** draft only: the host that it was issued for */
  host?: string | undefined
  permissions: AmPermission[]
  valid: boolean
}

export interface AmPolicyRequest {
  party: string
  owner: string
  clientId: string
  permission: AmPermission
  claims: { format: string; token: string }[]
  gathered: string | undefined
  acr: string | undefined
  /** the owner has agreed to this party */
  agreed: boolean
}

export type AmDecision =
  | 'grant'
  | 'deny'
  | 'submitted'
  | { requiredAcr?: string[]; requiredClaims?: Record<string, unknown>[]; redirectUser?: boolean }
  /** any other answer, as it is */
  | { status: number; body: unknown }

export type AmPolicy = (request: AmPolicyRequest) => AmDecision

export interface AmState {
  era: Era
  issuer: string
  quirks: AmQuirks
  policy: AmPolicy
  accounts: string[]
  clients: Map<string, AmClient>
  tickets: Map<string, AmTicket>
  aats: Map<string, Aat>
  rpts: Map<string, AmRpt>
  refreshTokens: Map<string, Omit<Aat, 'token' | 'expiresAt'>>
  /** `owner party`, once the owner has agreed */
  agreed: Set<string>
  /** `owner party`, waiting for the owner */
  asked: Set<string>
}

/** /api/people/alice/… and /alice/… are Alice's. */
export const ownerOf = (path: string): string =>
  decodeURIComponent((/^\/api\/people\/([^/?]+)/.exec(path) ?? /^\/([^/?]*)/.exec(path))?.[1] ?? '')
