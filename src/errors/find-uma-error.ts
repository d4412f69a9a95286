import type {
  InteractionRequiredError,
  InvalidStateError,
  NeedInfoError,
  RedirectError,
  RedirectNeededError,
} from './interaction-errors.ts'
import type { LoadError } from './load-error.ts'
import type {
  BindingError,
  BodyNotReplayableError,
  MaxFlowsReachedError,
  SchemeError,
  UmaTimeoutError,
} from './request-errors.ts'
import type {
  DiscoveryError,
  InvalidTokenResponseError,
  RequestDeniedError,
  RequestSubmittedError,
  UntrustedAuthorizationServerError,
} from './server-errors.ts'
import { isBranded, type UmaError } from './uma-error.ts'

/** The error class of each code that this package sets itself. Any other code is an authorization server's own. */
export interface UmaErrorsByCode {
  binding_failed: BindingError
  body_not_replayable: BodyNotReplayableError
  discovery_failed: DiscoveryError
  interaction_required: InteractionRequiredError
  invalid_state: InvalidStateError
  invalid_token_response: InvalidTokenResponseError
  load_failed: LoadError
  max_flows_reached: MaxFlowsReachedError
  need_info: NeedInfoError
  redirect_failed: RedirectError
  redirect_needed: RedirectNeededError
  request_denied: RequestDeniedError
  request_submitted: RequestSubmittedError
  scheme_failed: SchemeError
  timeout: UmaTimeoutError
  untrusted_authorization_server: UntrustedAuthorizationServerError
}

/** The type of an error with this code. */
export type UmaErrorOf<Code> = Code extends keyof UmaErrorsByCode ? UmaErrorsByCode[Code] : UmaError

/** How many causes are looked through. */
const maxDepth = 8

/**
 * Finds the `UmaError` in an error: the error itself, or one of its causes (at most 8 deep), such as the cause of an
 * `AxiosError`.
 *
 * @param error any value that was thrown
 * @param code if given, only an error with this code is found
 * @returns the `UmaError`, of this copy of the package or another; `undefined` if there is none
 *
 * @example const denied = findUmaError(error, 'request_denied')
 */
export function findUmaError<Code extends string = string>(error: unknown, code?: Code): UmaErrorOf<Code> | undefined {
  let candidate = error
  for (let depth = 0; depth <= maxDepth && typeof candidate === 'object' && candidate !== null; depth++) {
    if (isBranded(candidate) && (code === undefined || candidate.code === code)) return candidate as UmaErrorOf<Code>
    candidate = (candidate as { cause?: unknown }).cause
  }
  return undefined
}

/**
 * Whether an error is a `UmaError`, or has one among its causes (at most 8 deep). The result is a plain boolean and no
 * type guard, because the error itself can be an `AxiosError`; use `findUmaError` to get the `UmaError`.
 *
 * @param code if given, only an error with this code counts
 *
 * @example if (isUmaError(error, 'interaction_required')) showSignInButton()
 */
export function isUmaError(error: unknown, code?: string): boolean {
  return findUmaError(error, code) !== undefined
}
