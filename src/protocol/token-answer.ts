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

/** What a token endpoint said, whatever its dialect. */
export type TokenAnswer =
  | {
      kind: 'granted'
      token: string
      tokenType: string
      /** Seconds. */
      expiresIn?: number
      refreshToken?: string
      pct?: string
      upgraded: boolean
    }
  | { kind: 'need_info'; ticket: string; requiredClaims: RequiredClaim[]; redirectUser?: string }
  | { kind: 'request_submitted'; ticket?: string; /** Seconds. */ interval?: number }
  | { kind: 'request_denied' }
  /** `code` is the server's own, cut down to what an error code may look like. */
  | { kind: 'error'; code: string }
  /** Nothing that UMA or OAuth know; `reason` is ours and quotes nothing. */
  | { kind: 'invalid'; reason: string }

type Json = Record<string, unknown>

const string = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A number of seconds, sent as number or numeric string; what is absurd counts as absent. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && number > 0 && number < 1e10 ? number : undefined
}

/** Visible ASCII only: anything else could split a header (checklist G-3.4-b). */
const visible = (value: string): boolean => /^[\x21-\x7e]+$/.test(value)

/** Words for "no": Grant §3.3.6, Keycloak, Gluu, UMA 1 and OpenAM, the drafts. */
const denials = /^(request_denied|access_denied|forbidden_by_policy|not_authori[sz]ed(_permission)?)$/

/**
 * Reads a token endpoint's answer by its status and members, not only by `error`, as the field demands: need_info without an
 * `error` (SolidLab), a submitted request or a refusal inside `access_denied` (Keycloak), a denial as 400 `invalid_grant`
 * (Gravitee) or without any code. Checklist A.4 and A.5.
 */
export function readTokenAnswer(status: number, text: string): TokenAnswer {
  let body: Json
  try {
    body = JSON.parse(text)
  } catch {
    return { kind: 'invalid', reason: 'is not JSON' }
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { kind: 'invalid', reason: 'is not a JSON object' }
  if (status >= 200 && status < 300) return readGrant(body)
  if (status < 400 || status >= 500) return { kind: 'invalid', reason: `has status ${status}` }

  const ticket = string(body.ticket)
  const description = string(body.error_description) ?? ''
  const error = string(body.error)
  const redirectUser = string(body.redirect_user)
  if (error === 'need_info' || (!error && ticket && (body.required_claims || redirectUser))) {
    if (!ticket) return { kind: 'invalid', reason: 'is a need_info without ticket' }
    const requiredClaims = readRequiredClaims(body.required_claims)
    return { kind: 'need_info', ticket, requiredClaims, ...(redirectUser && { redirectUser }) }
  }
  if (error === 'request_submitted' || (error === 'access_denied' && description === 'request_submitted')) {
    const interval = seconds(body.interval)
    return { kind: 'request_submitted', ...(ticket && { ticket }), ...(interval && { interval }) }
  }
  if (error ? denials.test(error) : status === 403) return { kind: 'request_denied' }
  if (error === 'invalid_grant' && /polic(y|ies)/i.test(description)) return { kind: 'request_denied' }
  // Without a code, 400 is what SolidLab says of a ticket it does not know.
  if (!error && status === 400) return { kind: 'error', code: 'invalid_grant' }
  return error && /^[a-z_]{1,64}$/.test(error)
    ? { kind: 'error', code: error }
    : { kind: 'invalid', reason: `has status ${status} and no error code` }
}

function readGrant(body: Json): TokenAnswer {
  const { access_token: token, token_type: tokenType } = body
  if (typeof token !== 'string' || !token) return { kind: 'invalid', reason: 'has no access_token' }
  if (!visible(token)) return { kind: 'invalid', reason: 'has an access_token that no header can carry' }
  if (typeof tokenType !== 'string') return { kind: 'invalid', reason: 'has no token_type' }
  const answer: TokenAnswer = { kind: 'granted', token, tokenType: tokenType.toLowerCase(), upgraded: body.upgraded === true }
  const expiresIn = seconds(body.expires_in)
  const refreshToken = string(body.refresh_token)
  const pct = string(body.pct)
  if (expiresIn) answer.expiresIn = expiresIn
  if (refreshToken) answer.refreshToken = refreshToken
  if (pct) answer.pct = pct
  return answer
}

function readRequiredClaims(raw: unknown): RequiredClaim[] {
  const entries = Array.isArray(raw) ? raw : raw === undefined || raw === null ? [] : [raw]
  return entries.map((entry) => {
    const claim: RequiredClaim = { raw: entry }
    // A bare string is a format (seen in older SolidLab servers).
    const members: Json = typeof entry === 'string' ? { claim_token_format: entry } : Object(entry)
    for (const name of ['claim_token_format', 'issuer'] as const) {
      const value = members[name]
      const list = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string')
      if (list.length > 0) claim[name] = list
    }
    for (const name of ['claim_type', 'friendly_name', 'name'] as const) {
      const value = string(members[name])
      if (value) claim[name] = value
    }
    return claim
  })
}

/** `exp` of a token that happens to be a JWT, in seconds since 1970; undefined for any other. Nothing else is read from it. */
export function jwtExpiry(token: string): number | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const { exp } = JSON.parse(atob((parts[1] as string).replace(/-/g, '+').replace(/_/g, '/')))
    return typeof exp === 'number' ? exp : undefined
  } catch {
    return undefined
  }
}
