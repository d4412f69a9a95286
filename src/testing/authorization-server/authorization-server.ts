/** A simulated UMA 2.0 authorization server: a function from `Request` to `Response`, without a socket. */
import type { Deviations } from '../dialects/deviations.ts'
import { introspect } from '../permission-api/introspection.ts'
import { registerResource } from '../permission-api/resource-registration.ts'
import type { Permission, RegisteredResource, ResourceDescription } from '../permission-api/types.ts'
import type { Policy } from '../policies/policy.ts'
import { type Answer, oauthError, toResponse } from '../wire/answer.ts'
import { allowOrigins, preflightAnswer } from '../wire/cors.ts'
import { metadata } from './discovery.ts'
import { createRoutes } from './routes.ts'
import { type Account, type AuthorizationServerOptions, createState, type ServerState } from './state.ts'
import type { ServerStats } from './stats.ts'

export interface SimulatedAuthorizationServer {
  readonly issuer: string
  /** Answers a request. `Response.error()` means that the client sees a network error. */
  fetch(request: Request): Promise<Response>
  /** may be changed at any time */
  readonly deviations: Deviations
  policy: Policy
  readonly stats: ServerStats
  readonly accounts: Record<string, Account>
  readonly resources: Map<string, RegisteredResource>
  metadata(): Record<string, unknown>
  registerResource(description: ResourceDescription, resourceServer?: string): RegisteredResource
  issueTicket(permissions: Permission[], resourceServer?: string): Promise<string>
  introspect(token: string, resourceServer?: string): Record<string, unknown>
  /** the permissions of an active RPT; none for any other string */
  permissionsOf(token: string): Permission[]
  revoke(token: string): void
  /** an ID token of this server, which a client can push as `claim_token` */
  issueIdToken(claims: { sub: string; aud?: string; [more: string]: unknown }): Promise<string>
  /** an access token of a person at a client, as after signing in */
  issueAccessToken(facts: { account: string; clientId: string; scope?: string; lifetimeMs?: number }): string
  /** the stores, for tests of this package */
  readonly state: ServerState
}

/**
 * Creates a simulated authorization server. Tickets are used once, and clients are authenticated, unless a deviation
 * says otherwise.
 *
 * @example
 * ```ts
 * const server = createAuthorizationServer({ base: 'https://as.example.com', deviations: dialects.keycloak })
 * const response = await server.fetch(new Request('https://as.example.com/.well-known/uma2-configuration'))
 * ```
 */
export function createAuthorizationServer(options: AuthorizationServerOptions): SimulatedAuthorizationServer {
  const state = createState(options)
  const routes = createRoutes(state)
  return {
    get issuer() {
      return state.issuer
    },
    fetch: async (request) => toResponse(await answerWithCors(state, routes, request)),
    deviations: state.deviations,
    get policy() {
      return state.policy
    },
    set policy(policy) {
      state.policy = policy
    },
    stats: state.stats,
    accounts: state.accounts,
    resources: state.resources,
    metadata: () => metadata(state),
    registerResource: (description, resourceServer = 'rs') => registerResource(state, description, resourceServer),
    issueTicket: (permissions, resourceServer = 'rs') =>
      state.tickets.issue(state.tickets.newProcess(permissions, resourceServer)),
    introspect: (token, resourceServer) => introspect(state, token, resourceServer),
    permissionsOf: (token) => state.tokens.activeRpt(token)?.permissions ?? [],
    revoke: (token) => state.tokens.revoke(token),
    issueIdToken: (claims) => state.key.sign(idTokenClaims(state, claims)),
    issueAccessToken: ({ account, clientId, scope = 'openid uma_authorization', lifetimeMs = 3_600_000 }) =>
      state.ownAccessTokens.issue({ account, clientId, scope }, lifetimeMs),
    state,
  }
}

export function idTokenClaims(
  { issuer, clock }: ServerState,
  claims: { sub: string; [more: string]: unknown },
): Record<string, unknown> {
  const now = Math.floor(clock.now() / 1000)
  return { iss: issuer, aud: 'spa', iat: now, exp: now + 600, ...claims }
}

const EXPOSED = 'WWW-Authenticate, Location'
const PREFLIGHT = preflightAnswer({
  methods: 'GET, POST, PUT, DELETE',
  headers: 'authorization, content-type, accept, dpop',
  expose: EXPOSED,
})

async function answerWithCors(
  { deviations }: ServerState,
  routes: (request: Request) => Promise<Answer>,
  request: Request,
): Promise<Answer> {
  if (request.method === 'OPTIONS') return deviations.cors ? allowOrigins(PREFLIGHT, EXPOSED) : { status: 405 }
  const answer = await answerAnyError(() => routes(request))
  return deviations.cors ? allowOrigins(answer, EXPOSED) : answer
}

async function answerAnyError(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    return oauthError(500, 'server_error', String(error))
  }
}
