import type { ClientAuth } from '../authorization-server/client-authentication.ts'
import type { DynamicClient } from '../authorization-server/dynamic-client.ts'
import type { SignIn } from '../authorization-server/sign-in/identity.ts'
import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { Scheme } from '../schemes/scheme.ts'

/** An authorization server that the client trusts, for the hosts that it names. */
export interface AuthorizationServer {
  /** Its issuer: https, or http on this machine. The `as_uri` of a challenge must name this issuer. */
  issuer: string
  /**
   * The origins that this server may speak for: a list, a predicate, or `'any'`. A predicate may be asynchronous; only
   * `true` allows the host, and a rejection means no. With `'any'`, a hostile host can relay another host's challenge
   * and then receives a token that is valid there (see the README).
   */
  hosts: readonly string[] | ((origin: string) => boolean | Promise<boolean>) | 'any'
  /**
   * The client at that server: its id and how it authenticates (`auth`, by default `none()`, a public client), or
   * `dynamicClient(metadata)` of `uma-requester/client/dynamic`, which registers itself.
   */
  client: { id: string; auth?: ClientAuth } | DynamicClient
  /** How requesting parties sign in at that server: `codeFlow({ scope })`. @default the scheme's own; UMA 2.0 has none */
  signIn?: SignIn
  /** Extra token request parameters, such as Keycloak's `audience`. */
  parameters?: TokenParameters
  /** `'first'`: claims go with the first token request. @default 'asked': when the server asks for claims */
  pushClaims?: 'asked' | 'first'
  /** The metadata document, as the server publishes it. If given, discovery is skipped. */
  metadata?: AuthorizationServerMetadata
  /** The protocol that the server speaks. @default UMA 2.0 */
  scheme?: Scheme
  /** Where a person comes back to from this server. Sent exactly as given. @default the requester's */
  redirectUri?: string
  /**
   * Only where a function finds the servers: also accepts a server, and endpoints of the server, at an IP address, at
   * `localhost`, or at a name under `local` or `internal`. A hostile host may name any issuer, and without this rule it
   * could aim requests at services of a private network. @default false
   */
  allowPrivate?: boolean
  /** Accepts metadata whose issuer differs from `issuer` by a final slash. @default false */
  tolerateTrailingSlash?: boolean
  /** Accepts a ticket that was not rotated. @default false */
  unchangedTicket?: boolean
  /**
   * Requests to `hosts` for which no RPT is held carry the party's own access token: of its sign-in, or of `bearer(…)`.
   * Some hosts challenge only requests that carry a token. `hosts` must be a list, and the caller's own `Authorization`
   * is never replaced. @default false
   */
  sendAccessToken?: boolean
  /** Statuses without a challenge that mean "this RPT is no longer good", besides 401. */
  staleStatuses?: readonly (400 | 403)[]
}

/** The context of an `AuthorizationServerResolver`. */
export interface ResolverContext {
  /** An absolute URL at the host that is asked for; absent if the question is about no host, such as a sign-in. */
  resource?: string
}

/** Finds the authorization server that a challenge names. `undefined`: not trusted. */
export type AuthorizationServerResolver = (
  issuer: string,
  context: ResolverContext,
) => AuthorizationServer | undefined | Promise<AuthorizationServer | undefined>

/** The options of a requester that concern trust. */
export interface TrustOptions {
  /** The trusted servers, or a function that finds them. The requester never contacts any other issuer. */
  authorizationServers: readonly AuthorizationServer[] | AuthorizationServerResolver
  /**
   * The protocols to look for in challenges, if `authorizationServers` is a function.
   * @default the protocols of the list, and UMA 2.0
   */
  schemes?: readonly Scheme[]
}
