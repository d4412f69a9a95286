/** Everything that the endpoints of a simulated authorization server share. */
import type { Deviations } from '../dialects/deviations.ts'
import { asSpecified } from '../dialects/deviations.ts'
import type { RegisteredResource } from '../permission-api/types.ts'
import { grantAll } from '../policies/policies.ts'
import type { Policy } from '../policies/policy.ts'
import { TicketStore } from '../uma-grant/tickets.ts'
import { TokenStore } from '../uma-grant/tokens.ts'
import { type Clock, clockOf } from '../wire/clock.ts'
import { createSigningKey } from '../wire/keys.ts'
import { type AccessTokenStore, type AccessTokensInMemory, accessTokensInMemory } from './access-tokens.ts'
import { type ClientMetadata, type ClientStore, clientsInMemory } from './clients.ts'
import type { ServerContext } from './context.ts'
import { noStats } from './stats.ts'

export const UMA_TICKET_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket'

/** A person who can sign in. */
export interface Account {
  name: string
  email?: string
}

export interface AuthorizationServerOptions {
  /** the URL of the server without a trailing slash, such as https://as.example.com/realms/photos */
  base: string
  /** milliseconds since 1970. @default Date.now */
  now?: Clock['now']
  /** waits for so many milliseconds. @default a timer */
  pause?: Clock['pause']
  deviations?: Partial<Deviations>
  /** @default grantAll */
  policy?: Policy
  /** @default alice and bob */
  accounts?: Record<string, Account>
  /** the known clients, or where to find them */
  clients?: ClientMetadata[] | ClientStore
  /** where to find access tokens, if another server issues them */
  accessTokens?: AccessTokenStore
  /** a private ES256 key. @default a new key */
  signingKey?: JsonWebKey
}

export interface ServerState extends ServerContext {
  policy: Policy
  readonly accounts: Record<string, Account>
  readonly resources: Map<string, RegisteredResource>
  readonly tickets: TicketStore
  readonly tokens: TokenStore
  readonly clients: ClientStore
  readonly accessTokens: AccessTokenStore
  /** access tokens that this server issues itself */
  readonly ownAccessTokens: AccessTokensInMemory
  /** ids of client assertions that were used (RFC 7523 §3) */
  readonly usedAssertions: Set<string>
}

export function createState(options: AuthorizationServerOptions): ServerState {
  const { base, deviations, policy = grantAll, accounts, clients = [], accessTokens, signingKey } = options
  const clock = clockOf(options)
  const ownAccessTokens = accessTokensInMemory(clock)
  const context: ServerContext = {
    base,
    get issuer() {
      return base + (context.deviations.issuerTrailingSlash ? '/' : '')
    },
    clock,
    key: createSigningKey(signingKey),
    deviations: { ...asSpecified(), ...deviations },
    stats: noStats(),
  }
  const more: Omit<ServerState, keyof ServerContext> = {
    policy,
    accounts: accounts ?? {
      alice: { name: 'Alice', email: 'alice@example.com' },
      bob: { name: 'Bob', email: 'bob@example.com' },
    },
    resources: new Map(),
    tickets: new TicketStore(context),
    tokens: new TokenStore(context),
    clients: Array.isArray(clients) ? clientsInMemory(clients) : clients,
    accessTokens: accessTokens ?? ownAccessTokens,
    ownAccessTokens,
    usedAssertions: new Set(),
  }
  // `issuer` is a getter, so the context keeps its own properties.
  return Object.defineProperties(more, Object.getOwnPropertyDescriptors(context)) as ServerState
}

/** The path of the server, without a trailing slash. */
export const mountOf = ({ base }: ServerContext): string => new URL(base).pathname.replace(/\/$/, '')
