/**
 * A UMA 2.0 authorization server for tests, on a real loopback port: the simulated server of src/testing, with
 * oidc-provider in front of it for signing in (oidc/).
 */
import type { JsonWebKey } from 'node:crypto'
import {
  createAuthorizationServer,
  idTokenClaims,
  type SimulatedAuthorizationServer,
} from '../../src/testing/authorization-server/authorization-server.ts'
import type { ClientMetadata } from '../../src/testing/authorization-server/clients.ts'
import type { Account } from '../../src/testing/authorization-server/state.ts'
import type { ServerStats as AuthorizationServerStats } from '../../src/testing/authorization-server/stats.ts'
import type { Deviations as AuthorizationServerQuirks } from '../../src/testing/dialects/deviations.ts'
import type { Permission, RegisteredResource, ResourceDescription } from '../../src/testing/permission-api/types.ts'
import type { Policy } from '../../src/testing/policies/policy.ts'
import { usualClients } from './as/clients.ts'
import { makeKeys, type PlainKeys, random, signJwt } from './as/keys.ts'
import { oidcFront } from './oidc/front.ts'
import { memoryAdapterFactory } from './oidc/memory-adapter.ts'
import { accessTokensOf } from './oidc/pats.ts'
import { makeProvider } from './oidc/provider.ts'
import { listenRecorded } from './recorded-server.ts'
import { WireRecorder } from './recorder.ts'

export type { ClientMetadata } from '../../src/testing/authorization-server/clients.ts'
export { type Account, UMA_TICKET_GRANT } from '../../src/testing/authorization-server/state.ts'
export type { ServerStats as AuthorizationServerStats } from '../../src/testing/authorization-server/stats.ts'
export {
  asSpecified as specification,
  type Deviations as AuthorizationServerQuirks,
} from '../../src/testing/dialects/deviations.ts'
export { dialects as products } from '../../src/testing/dialects/dialects.ts'
export type { Permission, RegisteredResource, ResourceDescription } from '../../src/testing/permission-api/types.ts'
export {
  denyAll,
  grantAll,
  ID_TOKEN_FORMAT,
  onlyPeople,
  onlySubjects,
  ownerAgreesAfter,
} from '../../src/testing/policies/policies.ts'
export type { Decision, Policy, PolicyRequest, PushedClaims, RequiredClaim } from '../../src/testing/policies/policy.ts'
export { REDIRECT_URI, resourceServerClient } from './as/clients.ts'

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
  const listening = await listenRecorded({ recorder, label, port: options.port, host: options.host })
  const { origin } = listening
  const base = origin + path.replace(/\/$/, '')
  const keys = makeKeys()
  const adapter = memoryAdapterFactory()
  const provider = makeProvider({ base, keys, adapter, server: () => server })
  const findClient = async (id: string): Promise<ClientMetadata | undefined> =>
    (await provider.Client.find(id))?.metadata() as ClientMetadata | undefined
  const addClient = async (client: ClientMetadata): Promise<void> =>
    adapter('Client').upsert(client.client_id, { ...client })
  const server = createAuthorizationServer({
    base,
    signingKey: keys.privateJwk as globalThis.JsonWebKey,
    clients: { find: findClient },
    accessTokens: accessTokensOf(provider, () => server.deviations),
    ...(options.quirks && { deviations: options.quirks }),
    ...(options.policy && { policy: options.policy }),
    ...(options.accounts && { accounts: options.accounts }),
  })
  const { clients, clientKey } = usualClients(options.claimsRedirectUris)
  for (const client of [...clients, ...(options.clients ?? [])]) await addClient(client)
  listening.use(oidcFront(server, provider, origin))

  return {
    get issuer() {
      return server.issuer
    },
    origin,
    port: listening.port,
    label,
    recorder,
    quirks: server.deviations,
    get policy() {
      return server.policy
    },
    set policy(policy) {
      server.policy = policy
    },
    stats: server.stats,
    accounts: server.accounts,
    resources: server.resources,
    clientKey,
    close: listening.close,
    metadata: server.metadata,
    addClient,
    findClient,
    registerResource: server.registerResource,
    issueTicket: (permissions, resourceServer = 'rs') => issueTicketAtOnce(server, keys, permissions, resourceServer),
    introspect: server.introspect,
    grants: server.permissionsOf,
    revoke: server.revoke,
    issueIdToken: (claims) => signJwt(keys, idTokenClaims(server.state, claims)),
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

/** A ticket without waiting: node:crypto signs at once, unlike WebCrypto in the simulated server. */
function issueTicketAtOnce(
  { state, deviations }: SimulatedAuthorizationServer,
  keys: PlainKeys,
  permissions: Permission[],
  resourceServer: string,
): string {
  const process = state.tickets.newProcess(permissions, resourceServer)
  const value = deviations.statelessTickets ? signJwt(keys, state.tickets.jwtClaims(process)) : random()
  return state.tickets.add(value, process)
}
