/** Errors about one request of the application. */
import { UmaError, type UmaErrorInit } from './uma-error.ts'

/** The facts of a `MaxFlowsReachedError`. */
export interface MaxFlowsReachedErrorInit extends UmaErrorInit {
  flows: number
}

/** The host still challenged after `maxFlowsPerRequest` flows. `code`: `max_flows_reached`. */
export class MaxFlowsReachedError extends UmaError {
  override name = 'MaxFlowsReachedError'
  override readonly code = 'max_flows_reached'
  /** The number of flows that this request started. */
  readonly flows: number

  constructor(message: string, init: MaxFlowsReachedErrorInit) {
    super(message, init)
    this.flows = init.flows
  }
}

/**
 * The token is in the wallet, but the body of the request could be read only once. Send the request again.
 * `code`: `body_not_replayable`.
 */
export class BodyNotReplayableError extends UmaError {
  override name = 'BodyNotReplayableError'
  override readonly code = 'body_not_replayable'
}

/** A call to an authorization server, or a whole flow, took longer than `timeouts` allow. `code`: `timeout`. */
export class UmaTimeoutError extends UmaError {
  override name = 'UmaTimeoutError'
  override readonly code = 'timeout'
}

/** A scheme threw, or returned a value that is not a step. `code`: `scheme_failed`. */
export class SchemeError extends UmaError {
  override name = 'SchemeError'
  override readonly code = 'scheme_failed'
}

/** A binding threw, or returned a value that is not a presentation. `code`: `binding_failed`. */
export class BindingError extends UmaError {
  override name = 'BindingError'
  override readonly code = 'binding_failed'
}
