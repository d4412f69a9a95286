import type { RequiredClaim } from '../../errors/index.ts'
import { readObject } from '../http/read-object.ts'

/** The token that a token endpoint granted. */
export interface GrantedAnswer {
  kind: 'granted'
  token: string
  /** In lower case. */
  type: string
  /** Lifetime in seconds; `undefined` if the server does not say. */
  expiresIn: number | undefined
  refreshToken: string | undefined
  pct: string | undefined
  upgraded: boolean
}

/** The answer of a token endpoint, read in all known dialects. */
export type TokenAnswer =
  | GrantedAnswer
  | { kind: 'need_info'; ticket: string; requiredClaims: RequiredClaim[]; redirectUser: string | undefined }
  /** `interval`: seconds until the next poll; `undefined` if the server does not say. */
  | { kind: 'request_submitted'; ticket: string | undefined; interval: number | undefined }
  /**
   * A refusal. `code` is the server's own code, if it looks like an error code; `request_denied` for every dialect of
   * a denial; `invalid_token_response` for an answer that neither UMA nor OAuth know. Then `reason` says why in our
   * own words and quotes nothing.
   */
  | { kind: 'error'; code: string; reason?: string }

type ErrorBody = Record<string, unknown>

const string = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined)

/** A number of seconds, sent as a number or as a numeric string. An absurd number counts as absent. */
const seconds = (value: unknown): number | undefined => {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && number > 0 && number < 1e9 ? number : undefined
}

const invalid = (reason: string): TokenAnswer => ({
  kind: 'error',
  code: 'invalid_token_response',
  reason,
})

/** The codes for a denial: UMA Grant §3.3.6, Keycloak, Gluu, UMA 1 and OpenAM, the drafts. */
export const denials: RegExp = /^(request_denied|access_denied|forbidden_by_policy|not_authori[sz]ed(_permission)?)$/

/**
 * Reads the answer of a token endpoint by its status and its members, because servers do not agree on `error`:
 * need_info without `error` (SolidLab), a submitted request or a denial inside `access_denied` (Keycloak), a denial as
 * 400 `invalid_grant` (Gravitee) or without any code.
 *
 * @param text the body of the answer
 *
 * @example
 * const answer = readTokenAnswer(status, text)
 * if (answer.kind === 'granted') return { kind: 'granted', grant: toGrant(answer), upgraded: answer.upgraded }
 */
export function readTokenAnswer(status: number, text: string): TokenAnswer {
  const body = readObject(text)
  if (!body) return invalid(`status ${status}, not a JSON object`)
  if (status >= 200 && status < 300) return readGrant(body)
  return readError(status, body)
}

function readError(status: number, body: ErrorBody): TokenAnswer {
  if (status < 400 || status >= 500) return invalid(`status ${status}`)
  if (isNeedInfo(body)) return readNeedInfo(body)
  if (isSubmitted(body)) {
    return { kind: 'request_submitted', ticket: string(body.ticket), interval: seconds(body.interval) }
  }
  if (isDenial(status, body)) return { kind: 'error', code: 'request_denied' }
  const code = string(body.error) ?? (isTicketRefusal(status, body) ? 'invalid_ticket' : undefined)
  return isErrorCode(code) ? { kind: 'error', code } : invalid(`status ${status} without an error code`)
}

function readNeedInfo(body: ErrorBody): TokenAnswer {
  const ticket = string(body.ticket)
  if (!ticket) return invalid('need_info without ticket')
  const requiredClaims = readRequiredClaims(body.required_claims)
  return { kind: 'need_info', ticket, requiredClaims, redirectUser: string(body.redirect_user) }
}

function isNeedInfo(body: ErrorBody): boolean {
  const error = string(body.error)
  if (error) return error === 'need_info'
  return Boolean(string(body.ticket) && (body.required_claims || string(body.redirect_user)))
}

const isSubmitted = ({ error, error_description: description }: ErrorBody): boolean =>
  error === 'request_submitted' || (error === 'access_denied' && description === 'request_submitted')

function isDenial(status: number, body: ErrorBody): boolean {
  const error = string(body.error)
  if (!error) return status === 403
  return denials.test(error) || (error === 'invalid_grant' && /polic/i.test(string(body.error_description) ?? ''))
}

/** SolidLab's server refuses a ticket by 400 without a code; only its message tells. */
const isTicketRefusal = (status: number, { message }: ErrorBody): boolean =>
  status === 400 && /\bticket is not valid\b/.test(string(message) ?? '')

/** Whether a text can be an error code of OAuth or UMA. */
export const isErrorCode = (text: unknown): text is string => typeof text === 'string' && /^[a-z_]{1,64}$/.test(text)

/** Whether a token can stand in a header: visible ASCII only, because any other character could split the header. */
export const isUsableToken = (token: unknown): token is string =>
  typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)

function readGrant(body: Record<string, unknown>): TokenAnswer {
  const token = body.access_token
  const type = string(body.token_type)?.toLowerCase()
  if (!isUsableToken(token)) return invalid('no usable access_token')
  // RFC 6749 §7.1: a token of an unknown type is not used, and never as a bearer token.
  if (type !== 'bearer') return invalid('no supported token_type')
  return {
    kind: 'granted',
    token,
    type,
    expiresIn: seconds(body.expires_in),
    refreshToken: string(body.refresh_token),
    pct: string(body.pct),
    upgraded: body.upgraded === true,
  }
}

/** Reads `required_claims` (UMA Grant §3.3.6), also one entry without its array and entries that are bare formats. */
export function readRequiredClaims(sent: unknown): RequiredClaim[] {
  return [sent ?? []].flat().map((raw) => {
    // A bare string is a format (older SolidLab servers).
    const members = typeof raw === 'string' ? { claim_token_format: raw } : Object(raw)
    const claim: Record<string, unknown> = { raw }
    for (const name of ['claim_token_format', 'issuer', 'claim_type', 'friendly_name', 'name']) {
      const values = [members[name]].flat(2).filter(string)
      if (values.length) claim[name] = /format|issuer/.test(name) ? values : values[0]
    }
    return claim as unknown as RequiredClaim
  })
}

/**
 * The `exp` of a token that is a JWT, in seconds since 1970; undefined for any other token. Nothing else is read from
 * the token, and its signature is not checked.
 */
export function jwtExpiry(token: string): number | undefined {
  const payload = token.split('.')[1]
  if (!payload) return undefined
  try {
    return Number(JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))).exp) || undefined
  } catch {
    return undefined
  }
}
