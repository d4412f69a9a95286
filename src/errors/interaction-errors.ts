/** Errors about a person: claims, redirects and sign-in. */
import type { RequiredClaim } from './required-claim.ts'
import { UmaError, type UmaErrorInit } from './uma-error.ts'

/** The facts of a `NeedInfoError`. */
export interface NeedInfoErrorInit extends UmaErrorInit {
  requiredClaims?: readonly RequiredClaim[]
}

/** The authorization server wants claims that were not supplied or not sufficient. `code`: `need_info`. */
export class NeedInfoError extends UmaError {
  override name = 'NeedInfoError'
  override readonly code = 'need_info'
  /** The claims that the server still requires, as far as it named them. */
  readonly requiredClaims: readonly RequiredClaim[]

  constructor(message: string, init: NeedInfoErrorInit = {}) {
    super(message, init)
    this.requiredClaims = init.requiredClaims ?? []
  }
}

/**
 * A person is needed, and nobody may or can be asked now. `code`: `interaction_required`. `reason`: `redirect_loop` if
 * the person was sent away too often for the same place.
 */
export class InteractionRequiredError extends UmaError {
  override name = 'InteractionRequiredError'
  override readonly code = 'interaction_required'
}

/**
 * The redirect to the authorization server failed, was given up, or came back with an error. `code`: `redirect_failed`.
 * `reason`: the error that the person came back with (`access_denied`, …), or the unusable part: `state`, `iss`, …
 */
export class RedirectError extends UmaError {
  override name = 'RedirectError'
  override readonly code = 'redirect_failed'
}

/** The state of a return is unknown, used, expired, or belongs to another requesting party. `code`: `invalid_state`. */
export class InvalidStateError extends UmaError {
  override name = 'InvalidStateError'
  override readonly code = 'invalid_state'
}

/** Nobody is signed in. The flow catches this error and sends the person to sign in. */
export class NobodySignedInError extends InteractionRequiredError {
  constructor(issuer: string) {
    super(`${issuer}: nobody is signed in (authorizationServers: signIn)`, { issuer })
  }
}
