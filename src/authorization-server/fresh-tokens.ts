import { findUmaError, type InvalidTokenResponseError } from '../errors/index.ts'
import type { Tokens } from './tokens.ts'

/** Tokens as they are kept. */
export interface KeptTokens extends Tokens {
  /** How often this refresh token was sent without an answer. Absent: never. */
  unanswered?: number | undefined
}

/** Where the tokens of one party or owner are kept, and how they are refreshed. */
export interface TokenKeeper {
  /** The tokens that are kept now; undefined: none. */
  read(): Promise<KeptTokens | undefined>
  /**
   * Keeps the tokens, or forgets them.
   *
   * @returns false if the party has signed out since: then nothing was kept
   */
  write(tokens: KeptTokens | undefined): Promise<boolean>
  /** Gets new tokens for a refresh token. Absent, or `undefined`: these tokens cannot be refreshed. */
  refresh?: ((tokens: Tokens) => Promise<Tokens | undefined>) | undefined
  /** Runs the task while nobody else refreshes these tokens. */
  lock<T>(task: () => Promise<T>): Promise<T>
  /** Whether the access token has ended or was refused. */
  isEnded(tokens: Tokens): boolean
  /**
   * How often a refresh token is put back after a refresh that was not answered. After that it is dropped, because the
   * server may have used it up. @default 1
   */
  maxUnanswered?: number | undefined
}

/** The result of `freshTokens`. */
export type FreshTokens =
  /** The tokens that are kept have not ended, or another tab or process has refreshed them. */
  | { kind: 'held'; tokens: Tokens }
  | { kind: 'refreshed'; tokens: Tokens }
  /** There are no tokens. */
  | { kind: 'none' }
  /**
   * The tokens have ended and are forgotten. `error`: the refresh was refused, or was not answered too often. Without
   * `error`, there was no way to refresh them.
   */
  | { kind: 'dropped'; error?: unknown }
  /** The party has signed out during the refresh. Revoke these tokens and do not use them. */
  | { kind: 'signed-out'; tokens: Tokens }

/**
 * Gives tokens that have not ended, and refreshes them if they have (RFC 6749 §6). The lock makes one refresh serve all
 * callers. The refresh token is stored as used before it is sent, because a server may accept it once: a process that
 * dies during the refresh leaves no refresh token behind. If the refresh is not answered, the refresh token is put
 * back, once by default. If the refresh is refused, the tokens are dropped.
 *
 * @throws the error of a refresh that was not answered; its refresh token was put back
 */
export async function freshTokens(keeper: TokenKeeper): Promise<FreshTokens> {
  const first = await keeper.read()
  if (!first) return { kind: 'none' }
  if (!keeper.isEnded(first)) return { kind: 'held', tokens: first }
  return keeper.lock(() => refreshInTurn(keeper))
}

async function refreshInTurn(keeper: TokenKeeper): Promise<FreshTokens> {
  // Another tab or process may have refreshed them while this one waited for its turn.
  const kept = await keeper.read()
  if (!kept) return { kind: 'none' }
  if (!keeper.isEnded(kept)) return { kind: 'held', tokens: kept }
  const { refreshToken, unanswered: _unanswered, ...used } = kept
  const { refresh } = keeper
  if (!refreshToken || !refresh) {
    await keeper.write(undefined)
    return { kind: 'dropped' }
  }
  if (!(await keeper.write(used))) return { kind: 'none' }
  let fresh: Tokens | undefined
  try {
    fresh = await refresh(kept)
  } catch (error) {
    return afterFailure(keeper, kept, error)
  }
  if (!fresh) {
    await keeper.write(undefined)
    return { kind: 'dropped' }
  }
  const tokens = merged(kept, fresh)
  const isKept = await keeper.write(tokens)
  return isKept ? { kind: 'refreshed', tokens } : { kind: 'signed-out', tokens: fresh }
}

/** New tokens, together with the facts that a refresh need not repeat (RFC 6749 §6, OpenID Connect Core §12.2). */
function merged({ expiresAt: _ended, unanswered: _unanswered, ...kept }: KeptTokens, fresh: Tokens): Tokens {
  return { ...kept, ...fresh, refreshToken: fresh.refreshToken ?? kept.refreshToken }
}

/** Puts the refresh token back, or drops the tokens. */
async function afterFailure(keeper: TokenKeeper, kept: KeptTokens, error: unknown): Promise<FreshTokens> {
  const { maxUnanswered = 1 } = keeper
  const { unanswered = 0 } = kept
  if (wasNotSent(error)) {
    await keeper.write(kept)
    throw error
  }
  if (isRefusal(error) || unanswered >= maxUnanswered) {
    await keeper.write(undefined)
    return { kind: 'dropped', error }
  }
  await keeper.write({ ...kept, unanswered: unanswered + 1 })
  throw error
}

/** The codes of errors that are raised before a refresh token is sent. */
const codesBeforeSending = new Set(['discovery_failed', 'registration_failed', 'load_failed'])

/** Whether the refresh failed before the refresh token was sent. */
function wasNotSent(error: unknown): boolean {
  const found = findUmaError(error)
  return found !== undefined && (found.reason === 'not_sent' || codesBeforeSending.has(found.code))
}

/** The codes that end a refresh token. */
const refusals = new Set(['invalid_grant', 'unauthorized_client', 'request_denied', 'interaction_required'])

/** The statuses that end a refresh token if the answer has no code. Some servers refuse in this way. */
const refusalStatuses = new Set([400, 401, 403])

/**
 * Whether an error of a refresh means that the refresh token is no longer good. Every other error may pass:
 * `invalid_client` concerns the client, and a server error says nothing about the refresh token.
 */
export function isRefusal(error: unknown): boolean {
  const found = findUmaError(error)
  if (!found) return false
  const { status } = found as Partial<InvalidTokenResponseError>
  return status === undefined ? refusals.has(found.code) : refusalStatuses.has(status)
}
