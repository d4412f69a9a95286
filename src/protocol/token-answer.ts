import { readObject } from './read-object.ts'

/** One entry of `required_claims` (Grant §3.3.6), with arrays where servers in the field send a single string. */
export interface RequiredClaim {
  claim_token_format?: string[]
  claim_type?: string
  friendly_name?: string
  issuer?: string[]
  name?: string
  /** The entry as it was sent. */
  raw: unknown
}

/** A token, as a token endpoint grants it. */
export interface GrantedAnswer {
  kind: 'granted'
  token: string
  /** Lower case. */
  type: string
  /** Seconds. */
  expiresIn: number | undefined
  refreshToken: string | undefined
  pct: string | undefined
  upgraded: boolean
}

/** What a token endpoint said, whatever its dialect. */
export type TokenAnswer =
  | GrantedAnswer
  | { kind: 'need_info'; ticket: string; requiredClaims: RequiredClaim[]; redirectUser: string | undefined }
  | { kind: 'request_submitted'; ticket: string | undefined /** Seconds. */; interval: number | undefined }
  /**
   * A refusal. `code` is the server's own, if it looks like an error code; `request_denied` for all dialects of a no;
   * `invalid_token_response` for what neither UMA nor OAuth know, with a `reason` of ours that quotes nothing.
   */
  | { kind: 'error'; code: string; reason?: string }

const string = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined)

/** A number of seconds, sent as number or numeric string; what is absurd counts as absent. */
const seconds = (value: unknown): number | undefined => {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && number > 0 && number < 1e9 ? number : undefined
}

const invalid = (reason: string): TokenAnswer => ({ kind: 'error', code: 'invalid_token_response', reason })

/** Words for "no": Grant §3.3.6, Keycloak, Gluu, UMA 1 and OpenAM, the drafts. */
export const denials: RegExp = /^(request_denied|access_denied|forbidden_by_policy|not_authori[sz]ed(_permission)?)$/

/**
 * Reads a token endpoint's answer (Grant §3.3.5, §3.3.6) by its status and members, not only by `error`. Deployed
 * servers demand this: need_info without an `error` (SolidLab), a submitted request or a refusal inside `access_denied`
 * (Keycloak), a denial as 400 `invalid_grant` (Gravitee) or without any code.
 */
export function readTokenAnswer(status: number, text: string): TokenAnswer {
  const body = readObject(text)
  if (!body) return invalid(`status ${status}, not a JSON object`)
  if (status >= 200 && status < 300) return readGrant(body)
  const ticket = string(body.ticket)
  const error = string(body.error)
  const redirectUser = string(body.redirect_user)
  const about = string(body.error_description) ?? ''
  if (status < 400 || status >= 500) return invalid(`status ${status}`)
  if (error === 'need_info' || (!error && ticket && (body.required_claims || redirectUser))) {
    if (!ticket) return invalid('need_info without ticket')
    return { kind: 'need_info', ticket, requiredClaims: readRequiredClaims(body.required_claims), redirectUser }
  }
  if (error === 'request_submitted' || (error === 'access_denied' && about === 'request_submitted')) {
    return { kind: 'request_submitted', ticket, interval: seconds(body.interval) }
  }
  if (error ? denials.test(error) || (error === 'invalid_grant' && /polic/i.test(about)) : status === 403) {
    return { kind: 'error', code: 'request_denied' }
  }
  // Without a code, 400 is what SolidLab says of a ticket that it does not know.
  const code = error ?? (status === 400 ? 'invalid_grant' : '')
  return /^[a-z_]{1,64}$/.test(code) ? { kind: 'error', code } : invalid(`status ${status} without an error code`)
}

function readGrant(body: Record<string, unknown>): TokenAnswer {
  const token = string(body.access_token)
  const type = string(body.token_type)?.toLowerCase()
  // Visible ASCII only: anything else could split a header (G-3.4-b).
  if (!token || !/^[\x21-\x7e]+$/.test(token)) return invalid('no usable access_token')
  // RFC 6749 §7.1: a type that is not understood is not used, least of all as Bearer.
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

export function readRequiredClaims(sent: unknown): RequiredClaim[] {
  return [sent ?? []].flat().map((raw) => {
    // A bare string is a format (seen in older SolidLab servers).
    const members = typeof raw === 'string' ? { claim_token_format: raw } : Object(raw)
    const claim: Record<string, unknown> = { raw }
    for (const name of ['claim_token_format', 'issuer', 'claim_type', 'friendly_name', 'name']) {
      const values = [members[name]].flat(2).filter(string)
      if (values.length) claim[name] = /format|issuer/.test(name) ? values : values[0]
    }
    return claim as unknown as RequiredClaim
  })
}

/** `exp` of a token that happens to be a JWT, in seconds since 1970; undefined for any other. Nothing else is read from it. */
export function jwtExpiry(token: string): number | undefined {
  const payload = token.split('.')[1] ?? ''
  try {
    return Number(JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))).exp) || undefined
  } catch {
    return undefined
  }
}
