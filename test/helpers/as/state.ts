/** What the parts of the test authorization server share. */
import type { PlainKeys } from './keys.ts'
import type { AuthorizationServerQuirks } from './quirks.ts'
import type { TicketStore } from './tickets.ts'
import type { TokenStore } from './tokens.ts'
import type { Account, AuthorizationServerStats, Policy, RegisteredResource } from './types.ts'

export interface State {
  /** the issuer without a trailing slash: what endpoint URLs start with */
  base: string
  readonly issuer: string
  keys: PlainKeys
  quirks: AuthorizationServerQuirks
  policy: Policy
  stats: AuthorizationServerStats
  accounts: Record<string, Account>
  resources: Map<string, RegisteredResource>
  tickets: TicketStore
  tokens: TokenStore
}

export const UMA_TICKET_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket'
export const ID_TOKEN_FORMAT = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken'
