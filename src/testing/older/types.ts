/** The words of UMA before 2.0. The authorization server was called authorization manager in the draft of 2012. */
import type { Clock } from '../wire/clock.ts'
import type { ManagerDeviations } from './deviations.ts'

/** puma: draft -03 as SMARTAM spoke it (2012). 1.0: April 2015. 1.0.1: December 2015. */
export type Era = 'puma' | '1.0' | '1.0.1'

export interface ManagerClient {
  id: string
  secret?: string | undefined
  redirectUris: string[]
  /** the registration request, as it was sent */
  metadata?: Record<string, unknown>
}

export interface HostPermission {
  /** the host that asked for the ticket */
  host: string
  path: string
  scope: string
}

export interface PushedToken {
  format: string
  token: string
}

/** Unlike a ticket of UMA 2.0, it can be presented more than once (UMA 1.0.1 §3.2.2). */
export interface ManagerTicket {
  id: string
  permission: HostPermission
  /** milliseconds since 1970 */
  expiresAt: number
  /** how often the ticket was presented, at any endpoint */
  presented: number
  revoked: boolean
  claims: PushedToken[]
  /** the person who used the claims endpoint with this ticket */
  gathered?: string | undefined
}

/** The facts that an access token with the scope uma_authorization stands for (UMA 1.0.1 §1.3.2). */
export interface AatFacts {
  party: string
  clientId: string
  scope: string
  acr?: string | undefined
}

export interface Aat extends AatFacts {
  token: string
  /** milliseconds since 1970 */
  expiresAt: number
}

export interface ManagerRpt {
  token: string
  party: string
  clientId: string
  /** draft only: the host that the RPT was issued for */
  host?: string | undefined
  permissions: HostPermission[]
  valid: boolean
}

export interface ManagerPolicyRequest {
  party: string
  owner: string
  clientId: string
  permission: HostPermission
  claims: PushedToken[]
  gathered: string | undefined
  acr: string | undefined
  /** true if the owner has agreed to this party */
  agreed: boolean
}

/** More is needed: UMA 1.0.1 §3.5.4. */
export interface NeededInfo {
  requiredAcr?: string[]
  requiredClaims?: Record<string, unknown>[]
  redirectUser?: boolean
}

export type ManagerDecision =
  | 'grant'
  | 'deny'
  | 'submitted'
  | NeededInfo
  /** any other answer, as it is */
  | { status: number; body: unknown }

export type ManagerPolicy = (request: ManagerPolicyRequest) => ManagerDecision

export interface ManagerState {
  era: Era
  issuer: string
  readonly clock: Clock
  readonly deviations: ManagerDeviations
  policy: ManagerPolicy
  accounts: string[]
  clients: Map<string, ManagerClient>
  tickets: Map<string, ManagerTicket>
  aats: Map<string, Aat>
  rpts: Map<string, ManagerRpt>
  refreshTokens: Map<string, AatFacts>
  /** `owner party`, once the owner has agreed */
  agreed: Set<string>
  /** `owner party`, while the owner is asked */
  asked: Set<string>
}

/** /api/people/alice/… and /alice/… belong to alice. */
export const ownerOf = (path: string): string =>
  decodeURIComponent((/^\/api\/people\/([^/?]+)/.exec(path) ?? /^\/([^/?]*)/.exec(path))?.[1] ?? '')
