import type { CallContext, ClientAuth, FlowContext } from '../authorization-server/client-authentication.ts'
import type { SignIn } from '../authorization-server/identity.ts'
import type { ClientMetadata } from '../authorization-server/registration.ts'
import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import type { RequiredClaim } from '../protocol/token-answer.ts'
import type { Claim, Scheme } from '../schemes/scheme.ts'
import type { UmaStorage } from '../storage/storage.ts'
import type { UmaEvent } from './events.ts'

/** An authorization server that this client trusts, for the hosts that it names. */
export interface AuthorizationServer {
  /** Its issuer: https, or http on this machine. A challenge's `as_uri` must name it. */
  issuer: string
  /**
   * The origins that this server may speak for: a list, a predicate, or `'any'`. With `'any'`, a hostile host can relay another
   * host's challenge and is then handed a token that is good there (see the README).
   */
  hosts: readonly string[] | ((origin: string) => boolean) | 'any'
  /**
   * This client at that server. `auth` defaults to `none()`, a public client. With `register`, it registers when it first has to
   * (RFC 7591), once for all requesting parties of the storage; `auth` then defaults to what the registration brings.
   */
  client: { id: string; auth?: ClientAuth; register?: undefined } | { register: ClientMetadata; auth?: ClientAuth }
  /** How requesting parties sign in there: `codeFlow({ scope })`. Default: the scheme's own way; UMA 2.0 has none. */
  signIn?: SignIn
  /** Extra token request parameters, such as Keycloak's `audience`. */
  parameters?: TokenParameters
  /** `'first'`: claims go with the first token request (WSO2, SolidLab). Default `'asked'`: when the server asks for them. */
  pushClaims?: 'asked' | 'first'
  /** The metadata document, as the server publishes it; given, discovery is skipped. */
  metadata?: AuthorizationServerMetadata
  /** The protocol that it speaks. Default: UMA 2.0. */
  scheme?: Scheme
  /** Where a person comes back to from this server. Sent exactly as given. Default: the requester's. */
  redirectUri?: string
  /** Accept metadata whose issuer differs from `issuer` by a final slash. Default: false. */
  tolerateTrailingSlash?: boolean
  /** Accept a ticket that was not rotated (Gravitee). Default: false. */
  unchangedTicket?: boolean
  /** Statuses without a challenge that mean "this RPT is no longer good", besides 401. SolidLab: `[400]`. */
  staleStatuses?: readonly (400 | 403)[]
}

/** Finds the authorization server that a challenge names; `undefined`: not trusted. */
export type AuthorizationServerResolver = (
  issuer: string,
  context: { resource: string },
) => AuthorizationServer | undefined | Promise<AuthorizationServer | undefined>

/** Supplies a claim that an authorization server asks for; `undefined`: cannot. */
export type Claims = (needed: RequiredClaim[], context: FlowContext) => Promise<Claim | undefined> | Claim | undefined

/** What a redirect handler is told. */
export interface RedirectRequest extends CallContext {
  /** Where to send the person. */
  url: string
  /** Comes back unchanged. */
  state: string
  /** Where the person comes back to, if one was configured. */
  redirectUri: string | undefined
}

/** Sends a person to the authorization server and resolves with the URL that they came back on. */
export type RedirectHandler = (request: RedirectRequest) => Promise<string>

/** A redirect handler that brings its own way back. */
export interface OpenableRedirectHandler {
  open(context: CallContext): Promise<{
    /** Default: the authorization server's, then the requester's. */
    redirectUri?: string
    run: RedirectHandler
    /** The page goes away: the flow waits in storage for `handleCallback`. */
    leaves?: boolean
    /** Headers and text body of the request wait there too. */
    storeRequest?: boolean
  }>
}

/** Options of `createRequester`. */
export interface RequesterOptions {
  /** Those that are trusted, or a function that finds them. Any other issuer is never contacted. */
  authorizationServers: readonly AuthorizationServer[] | AuthorizationServerResolver
  /** The protocols to look for in challenges, where `authorizationServers` is a function. Default: those of the list, and UMA 2.0. */
  schemes?: readonly Scheme[]
  /** On whose behalf requests are made. Required with any storage but memory. */
  requestingParty?: string
  /** Supplies claims. */
  claims?: Claims
  /** Where a person comes back to. Sent exactly as given. */
  redirectUri?: string
  /** Sends a person to the authorization server. */
  onRedirect?: RedirectHandler | OpenableRedirectHandler
  /** Default: `memoryStorage()`. */
  storage?: UmaStorage
  /** Flows that one request may start. Default: 1. */
  maxFlowsPerRequest?: number
  /** Default headers of `requester.fetch`. */
  headers?: HeadersInit
  /** Milliseconds. `request`: one call to an authorization server, default 10 000. `flow`: a whole flow, people included, default 300 000. */
  timeouts?: { request?: number; flow?: number }
  /** Rounds of claims and redirects in one flow. Default: 5. */
  maxRounds?: number
  /**
   * How a submitted request is polled. Seconds between polls where the server says nothing: `interval`, default 5; never less than
   * `minInterval`, default 1. At most `max` polls, default 60, within `timeouts.flow`.
   */
  polling?: { interval?: number; minInterval?: number; max?: number }
  /** For the calls to authorization servers. Default: the global `fetch`, looked up when called. */
  fetch?: typeof globalThis.fetch
  /** Is told what happens. */
  onEvent?: (event: UmaEvent) => void
  /** RPTs, and places, that are kept per requesting party. Default: 1000. */
  maxEntries?: number
  /**
   * Requesting parties (`requester.as`) whose wallets are kept in memory. Default: 10 000. Whoever still holds one beyond that can go
   * on; without a storage, the next `as` of that name begins with an empty wallet, which a `signOut` there is all about.
   */
  maxParties?: number
}

/** Options of one request: `init.uma`, axios's `config.uma`, ky's `uma`. */
export interface UmaRequestOptions {
  /** Flows that this request may start. Default: the requester's. */
  maxFlowsPerRequest?: number
  /** Scopes to ask for, separated by spaces (Grant §3.3.1). */
  scope?: string
  /** Extra token request parameters. */
  parameters?: TokenParameters
  /** `false`: reject with `InteractionRequiredError` where a person would be needed. Default: true. */
  interactive?: boolean
  /** Makes the body anew for each send, for bodies that can be read only once. */
  body?: () => unknown
  /** Read a one-shot body into memory before the first send. Default: false. */
  buffer?: boolean
  /** Says that the body of a `Request` was made of a stream, which cannot be told from outside. `extendKy` sets it. Default: false. */
  oneShot?: boolean
  /** Ask for the challenge with a HEAD request first. Default: false. */
  preflight?: boolean
}
