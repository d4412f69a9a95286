/**
 * What a caller may have to handle. Everything here is safe to log: no message, property or cause carries a ticket, token,
 * secret, claim, code or state, and text that an authorization server sent is never quoted.
 */

const brand = Symbol.for('uma-requester.error')

/** What an error knows besides its message. */
export interface UmaErrorInit {
  /** Stable code; the authorization server's own where it sent a well-formed one. */
  code?: string
  /** What made it happen, where that carries no secret. */
  cause?: unknown
  /** The host's last answer, unread; not enumerable, so that it is never logged by accident. */
  response?: unknown
  /** The issuer that was talked to, or that a challenge named. */
  issuer?: string | undefined
}

/** Base class of everything that goes wrong between a challenge and the request sent again. */
export class UmaError extends Error {
  static {
    // On the prototype: recognisable across copies of the package, invisible in logs.
    Object.defineProperty(UmaError.prototype, brand, { value: true })
  }
  /** Stable code, see the table in the README. */
  readonly code: string
  /** The issuer concerned, if one is. */
  readonly issuer?: string
  /** The host's last answer (a `Response`, or axios's response), unread. Not enumerable. */
  declare readonly response?: unknown

  constructor(message: string, init: UmaErrorInit = {}) {
    super(message, 'cause' in init ? { cause: init.cause } : undefined)
    Object.defineProperty(this, 'name', { value: new.target.errorName, configurable: true })
    this.code = init.code ?? new.target.errorCode
    if (init.issuer !== undefined) this.issuer = init.issuer
    Object.defineProperty(this, 'response', { value: init.response, writable: true, configurable: true })
  }

  /** @internal */
  static errorName = 'UmaError'
  /** @internal */
  static errorCode = 'uma_error'
}

/** The host still challenged after `maxFlowsPerRequest` flows. `code`: `max_flows_reached`. */
export class MaxFlowsReachedError extends UmaError {
  /** @internal */
  static override errorName = 'MaxFlowsReachedError'
  /** @internal */
  static override errorCode = 'max_flows_reached'
  /** How many flows this request started. */
  declare readonly flows: number
}

/** A challenge names an issuer that is not configured, or that may not speak for this host. Nothing was sent to it. */
export class UntrustedAuthorizationServerError extends UmaError {
  /** @internal */
  static override errorName = 'UntrustedAuthorizationServerError'
  /** @internal */
  static override errorCode = 'untrusted_authorization_server'
}

/** The metadata document could not be had or is not to be believed. `code`: `discovery_failed`. */
export class DiscoveryError extends UmaError {
  /** @internal */
  static override errorName = 'DiscoveryError'
  /** @internal */
  static override errorCode = 'discovery_failed'
}

/** The token endpoint answered something that is no usable token and no error of UMA's or OAuth's. */
export class InvalidTokenResponseError extends UmaError {
  /** @internal */
  static override errorName = 'InvalidTokenResponseError'
  /** @internal */
  static override errorCode = 'invalid_token_response'
}

/** The token endpoint refused with an OAuth or UMA error; `code` is that error (`invalid_grant`, `invalid_client`, …). */
export class TokenRequestError extends UmaError {
  /** @internal */
  static override errorName = 'TokenRequestError'
  /** @internal */
  static override errorCode = 'token_request_failed'
}

/** The authorization server wants claims that nobody could supply. `code`: `need_info`. */
export class NeedInfoError extends UmaError {
  /** @internal */
  static override errorName = 'NeedInfoError'
  /** @internal */
  static override errorCode = 'need_info'
}

/** A person is needed and may not be asked now (`interactive: false`). Try again on a click. */
export class InteractionRequiredError extends UmaError {
  /** @internal */
  static override errorName = 'InteractionRequiredError'
  /** @internal */
  static override errorCode = 'interaction_required'
}

/** The redirect to the authorization server could not be made, or came back with an error. `code`: `redirect_failed`. */
export class RedirectError extends UmaError {
  /** @internal */
  static override errorName = 'RedirectError'
  /** @internal */
  static override errorCode = 'redirect_failed'
}

/** The way back carries a state that is unknown, used, expired or another person's. `code`: `invalid_state`. */
export class InvalidStateError extends UmaError {
  /** @internal */
  static override errorName = 'InvalidStateError'
  /** @internal */
  static override errorCode = 'invalid_state'
}

/** The authorization server said no, in whatever dialect. `code`: `request_denied`. Trying again is of no use. */
export class RequestDeniedError extends UmaError {
  /** @internal */
  static override errorName = 'RequestDeniedError'
  /** @internal */
  static override errorCode = 'request_denied'
}

/** The owner has been asked and has not decided yet. `code`: `request_submitted`. Send the request again later. */
export class RequestSubmittedError extends UmaError {
  /** @internal */
  static override errorName = 'RequestSubmittedError'
  /** @internal */
  static override errorCode = 'request_submitted'
}

/** The token is there, but the body could be read only once. `code`: `body_not_replayable`. Sending it again now works. */
export class BodyNotReplayableError extends UmaError {
  /** @internal */
  static override errorName = 'BodyNotReplayableError'
  /** @internal */
  static override errorCode = 'body_not_replayable'
}

/** A call to an authorization server, or a whole flow, took longer than `timeouts` allow. `code`: `timeout`. */
export class UmaTimeoutError extends UmaError {
  /** @internal */
  static override errorName = 'UmaTimeoutError'
  /** @internal */
  static override errorCode = 'timeout'
}

/**
 * Whether `error` is a `UmaError`, of this copy of the package or another, with that `code` where one is given.
 *
 * @example if (isUmaError(error, 'request_denied')) …
 */
export function isUmaError(error: unknown, code?: string): error is UmaError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as Record<symbol, unknown>)[brand] === true &&
    (code === undefined || (error as UmaError).code === code)
  )
}

/** The same error for another caller of the same flow, with that caller's own response. @internal */
export function withResponse(error: unknown, response: unknown): unknown {
  if (!isUmaError(error)) return error
  if (error.response === undefined) {
    Object.defineProperty(error, 'response', { value: response, writable: true, configurable: true })
    return error
  }
  const Same = error.constructor as typeof UmaError
  const copy = new Same(error.message, {
    code: error.code,
    issuer: error.issuer,
    response,
    ...('cause' in error && { cause: error.cause }),
  })
  // What a subclass declares besides (`flows`, `requiredClaims`) comes along.
  return Object.assign(copy, { ...error })
}
