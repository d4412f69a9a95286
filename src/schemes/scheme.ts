import type { ClientRegistration } from '../authorization-server/registration.ts'
import type { SignIn } from '../authorization-server/sign-in/identity.ts'
import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { Binding } from '../bindings/binding.ts'
import type { RequiredClaim, UmaError } from '../errors/index.ts'
import type { Answer } from '../protocol/http/answer.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'

/** A challenge that a scheme recognised in a host's answer; plain JSON. Schemes add their own members. */
export interface Challenge {
  /**
   * The issuer that the host names. The engine acts on the challenge only if this issuer is configured. Absent if the
   * scheme's challenges name no issuer: then the challenge belongs to the one configured server of this scheme that may
   * speak for the host.
   */
  issuer?: string | undefined
  ticket?: string | undefined
  /**
   * The scheme recognised the challenge and refuses to act on it. The engine reports `challenge-refused` with this
   * reason.
   */
  refused?: string | undefined
}

/** The facts that `recognise` may use. */
export interface RecogniseFacts {
  /** The URL that the application asked for. */
  resource: string
}

/** The scheme's part of a flow; plain JSON, because it can wait in storage while a person is away. */
export interface SchemeState {
  /** The ticket to use next. */
  ticket?: string | undefined
}

/** A claim token and its format, sent exactly as they are (UMA Grant §3.3.1). */
export interface Claim {
  token: string
  format: string
}

/** The material for the next request of a flow. */
export interface BeginInput {
  /** The RPT to upgrade. */
  rpt?: string | undefined
  pct?: string | undefined
  claim?: Claim | undefined
  scope?: string | undefined
  /** Extra parameters from the configuration and the request. */
  parameters?: TokenParameters | undefined
}

/** The answer to the request that a step `ask` described. */
export interface EndpointAnswer {
  status: number
  headers: Headers
  /** Empty if the body was longer than 1 MiB. */
  text: string
}

/** The input of `Scheme.next`: begin a request, or read the answer to the request before. */
export type SchemeInput = { begin: BeginInput } | { answer: EndpointAnswer }

/** The facts that a scheme may use. */
export interface SchemeFacts {
  /** The configured issuer. */
  issuer: string
  metadata: AuthorizationServerMetadata
  clientId: string
  /** The URL that the application asked for. */
  resource: string
  /** Compatibility: this server hands out the same ticket again. */
  unchangedTicket: boolean
}

/** A request to the authorization server. The engine authenticates and sends it. */
export interface AskStep {
  kind: 'ask'
  /** An absolute URL. It must be https, or http on this machine. */
  endpoint: string
  /**
   * Who authenticates: the client (RFC 6749 §2.3), the requesting party by its own access token
   * (`Authorization: Bearer`), or nobody.
   */
  by: 'client' | 'party' | 'nobody'
  /** The form to send. */
  form?: TokenParameters | undefined
  /**
   * The JSON to send, instead of a form. Parameters that the client authentication sets (`client_id`, …) are added to a
   * JSON object.
   */
  json?: unknown
  /** Further headers, set over `accept` and `content-type`. */
  headers?: Record<string, string> | undefined
}

/** The next step of a flow. */
export type Step =
  | AskStep
  | { kind: 'granted'; grant: Grant; upgraded: boolean; pct?: string | undefined }
  /**
   * Claims are required. If none can be supplied, a person is sent to `redirectUser`, if there is one.
   */
  | { kind: 'claims'; requiredClaims: RequiredClaim[]; redirectUser?: string | undefined }
  /** The owner was asked. Ask again after this many seconds; `undefined`: the server named no interval. */
  | { kind: 'wait'; seconds: number | undefined }
  /**
   * The request is sent again for a fresh challenge, once in a flow. `without` is left out of the requests that follow;
   * with `drop` it is also forgotten, because the server named it as bad. `presenting`: the request is sent with the
   * RPT that is held, because only an RPT brings a ticket. If the request cannot be sent again, the flow fails with
   * `error`.
   */
  | { kind: 'again'; without: ('rpt' | 'pct')[]; drop: boolean; error: UmaError; presenting?: boolean }
  /**
   * The party's own access token was refused, or the party must sign in with one of these authentication context
   * classes. The flow goes on from the same state.
   */
  | { kind: 'sign-in'; acr?: string[] | undefined }
  /**
   * An RPT was issued before there is a ticket. The request is sent again with this RPT, and the flow goes on with the
   * challenge that comes back. The RPT replaces the one that was refused.
   */
  | { kind: 'issued'; grant: Grant }
  | { kind: 'denied'; error: UmaError }

/** The result of `Scheme.next`. A scheme names its own state as `SchemeTurn<MyState>`. */
export interface SchemeTurn<State extends SchemeState = SchemeState> {
  state: State
  step: Step
}

/** The facts that a redirect for claims is made of. */
export interface RedirectFacts {
  clientId: string
  redirectUri: string | undefined
  state: string
}

/** The facts that a return is compared with. */
export interface ReturnFacts {
  state: string
  issuer: string
  unchangedTicket: boolean
}

/** The redirect of a person for claims. */
export interface SchemeRedirect {
  /**
   * True if the person may bring back a code instead of a URL (OAuth 1.0a `oob`). `accept` then receives the code as it
   * is, and the engine checks neither state nor redirect URI. @default false
   */
  outOfBand?: boolean
  /**
   * The parameters that a return may bring, the most telling first. `handleCallback` names the first one that came as
   * its `kind`, and removes them from the address bar. @default ['ticket', 'error']
   */
  parameters?: readonly string[]
  /** The URL that the person is sent to; `undefined`: nobody should be sent there. */
  url(state: SchemeState, endpoint: string, facts: RedirectFacts): URL | undefined
  /**
   * Takes the return of the person into a new state.
   *
   * @param back the URL that the person came back on, or a code (`outOfBand`)
   * @throws InvalidStateError, RedirectError, RequestDeniedError, RequestSubmittedError
   */
  accept(state: SchemeState, back: string, facts: ReturnFacts): SchemeState
}

/**
 * One protocol: how its challenges look, and how its flow goes from a challenge to a token. A scheme does no I/O and
 * changes nothing that it receives. Make one with `defineScheme`.
 */
export interface Scheme {
  name: string
  /** Suffix of the metadata document's URL. */
  wellKnown: string
  /** Allows plain http at the issuer and its hosts. @default false: https, or http on this machine */
  allowInsecureHttp?: boolean
  /** Reads the metadata document, or says in a few words what is wrong with the document. */
  readMetadata(text: string, issuer: string, slashTolerant?: boolean): AuthorizationServerMetadata | string
  /** How a token of this scheme is presented. @default as a bearer token */
  binding?: Binding
  /** How a requesting party signs in, unless the server is configured otherwise. */
  signIn?: SignIn
  /** Registers a client. @default RFC 7591 */
  register?: ClientRegistration
  /** The redirect for claims. Absent: this scheme sends nobody away for claims. */
  redirect?: SchemeRedirect
  /**
   * The usable challenges of this scheme in an answer, in their order. `answer.text` reads a copy of the body, so that
   * the application can still read the answer.
   */
  recognise(answer: Answer, facts: RecogniseFacts): Challenge[] | Promise<Challenge[]>
  /** The state at the start of a flow. */
  start(challenge: Challenge): SchemeState
  /**
   * Begins a request, or reads the answer to the request before, and says which step comes next. Both can lead to any
   * step: `begin` to one that needs no request, an answer to another `ask`. If a request was not sent, `begin` is
   * called again with the state that it was called with.
   */
  next(state: SchemeState, input: SchemeInput, facts: SchemeFacts): SchemeTurn
}
