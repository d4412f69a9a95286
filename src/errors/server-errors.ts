/** Errors about an authorization server: its trust, its metadata and its answers. */
import { UmaError, type UmaErrorInit } from './uma-error.ts'

/**
 * The token endpoint refused with an OAuth or UMA error (`code` is that error: `invalid_grant`, …), or was not reached
 * (`token_request_failed`).
 */
export class TokenRequestError extends UmaError {
  override name = 'TokenRequestError'
}

/**
 * A challenge names an issuer that is not configured, or an issuer that may not speak for this host. Nothing was sent
 * to that issuer. `code`: `untrusted_authorization_server`.
 */
export class UntrustedAuthorizationServerError extends UmaError {
  override name = 'UntrustedAuthorizationServerError'
  override readonly code = 'untrusted_authorization_server'
}

/** The metadata document was not available, or is not acceptable. `code`: `discovery_failed`. */
export class DiscoveryError extends UmaError {
  override name = 'DiscoveryError'
  override readonly code = 'discovery_failed'
}

/** The facts of an `InvalidTokenResponseError`. */
export interface InvalidTokenResponseErrorInit extends UmaErrorInit {
  status?: number | undefined
}

/**
 * The token endpoint's answer is neither a usable token nor an error of UMA or OAuth. `code`: `invalid_token_response`.
 */
export class InvalidTokenResponseError extends UmaError {
  override name = 'InvalidTokenResponseError'
  override readonly code = 'invalid_token_response'
  /** HTTP status of the answer, where a code was redeemed or a refresh token used. */
  declare readonly status?: number

  constructor(message: string, init: InvalidTokenResponseErrorInit = {}) {
    super(message, init)
    if (init.status !== undefined) Object.assign(this, { status: init.status })
  }
}

/** The authorization server denied the request, in any dialect. Do not try again. `code`: `request_denied`. */
export class RequestDeniedError extends UmaError {
  override name = 'RequestDeniedError'
  override readonly code = 'request_denied'
}

/** The owner was asked and has not decided yet. Send the request again later. `code`: `request_submitted`. */
export class RequestSubmittedError extends UmaError {
  override name = 'RequestSubmittedError'
  override readonly code = 'request_submitted'
}
