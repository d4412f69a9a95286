/** The facts that an error is created with, besides its message. */
export interface UmaErrorInit {
  /** The authorization server's own error code, if it sent a well-formed one. */
  code?: string
  /** The cause, if it carries no secret. */
  cause?: unknown
  /** The host's last answer, unread. */
  response?: unknown
  /** The issuer concerned. */
  issuer?: string | undefined
  /** Whether the same request, sent again without a person, may succeed within a minute. @default false */
  retryable?: boolean
  /** The authorization server's `error_description`, already cleaned of secrets. */
  description?: string | undefined
  /** Why, in one word: a machine-readable detail of `code`. */
  reason?: string | undefined
}

const brand = Symbol.for('uma-requester.error')

/**
 * Base class of every error between a challenge and the request that is sent again.
 *
 * The error is safe to log. No message, enumerable property or cause carries a ticket, token, secret, claim, code or
 * state, and a text that an authorization server sent is never part of the message.
 *
 * @example
 * try { await requester.fetch(url) } catch (error) {
 *   if (isUmaError(error, 'request_denied')) showDenied()
 * }
 */
export class UmaError extends Error {
  override name = 'UmaError'
  /** A stable code; see the table in the README. */
  readonly code: string
  /** Whether the same request, sent again without a person, may succeed within a minute. */
  readonly retryable: boolean
  /** The issuer concerned, if there is one. */
  declare readonly issuer?: string
  /** Why, in one word: a machine-readable detail of `code`. */
  declare readonly reason?: string
  /** The request that was interrupted, where `handleCallback` rejects. Not enumerable. */
  declare readonly request?: { readonly method: string; readonly url: string }
  /** The kind of return, where `handleCallback` rejects. Not enumerable. */
  declare readonly kind?: string
  #response: unknown
  #description: string | undefined

  constructor(message: string, init: UmaErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code ?? 'uma_error'
    this.retryable = init.retryable ?? false
    if (init.issuer) Object.assign(this, { issuer: init.issuer })
    if (init.reason) Object.assign(this, { reason: init.reason })
    this.#description = init.description
    this.#response = init.response
  }

  /**
   * The authorization server's `error_description`: at most 200 characters of RFC 6749 §5.2, with every secret of that
   * request replaced by `[redacted]`. Never enumerated or printed, and never part of `message`.
   */
  get description(): string | undefined {
    return this.#description
  }

  /** @internal */
  set description(description: string | undefined) {
    this.#description = description
  }

  /** The host's last answer (a `Response`, or axios's response), unread. Never enumerated, printed or cloned. */
  get response(): unknown {
    return this.#response
  }

  /** @internal */
  set response(response: unknown) {
    this.#response = response
  }

  /** Marks errors of every copy of this package. @internal */
  get [brand](): true {
    return true
  }
}

/** Whether this very value is a `UmaError`, of this copy of the package or of another. */
export function isBranded(value: unknown): value is UmaError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}

/** Gives an error the server's description, if it has none yet. */
export function describeError(error: UmaError, description: string | undefined): void {
  error.description ??= description
}

/**
 * The same error for one of several callers that waited for the same flow, with that caller's own response. The first
 * caller gets the error itself, every other one a copy.
 */
export function withResponse(error: unknown, response: unknown): unknown {
  if (!(error instanceof UmaError)) return error
  if (!error.response) {
    error.response = response
    return error
  }
  const { cause, description } = error
  const copy = new UmaError(error.message, { cause, description, response })
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
  const { stack: _stack, ...own } = Object.getOwnPropertyDescriptors(error)
  return Object.defineProperties(copy, own)
}
