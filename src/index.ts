/**
 * Requests to UMA-protected resources just work.
 *
 * @module
 */
export type { CallAnswer, Caller } from './authorization-server/call.ts'
export {
  bearer,
  type CallContext,
  type ClientAuth,
  clientSecretBasic,
  clientSecretPost,
  type FlowContext,
  none,
  privateKeyJwt,
} from './authorization-server/client-authentication.ts'
export type { Identity, SignIn, SignInFacts } from './authorization-server/identity.ts'
export type { ClientMetadata, RegisteredClientRecord } from './authorization-server/registration.ts'
export type { Connection, RegisteredClient, TokenParameters } from './authorization-server/token-request.ts'
export { createRequester, type Requester } from './create-requester.ts'
export {
  BodyNotReplayableError,
  DiscoveryError,
  InteractionRequiredError,
  InvalidStateError,
  InvalidTokenResponseError,
  isUmaError,
  MaxFlowsReachedError,
  NeedInfoError,
  RedirectError,
  RequestDeniedError,
  RequestSubmittedError,
  TokenRequestError,
  UmaError,
  type UmaErrorInit,
  UmaTimeoutError,
  UntrustedAuthorizationServerError,
} from './errors.ts'
export type { UmaFetch, UmaRequestInit } from './fetch.ts'
export type { AuthorizationServerMetadata } from './protocol/metadata.ts'
export type { GrantedAnswer, RequiredClaim, TokenAnswer } from './protocol/token-answer.ts'
export type { Callback } from './requester/callback.ts'
export type { UmaEvent } from './requester/events.ts'
export type { Exchange, StoredRequest } from './requester/exchange.ts'
export type { Inspection } from './requester/inspect.ts'
export type {
  AuthorizationServer,
  AuthorizationServerResolver,
  Claims,
  OpenableRedirectHandler,
  RedirectHandler,
  RedirectRequest,
  RequesterOptions,
  UmaRequestOptions,
} from './requester/options.ts'
export type { PendingRequest } from './requester/pending.ts'
export type {
  Answer,
  Challenge,
  Claim,
  EndpointRequest,
  FlowInput,
  FlowState,
  Grant,
  HeaderPatch,
  RedirectFacts,
  RoundContext,
  Scheme,
  Step,
} from './schemes/scheme.ts'
export { memoryStorage } from './storage/memory.ts'
export type { UmaStorage } from './storage/storage.ts'
