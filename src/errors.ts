import type { RequiredClaim } from './protocol/token-answer.ts'

/** What an error knows besides its message. */
export interface UmaErrorInit {
  /** The authorization server's own code, where it sent a well-formed one. */
  code?: string
  /** What made it happen, where that carries no secret. */
  cause?: unknown
  /** The host's last answer, unread. */
  response?: unknown
  /** The issuer that was talked to. */
  issuer?: string | undefined
}

/**
 * Base class of everything that goes wrong between a challenge and the request sent again.
 *
 * Safe to log: no message, property or cause carries a ticket, token, secret, claim, code or state, and text that an
 * authorization server sent is never quoted.
 */
export class UmaError extends Error {
  override name = 'UmaError'
  /** Stable; see the table in the README. */
  readonly code: string
  /** The issuer concerned, if one is. */
  declare readonly issuer?: string
  /** What was being asked for, where `handleCallback` rejects. Not enumerable. */
  declare readonly request?: { readonly method: string; readonly url: string }
  /** By what the person came back, where `handleCallback` rejects. Not enumerable. */
  declare readonly kind?: string
  #response: unknown

  constructor(message: string, init: UmaErrorInit = {}) {
    super(message, init)
    this.code = init.code ?? 'uma_error'
    if (init.issuer) Object.assign(this, { issuer: init.issuer })
    this.#response = init.response
  }

  /** The host's last answer (a `Response`, or axios's response), unread. Never enumerated, printed or cloned. */
  get response(): unknown {
    return this.#response
  }

  /** @internal */
  set response(response: unknown) {
    this.#response = response
  }

  /** Recognised across copies of the package. @internal */
  get [Symbol.for('uma-requester.error')](): true {
    return true
  }
}

/** The token endpoint refused with an OAuth or UMA error (`code` is that error: `invalid_grant`, …), or could not be reached (`token_request_failed`). */
export class TokenRequestError extends UmaError {
  override name = 'TokenRequestError'
}

/** The host still challenged after `maxFlowsPerRequest` flows. `code`: `max_flows_reached`. */
export class MaxFlowsReachedError extends UmaError {
  override name = 'MaxFlowsReachedError'
  override readonly code = 'max_flows_reached'
  /** How many flows this request started. */
  declare readonly flows: number
}

/** A challenge names an issuer that is not configured, or that may not speak for this host. Nothing was sent to it. `code`: `untrusted_authorization_server`. */
export class UntrustedAuthorizationServerError extends UmaError {
  override name = 'UntrustedAuthorizationServerError'
  override readonly code = 'untrusted_authorization_server'
}

/** The metadata document could not be had or is not to be believed. `code`: `discovery_failed`. */
export class DiscoveryError extends UmaError {
  override name = 'DiscoveryError'
  override readonly code = 'discovery_failed'
}

/** The token endpoint answered something that is no usable token and no error of UMA's or OAuth's. `code`: `invalid_token_response`. */
export class InvalidTokenResponseError extends UmaError {
  override name = 'InvalidTokenResponseError'
  override readonly code = 'invalid_token_response'
  /** HTTP status of the answer, where a code was redeemed or a refresh token used. */
  declare readonly status?: number
}

/** The authorization server wants claims that nobody could supply. `code`: `need_info`. */
export class NeedInfoError extends UmaError {
  override name = 'NeedInfoError'
  override readonly code = 'need_info'
  /** What it wants, as far as it said. */
  declare readonly requiredClaims: readonly RequiredClaim[]
}

/** A person is needed and may not, or cannot, be asked now. With `interactive: false`: try again on a click. `code`: `interaction_required`. */
export class InteractionRequiredError extends UmaError {
  override name = 'InteractionRequiredError'
  override readonly code = 'interaction_required'
}

/** The redirect to the authorization server could not be made, was given up, or came back with an error. `code`: `redirect_failed`. */
export class RedirectError extends UmaError {
  override name = 'RedirectError'
  override readonly code = 'redirect_failed'
  /** The error that the person came back with (`access_denied`, …), or what is wrong with the way back: `state`, `iss`, … */
  declare readonly reason?: string
}

/** The way back carries a state that is unknown, used, expired or another person's. `code`: `invalid_state`. */
export class InvalidStateError extends UmaError {
  override name = 'InvalidStateError'
  override readonly code = 'invalid_state'
}

/** The authorization server said no, in whatever dialect. Trying again is of no use. `code`: `request_denied`. */
export class RequestDeniedError extends UmaError {
  override name = 'RequestDeniedError'
  override readonly code = 'request_denied'
}

/** The owner has been asked and has not decided yet. Send the request again later. `code`: `request_submitted`. */
export class RequestSubmittedError extends UmaError {
  override name = 'RequestSubmittedError'
  override readonly code = 'request_submitted'
}

/** The token is there, but the body could be read only once. Sending it again now works. `code`: `body_not_replayable`. */
export class BodyNotReplayableError extends UmaError {
  override name = 'BodyNotReplayableError'
  override readonly code = 'body_not_replayable'
}

/** A call to an authorization server, or a whole flow, took longer than `timeouts` allow. `code`: `timeout`. */
export class UmaTimeoutError extends UmaError {
  override name = 'UmaTimeoutError'
  override readonly code = 'timeout'
}

/**
 * Whether `error` is a `UmaError`, of this copy of the package or another, with that `code` where one is given.
 *
 * @example if (isUmaError(error, 'request_denied')) …
 */
export function isUmaError(error: unknown, code?: string): error is UmaError {
  const candidate = Object(error)
  return candidate[Symbol.for('uma-requester.error')] === true && (!code || candidate.code === code)
}

/** The same error for another caller of the same flow, with that caller's own response. @internal */
export function withResponse(error: unknown, response: unknown): unknown {
  if (!(error instanceof UmaError)) return error
  const { response: taken, message, cause } = error
  if (!taken) {
    error.response = response
    return error
  }
  const init = cause ? { cause, response } : { response }
  return Object.assign(new (error.constructor as typeof UmaError)(message, init), error)
}
