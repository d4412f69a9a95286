/** The answer `need_info` (Grant §3.3.6): more claims are needed, or a person has to come. */
import type { RequiredClaim } from '../policies/policy.ts'
import type { Answer } from '../wire/answer.ts'
import type { Deviations } from './deviations.ts'

export interface NeedInfo {
  ticket: string
  clientId: string
  requiredClaims?: RequiredClaim[] | undefined
  /** the URL that the person is sent to */
  redirectUser?: string | undefined
}

export function needInfo(deviations: Deviations, { ticket, clientId, requiredClaims, redirectUser }: NeedInfo): Answer {
  const body: Record<string, unknown> = deviations.needInfoWithoutError ? {} : { error: 'need_info' }
  body.ticket = ticket
  if (requiredClaims !== undefined) body.required_claims = shapes[deviations.requiredClaimsShape](requiredClaims)
  if (redirectUser !== undefined) {
    const gluu = `${redirectUser}&client_id=${clientId}&ticket=${ticket}`
    body.redirect_user = deviations.redirectUserStyle === 'gluu' ? gluu : redirectUser
  }
  return { status: 403, body }
}

const list = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat())

const shapes: Record<Deviations['requiredClaimsShape'], (claims: RequiredClaim[]) => unknown> = {
  array: (claims) => claims.map((claim) => withLists(claim, (values) => values)),
  strings: (claims) => claims.map((claim) => withLists(claim, ([first]) => first)),
  object: (claims) => ({ claim_token_format: [claims.flatMap((claim) => list(claim.claim_token_format))] }),
}

function withLists(claim: RequiredClaim, shape: (values: string[]) => unknown): Record<string, unknown> {
  const { claim_token_format, issuer } = claim
  return {
    ...claim,
    ...(claim_token_format === undefined ? {} : { claim_token_format: shape(list(claim_token_format)) }),
    ...(issuer === undefined ? {} : { issuer: shape(list(issuer)) }),
  }
}
