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
export type { ClientMetadata, RegisteredClientRecord } from './authorization-server/registration.ts'
export type { Identity, SignIn, SignInFacts } from './authorization-server/sign-in/identity.ts'
export type { Connection, RegisteredClient, TokenParameters } from './authorization-server/token-request.ts'
export type { Tokens } from './authorization-server/tokens.ts'
export type { HeaderPatch } from './bindings/binding.ts'
export { createRequester, type Requester } from './create-requester.ts'
export {
  BindingError,
  BodyNotReplayableError,
  DiscoveryError,
  findUmaError,
  InteractionRequiredError,
  InvalidStateError,
  InvalidTokenResponseError,
  type InvalidTokenResponseErrorInit,
  isUmaError,
  LoadError,
  MaxFlowsReachedError,
  type MaxFlowsReachedErrorInit,
  NeedInfoError,
  type NeedInfoErrorInit,
  RedirectError,
  RedirectNeededError,
  RequestDeniedError,
  RequestSubmittedError,
  type RequiredClaim,
  SchemeError,
  TokenRequestError,
  UmaError,
  type UmaErrorInit,
  type UmaErrorOf,
  type UmaErrorsByCode,
  UmaTimeoutError,
  UntrustedAuthorizationServerError,
} from './errors/index.ts'
export type { EventFacts, UmaEvent, UmaEventDetail } from './events.ts'
export type { FetchAnswer, FetchLike, UmaFetch, UmaRequestInit } from './fetch.ts'
export type { StoredRequest } from './flow/flow-target.ts'
export type {
  Claims,
  FlowOptions,
  OpenableRedirectHandler,
  OpenedRedirect,
  RedirectHandler,
  RedirectRequest,
} from './flow/options.ts'
export type { PartyOptions } from './parties/create-parties.ts'
export type { Answer } from './protocol/http/answer.ts'
export type { Grant } from './protocol/oauth/grant.ts'
export type { AuthorizationServerMetadata } from './protocol/oauth/metadata.ts'
export type { InstanceOptions, RequestOptions, UmaRequestOptions } from './request/options.ts'
export type { RequestDriver, RunRequest, SendChanges } from './request/request-driver.ts'
export type { RequesterOptions } from './requester/options.ts'
export type { Challenge, Claim, Scheme } from './schemes/scheme.ts'
export type { RequesterStorage, StoredValues, UmaStorage } from './storage/storage.ts'
export type {
  AuthorizationServer,
  AuthorizationServerResolver,
  ResolverContext,
  TrustOptions,
} from './trust/options.ts'
