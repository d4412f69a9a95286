/**
 * A UMA 2.0 authorization server for tests, on a real loopback port: oidc-provider underneath, UMA and FedAuthz on top,
 * and a switch for every way in which deployed servers leave the specification (as/quirks.ts).
 */
import type { JsonWebKey } from 'node:crypto'
import { usualClients } from './as/clients.ts'
import { front } from './as/front.ts'
import { makeKeys, signJwt } from './as/keys.ts'
import { memoryAdapterFactory } from './as/memory-adapter.ts'
import { metadata } from './as/metadata.ts'
import { grantAll } from './as/policies.ts'
import { introspect, register } from './as/protection-api.ts'
import { makeProvider } from './as/provider.ts'
import { type AuthorizationServerQuirks, specification } from './as/quirks.ts'
import type { State } from './as/state.ts'
import { TicketStore } from './as/tickets.ts'
import { TokenStore } from './as/tokens.ts'
import type {
  Account,
  AuthorizationServerStats,
  ClientMetadata,
  Permission,
  Policy,
  RegisteredResource,
  ResourceDescription,
} from './as/types.ts'
import { listen } from './http.ts'
import { WireRecorder } from './recorder.ts'

export { REDIRECT_URI, resourceServerClient } from './as/clients.ts'
export { denyAll, grantAll, onlyPeople, onlySubjects, ownerAgreesAfter } from './as/policies.ts'
export { type AuthorizationServerQuirks, products, specification } from './as/quirks.ts'
export { ID_TOKEN_FORMAT, UMA_TICKET_GRANT } from './as/state.ts'
export type * from './as/types.ts'

export interface AuthorizationServerOptions {
  /** path of the issuer, such as /realms/photos */
  path?: string
  port?: number
  /** the name it goes by: 127.0.0.1 or localhost */
  host?: string
  label?: string
  recorder?: WireRecorder
  quirks?: Partial<AuthorizationServerQuirks>
  policy?: Policy
  accounts?: Record<string, Account>
  /** known besides the usual ones (as/clients.ts) */
  clients?: ClientMetadata[]
  /** registered for the usual clients besides theirs */
  claimsRedirectUris?: string[]
}

export interface AuthorizationServer {
  readonly issuer: string
  readonly origin: string
  readonly port: number
  readonly label: string
  readonly recorder: WireRecorder
  /** switches may be flipped at any time */
  readonly quirks: AuthorizationServerQuirks
  policy: Policy
  readonly stats: AuthorizationServerStats
  readonly accounts: Record<string, Account>
  readonly resources: ReadonlyMap<string, RegisteredResource>
  /** private JWK of the client web-jwt */
  readonly clientKey: JsonWebKey
  close(): Promise<void>
  metadata(): Record<string, unknown>
  addClient(metadata: ClientMetadata): Promise<void>
  findClient(id: string): Promise<ClientMetadata | undefined>
  registerResource(description: ResourceDescription, resourceServer?: string): RegisteredResource
  issueTicket(permissions: Permission[], resourceServer?: string): string
  introspect(token: string, resourceServer?: string): Record<string, unknown>
  /** the permissions of an active RPT; none for any other string */
  grants(token: string): Permission[]
  revoke(token: string): void
  /** an ID token of this server, to be pushed as claim_token */
  issueIdToken(claims: { sub: string; aud?: string; [more: string]: unknown }): string
  /** an access token of an account at a client, as after signing in: Keycloak's client authentication, or an AAT */
  issueAccessToken(facts: { account: string; clientId: string; scope?: string; lifetimeMs?: number }): Promise<string>
}

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const { path = '', label = 'as', recorder = new WireRecorder() } = options
  let handler: Parameters<typeof listen>[0] = (_req, res) => res.destroy()
  let origin = ''
  const server = await listen(
    recorder.wrap(
      (req, res) => handler(req, res),
      label,
      () => origin,
    ),
    options,
  )
  origin = server.origin

  const state: State = {
    base: origin + path.replace(/\/$/, ''),
    get issuer() {
      return state.base + (state.quirks.issuerTrailingSlash ? '/' : '')
    },
    keys: makeKeys(),
    quirks: { ...specification(), ...options.quirks },
    policy: options.policy ?? grantAll,
    stats: noStats(),
    accounts: options.accounts ?? {
      alice: { name: 'Alice', email: 'alice@example.com' },
      bob: { name: 'Bob', email: 'bob@example.com' },
    },
    resources: new Map(),
    tickets: new TicketStore(() => state),
    tokens: new TokenStore(() => state),
  }
  const adapter = memoryAdapterFactory()
  const provider = makeProvider(state, origin, adapter)
  const { clients, clientKey } = usualClients(options.claimsRedirectUris)
  const addClient = async (client: ClientMetadata): Promise<void> =>
    adapter('Client').upsert(client.client_id, { ...client })
  for (const client of [...clients, ...(options.clients ?? [])]) await addClient(client)
  const findClient = async (id: string): Promise<ClientMetadata | undefined> =>
    (await provider.Client.find(id))?.metadata() as ClientMetadata | undefined
  handler = front(state, provider, findClient)

  return {
    get issuer() {
      return state.issuer
    },
    origin,
    port: server.port,
    label,
    recorder,
    quirks: state.quirks,
    get policy() {
      return state.policy
    },
    set policy(policy) {
      state.policy = policy
    },
    stats: state.stats,
    accounts: state.accounts,
    resources: state.resources,
    clientKey,
    close: server.close,
    metadata: () => metadata(state),
    addClient,
    findClient,
    registerResource: (description, resourceServer = 'rs') => register(state, description, resourceServer),
    issueTicket: (permissions, resourceServer = 'rs') => state.tickets.begin(permissions, resourceServer),
    introspect: (token, resourceServer) => introspect(state, token, resourceServer),
    grants: (token) => state.tokens.activeRpt(token)?.permissions ?? [],
    revoke: (token) => void state.tokens.revoke(token),
    issueIdToken(claims) {
      const now = Math.floor(Date.now() / 1000)
      return signJwt(state.keys, { iss: state.issuer, aud: 'spa', iat: now, exp: now + 600, ...claims })
    },
    async issueAccessToken({ account, clientId, scope = 'openid uma_authorization', lifetimeMs = 3_600_000 }) {
      const client = await provider.Client.find(clientId)
      return new provider.AccessToken({
        accountId: account,
        client,
        grantId: `bench-${account}`,
        gty: 'authorization_code',
        scope,
      }).save(lifetimeMs / 1000)
    },
  }
}

function noStats(): AuthorizationServerStats {
  return {
    tokenRequests: 0,
    refreshRequests: 0,
    patRequests: 0,
    discoveryRequests: 0,
    inFlight: 0,
    maxInFlight: 0,
    ticketsIssued: 0,
    ticketsReplayed: 0,
    rptsIssued: 0,
    supersededRptsPresented: 0,
    refreshTokensReplayed: 0,
  }
}
