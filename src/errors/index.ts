/** All errors of this package. */
export { findUmaError, isUmaError, type UmaErrorOf, type UmaErrorsByCode } from './find-uma-error.ts'
export {
  InteractionRequiredError,
  InvalidStateError,
  NeedInfoError,
  type NeedInfoErrorInit,
  NobodySignedInError,
  RedirectError,
  RedirectNeededError,
  redirectUrlOf,
} from './interaction-errors.ts'
export { LoadError, loadPart } from './load-error.ts'
export {
  BindingError,
  BodyNotReplayableError,
  MaxFlowsReachedError,
  type MaxFlowsReachedErrorInit,
  SchemeError,
  UmaTimeoutError,
} from './request-errors.ts'
export type { RequiredClaim } from './required-claim.ts'
export {
  DiscoveryError,
  InvalidTokenResponseError,
  type InvalidTokenResponseErrorInit,
  RequestDeniedError,
  RequestSubmittedError,
  TokenRequestError,
  UntrustedAuthorizationServerError,
} from './server-errors.ts'
export { describeError, UmaError, type UmaErrorInit, withResponse } from './uma-error.ts'
