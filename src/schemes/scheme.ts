import type { Caller } from '../authorization-server/call.ts'
import type { FlowContext } from '../authorization-server/client-authentication.ts'
import type { SignIn } from '../authorization-server/identity.ts'
import type { ClientMetadata, RegisteredClientRecord } from '../authorization-server/registration.ts'
import type { TokenParameters } from '../authorization-server/token-request.ts'
import type { UmaError } from '../errors.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import type { RequiredClaim, TokenAnswer } from '../protocol/token-answer.ts'

/** What a way in knows of an answer, whatever its HTTP library. */
export interface Answer {
  status: number
  headers: Headers
  /** The final URL; empty where the HTTP library does not tell. */
  url: string
  /** The body, up to `cap` bytes; the answer may then no longer be readable by the caller. */
  text(cap: number): Promise<string>
  /** Lets go of the body of an answer that nobody will see. */
  discard(): void
}

/** What a challenge asks for; plain JSON. */
export interface Challenge {
  /** As named by the host: not to be believed before it was matched with the configuration. */
  issuer: string
  ticket?: string | undefined
}

/** The credential that a flow ends with; plain JSON. */
export interface Grant {
  token: string
  /** Lower-cased `token_type`. */
  type: string
  /** When it ends, in milliseconds since 1970; undefined: not known. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
}

/** The state of one flow; plain JSON, so that it can wait in storage while a person is away. Schemes add their own members. */
export interface FlowState {
  /** The handle to spend next. */
  ticket?: string | undefined
}

/** A claim token and its format, sent exactly as they are (Grant §3.3.1). */
export interface Claim {
  token: string
  format: string
}

/** What a round is given. */
export interface FlowInput {
  /** The RPT to upgrade. */
  rpt?: string | undefined
  pct?: string | undefined
  claim?: Claim | undefined
  scope?: string | undefined
  /** Extra parameters from the configuration and the request. */
  parameters?: TokenParameters | undefined
}

/** What goes to an endpoint that is no token endpoint: JSON, or a form. */
export interface EndpointRequest {
  json?: unknown
  form?: TokenParameters
  /** Over those that go with it: `accept`, `content-type`. */
  headers?: Record<string, string>
  /** Sent as `Authorization: Bearer`. */
  bearer?: string
}

/** What the interpreter does for a scheme during a round. */
export interface RoundContext extends FlowContext {
  metadata: AuthorizationServerMetadata
  /** Compatibility: this server hands out the same ticket again (Gravitee). */
  unchangedTicket: boolean
  requestToken(parameters: TokenParameters): Promise<TokenAnswer>
  /**
   * The requesting party's own access token at this server.
   *
   * @throws a signal of the interpreter's own where nobody is signed in: it signs in, and calls the round again
   */
  accessToken(): Promise<string>
  /** One POST, sent once, redirects not followed. */
  post(endpoint: string, request: EndpointRequest): Promise<{ status: number; text: string }>
}

/** What comes next in a flow. */
export type Step =
  | { kind: 'granted'; grant: Grant; upgraded: boolean; pct?: string | undefined }
  /** Claims are wanted; where none can be had, a person is sent to `redirectUser`, if there is one. */
  | { kind: 'claims'; requiredClaims: RequiredClaim[]; redirectUser?: string | undefined }
  | { kind: 'wait'; seconds: number | undefined }
  /**
   * The request is sent again for a fresh challenge, once, and `without` is left out of what follows; `drop`: it was named as
   * bad, forget it. `error` counts if that is not possible. `presenting`: sent with the RPT that is held, for only that brings a ticket.
   */
  | { kind: 'again'; without: ('rpt' | 'pct')[]; drop: boolean; error: UmaError; presenting?: boolean }
  /** The party's access token is no longer good (refreshed, or obtained anew), or it must sign in as `acr` demands. The state goes on. */
  | { kind: 'sign-in'; acr?: string[] | undefined }
  /**
   * An RPT was issued before there is a ticket: the request is sent again with it, and if the host then has a challenge for it, the
   * flow goes on with that: one flow, whose budget counts once. It replaces the one that was refused; a second `retry` in one flow
   * ends it with what there is, and the challenge counts against the budget.
   */
  | { kind: 'retry'; grant: Grant }
  | { kind: 'denied'; error: UmaError }

/** What a redirect for claims is made of. */
export interface RedirectFacts {
  clientId: string
  redirectUri: string | undefined
  state: string
}

/** Headers to set on a request. */
export type HeaderPatch = Record<string, string>

/** How one protocol reads challenges and goes through a flow. It does no I/O of its own. */
export interface Scheme {
  name: string
  /** Suffix of the metadata document's URL. */
  wellKnown: string
  /** Any http will do at this issuer and its hosts, not https alone. Default: false. */
  allowInsecureHttp?: boolean
  /** Reads the metadata document, or says what is wrong with it. Default: RFC 8414's. */
  readMetadata?(text: string, issuer: string, slashTolerant?: boolean): AuthorizationServerMetadata | string
  /** How a requesting party signs in here, unless configured otherwise. */
  signIn?: SignIn
  /** Registers a client; default: RFC 7591. */
  register?(
    caller: Caller,
    metadata: AuthorizationServerMetadata,
    client: ClientMetadata,
  ): Promise<RegisteredClientRecord>
  /** The redirect for claims. Default: UMA 2.0's. */
  redirect?: {
    /** Where the person is sent; undefined: nobody should be sent there. The state may be changed. */
    url(endpoint: string, facts: RedirectFacts, state: FlowState): URL | undefined
    /**
     * Takes what a person came back with into the state.
     *
     * @throws InvalidStateError, RedirectError, RequestDeniedError, RequestSubmittedError
     */
    accept(back: string, expected: { state: string; issuer: string; unchangedTicket: boolean }, state: FlowState): void
  }
  /** Challenges of this scheme in an answer, usable ones only, in order. */
  recognise(answer: Answer): Challenge[] | Promise<Challenge[]>
  start(challenge: Challenge): FlowState
  /** One round: takes the ticket out of the state, asks, and says what comes next. */
  next(state: FlowState, input: FlowInput, context: RoundContext): Promise<Step>
  present(grant: Grant): HeaderPatch
}
