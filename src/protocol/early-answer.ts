import type { RequiredClaim } from '../errors/index.ts'
import { readObject } from './read-object.ts'
import { denials, isErrorCode, isUsableToken, readRequiredClaims } from './token-answer.ts'

/** An answer that servers of all versions before UMA 2.0 may give. */
type CommonAnswer =
  /** The access token of the requesting party is not, or no longer, accepted. */
  | { kind: 'unauthorized' }
  | { kind: 'request_submitted' }
  /**
   * `code`: the server's own code; `request_denied` for every word for a denial; `invalid_token_response` with a
   * `reason` of ours.
   */
  | { kind: 'error'; code: string; reason?: string }

/** The answer of `rpt_endpoint`. */
export type Uma1Answer =
  | CommonAnswer
  | { kind: 'granted'; rpt: string }
  | {
      kind: 'need_info'
      acr: string[]
      requiredClaims: RequiredClaim[]
      redirectUser: boolean
      /** True if the answer says which claims or which sign-in are needed. */
      hints: boolean
    }

/** The answer of a draft's authorization manager. */
export type PumaAnswer =
  | CommonAnswer
  /** Without `rpt`, the permission was added to the RPT that was sent. */
  | { kind: 'granted'; rpt: string | undefined }
  /** A person is sent to `redirectUser`. */
  | { kind: 'claims'; requiredClaims: RequiredClaim[]; redirectUser: string | undefined }

const invalid = (reason: string): CommonAnswer => ({ kind: 'error', code: 'invalid_token_response', reason })
const strings = (list: unknown): string[] =>
  [list ?? []].flat().filter((value): value is string => typeof value === 'string' && value !== '')

function refusal(status: number, body: Record<string, unknown> | undefined): CommonAnswer {
  const code = body?.error
  if (status === 401) return { kind: 'unauthorized' }
  if (status < 400 || status >= 500) return invalid(`status ${status}`)
  if (code === 'request_submitted') return { kind: 'request_submitted' }
  if (!isErrorCode(code)) return invalid(`status ${status} without an error code`)
  return { kind: 'error', code: denials.test(code) ? 'request_denied' : code }
}

/**
 * Reads an answer of `rpt_endpoint` (UMA 1.0.1 §3.5.3, §3.5.4). A success has no token type and no lifetime: the RPT is
 * of the Bearer profile.
 */
export function readUma1Answer(status: number, text: string): Uma1Answer {
  const body = readObject(text)
  if (status >= 200 && status < 300) {
    const rpt = body?.rpt
    return isUsableToken(rpt) ? { kind: 'granted', rpt } : invalid('no usable rpt')
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
 * Reads an answer of a draft's authorization manager, whatever its status: an RPT as `rpt` or `token`, an empty answer,
 * or a list of claims, bare or as `claims_requested`.
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
  if (isUsableToken(rpt)) return { kind: 'granted', rpt }
  // An empty list of missing claims means the same as an empty answer: the permission was added.
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
