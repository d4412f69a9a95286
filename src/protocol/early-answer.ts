import { readObject } from './read-object.ts'
import { denials, type RequiredClaim, readRequiredClaims } from './token-answer.ts'

/** What a server of UMA before 2.0 may say in all versions. */
type CommonAnswer =
  /** The access token of the requesting party is not, or no longer, good. */
  | { kind: 'unauthorized' }
  | { kind: 'request_submitted' }
  /** `code`: the server's own; `request_denied` for all words for a no; `invalid_token_response` with a `reason` of ours. */
  | { kind: 'error'; code: string; reason?: string }

/** What `rpt_endpoint` said. */
export type Uma1Answer =
  | CommonAnswer
  | { kind: 'granted'; rpt: string }
  /** `hints`: it said what it needs. */
  | { kind: 'need_info'; acr: string[]; requiredClaims: RequiredClaim[]; redirectUser: boolean; hints: boolean }

/** What a draft's authorization manager said. */
export type PumaAnswer =
  | CommonAnswer
  /** No `rpt`: the permission was added to the one that was sent. */
  | { kind: 'granted'; rpt: string | undefined }
  /** A person is sent to `redirectUser`. */
  | { kind: 'claims'; requiredClaims: RequiredClaim[]; redirectUser: string | undefined }

const invalid = (reason: string): CommonAnswer => ({ kind: 'error', code: 'invalid_token_response', reason })
const strings = (list: unknown): string[] =>
  [list ?? []].flat().filter((value): value is string => typeof value === 'string' && value !== '')

/** Visible ASCII only: anything else could split a header. */
const usable = (token: unknown): token is string => typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)

function refusal(status: number, body: Record<string, unknown> | undefined): CommonAnswer {
  const code = body?.error
  if (status === 401) return { kind: 'unauthorized' }
  if (status < 400 || status >= 500) return invalid(`status ${status}`)
  if (code === 'request_submitted') return { kind: 'request_submitted' }
  if (typeof code !== 'string' || !/^[a-z_]{1,64}$/.test(code)) return invalid(`status ${status} without an error code`)
  return { kind: 'error', code: denials.test(code) ? 'request_denied' : code }
}

/** Reads an answer of `rpt_endpoint` (UMA 1.0.1 §3.5.3, §3.5.4). Its success has no type and no lifetime: it is the Bearer profile. */
export function readUma1Answer(status: number, text: string): Uma1Answer {
  const body = readObject(text)
  if (status >= 200 && status < 300) {
    const rpt = body?.rpt
    return usable(rpt) ? { kind: 'granted', rpt } : invalid('no usable rpt')
  }
  if (body?.error !== 'need_info' || status === 401) return refusal(status, body)
  const details = Object(body.error_details)
  // OpenAM sends a list of one.
  const claims = Object([details.requesting_party_claims ?? []].flat()[0])
  return {
    kind: 'need_info',
    acr: strings(Object(details.authentication_context).required_acr),
    requiredClaims: readRequiredClaims(claims.required_claims),
    redirectUser: claims.redirect_user === true,
    hints: Object.keys(details).length > 0,
  }
}

/**
 * Reads an answer of a draft's authorization manager, whatever its status: an RPT as `rpt` or `token`, an empty
 * success, or a list of claims, bare or as `claims_requested` (P-6, P-10, P-11, P-15).
 */
export function readPumaAnswer(status: number, text: string): PumaAnswer {
  const claims = claimsList(text)
  if (claims?.length && [200, 201, 401, 403].includes(status)) {
    const redirect = claims.find(({ claim_type: type, claim_value: value }) => type === 'redirect_required' && value)
    const [redirectUser] = strings(redirect?.claim_value)
    return { kind: 'claims', requiredClaims: readRequiredClaims(claims), redirectUser }
  }
  const body = readObject(text)
  if (status < 200 || status >= 300) return refusal(status, body)
  const rpt = body?.rpt ?? body?.token
  if (usable(rpt)) return { kind: 'granted', rpt }
  // No claim that is missing is as good as no answer at all.
  return text.trim() === '' || claims ? { kind: 'granted', rpt: undefined } : invalid('neither RPT nor claims')
}

function claimsList(text: string): Record<string, unknown>[] | undefined {
  try {
    const value = JSON.parse(text)
    const list = Array.isArray(value) ? value : value.claims_requested
    return Array.isArray(list) ? list.map(Object) : undefined
  } catch {
    return undefined
  }
}
