import type { RequiredClaim } from '../../errors/index.ts'
import { readObject } from '../http/read-object.ts'
import { denials, isErrorCode, isUsableToken, readRequiredClaims } from '../oauth/token-answer.ts'

/** An answer that servers of all versions before UMA 2.0 may give. */
export type OlderAnswer =
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
  | OlderAnswer
  | { kind: 'granted'; rpt: string }
  | {
      kind: 'need_info'
      acr: string[]
      requiredClaims: RequiredClaim[]
      redirectUser: boolean
      /** True if the answer says which claims or which sign-in are needed. */
      hints: boolean
    }

/** An answer that is of no use, with a reason of ours. */
export const invalidAnswer = (reason: string): OlderAnswer => ({
  kind: 'error',
  code: 'invalid_token_response',
  reason,
})
/** The strings of a list, or of a single value. */
export const strings = (list: unknown): string[] =>
  [list ?? []].flat().filter((value): value is string => typeof value === 'string' && value !== '')

/** Reads an answer that is no success. */
export function readRefusal(status: number, body: Record<string, unknown> | undefined): OlderAnswer {
  const code = body?.error
  if (status === 401) return { kind: 'unauthorized' }
  if (status < 400 || status >= 500) return invalidAnswer(`status ${status}`)
  if (code === 'request_submitted') return { kind: 'request_submitted' }
  if (!isErrorCode(code)) return invalidAnswer(`status ${status} without an error code`)
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
    return isUsableToken(rpt) ? { kind: 'granted', rpt } : invalidAnswer('no usable rpt')
  }
  if (body?.error !== 'need_info' || status === 401) return readRefusal(status, body)
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
