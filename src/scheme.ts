/**
 * For authors of schemes: the protocol of an authorization server that this package does not know.
 *
 * @module
 */

export type { ClientMetadata, ClientRegistration, RegisteredClientRecord } from './authorization-server/registration.ts'
export type { Identity, SignIn, SignInFacts } from './authorization-server/sign-in/identity.ts'
export type { Connection, TokenParameters } from './authorization-server/token-request.ts'
export type { Binding, HeaderPatch, Presentation, PresentedRequest } from './bindings/binding.ts'
export {
  InvalidStateError,
  InvalidTokenResponseError,
  NeedInfoError,
  RedirectError,
  RequestDeniedError,
  RequestSubmittedError,
  type RequiredClaim,
  TokenRequestError,
  UmaError,
  type UmaErrorInit,
} from './errors/index.ts'
export type { Answer } from './protocol/http/answer.ts'
export { readObject } from './protocol/http/read-object.ts'
export { type Grant, toGrant } from './protocol/oauth/grant.ts'
export {
  type AuthorizationServerMetadata,
  checkMetadata,
  type MetadataReader,
  type MetadataRules,
  metadataReader,
  missingEndpoint,
  readMetadata,
} from './protocol/oauth/metadata.ts'
export {
  type GrantedAnswer,
  readRequiredClaims,
  readTokenAnswer,
  type TokenAnswer,
} from './protocol/oauth/token-answer.ts'
export { type ClaimsReturn, claimsRedirect, readClaimsReturn } from './protocol/uma2/claims-redirect.ts'
export { type ParsedChallenge, parseChallenges } from './schemes/challenges.ts'
export { defineScheme, type SchemeParts } from './schemes/define-scheme.ts'
export type {
  AskStep,
  BeginInput,
  Challenge,
  Claim,
  EndpointAnswer,
  RecogniseFacts,
  RedirectFacts,
  ReturnFacts,
  Scheme,
  SchemeFacts,
  SchemeInput,
  SchemeRedirect,
  SchemeState,
  SchemeTurn,
  Step,
} from './schemes/scheme.ts'
export { uma2 } from './schemes/uma2.ts'
export { type ReturnProblem, unusableReturn } from './schemes/unusable-return.ts'
