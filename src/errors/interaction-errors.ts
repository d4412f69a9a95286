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

const redirectUrl = Symbol.for('uma-requester.redirect-url')

/**
 * The person must go to the authorization server first: answer with a redirect to `redirectOf(error)`. The flow waits
 * in the storage until `handleCallback` finishes it. `code`: `redirect_needed`. Thrown with `serverRedirect()`.
 *
 * @example
 * try { return await requester.as(user).fetch(url) } catch (error) {
 *   const redirect = redirectOf(error)
 *   if (redirect) return response.redirect(303, redirect)
 *   throw error
 * }
 */
export class RedirectNeededError extends UmaError {
  override name = 'RedirectNeededError'
  override readonly code = 'redirect_needed'

  /** @param init `url` holds a state, and perhaps a ticket; it is not enumerable, so that it is not logged */
  constructor(message: string, init: UmaErrorInit & { url: string }) {
    super(message, init)
    Object.defineProperty(this, redirectUrl, { value: init.url })
  }
}

/** The URL of a `RedirectNeededError`, of this copy of the package or of another. */
export function redirectUrlOf(error: UmaError): string | undefined {
  return (error as { [redirectUrl]?: string })[redirectUrl]
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
