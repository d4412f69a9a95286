import type { RequiredClaim } from '../../errors/index.ts'
import { readObject } from '../http/read-object.ts'
import { isUsableToken, readRequiredClaims } from '../oauth/token-answer.ts'
import { invalidAnswer, type OlderAnswer, readRefusal, strings } from '../uma1/answer.ts'

/** The answer of a draft's authorization manager. */
export type PumaAnswer =
  | OlderAnswer
  /** Without `rpt`, the permission was added to the RPT that was sent. */
  | { kind: 'granted'; rpt: string | undefined }
  /** A person is sent to `redirectUser`. */
  | { kind: 'claims'; requiredClaims: RequiredClaim[]; redirectUser: string | undefined }

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
  if (status < 200 || status >= 300) return readRefusal(status, body)
  const rpt = body?.rpt ?? body?.token
  if (isUsableToken(rpt)) return { kind: 'granted', rpt }
  // An empty list of missing claims means the same as an empty answer: the permission was added.
  return text.trim() === '' || claims ? { kind: 'granted', rpt: undefined } : invalidAnswer('neither RPT nor claims')
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
