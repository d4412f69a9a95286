/** The refusals of the UMA grant, as the specification and as deployed products word them. */
import type { Answer } from '../http.ts'
import type { AuthorizationServerQuirks } from './quirks.ts'
import type { RequiredClaim } from './types.ts'

export const oauthError = (status: number, error: string, description?: string): Answer => ({
  status,
  body: { error, ...(description === undefined ? {} : { error_description: description }) },
})

const solidlab = (status: number, message: string): Answer => ({
  status,
  body: { status, description: message, message },
})

const denials: Record<AuthorizationServerQuirks['denial'], () => Answer> = {
  spec: () => oauthError(403, 'request_denied'),
  keycloak: () => oauthError(403, 'access_denied', 'not_authorized'),
  gluu: () => oauthError(403, 'forbidden_by_policy', 'The client is not authorized by policy.'),
  gravitee: () => oauthError(400, 'invalid_grant', 'Policy conditions are not met for actual request parameters'),
  wso2: () => oauthError(400, 'invalid_grant', 'Provided Authorization Grant is invalid'),
  solidlab: () => solidlab(403, 'Not authorized for the requested permissions.'),
  openam: () => oauthError(403, 'not_authorised', 'The client is not authorised to access the requested resource set'),
}

export const denied = (quirks: AuthorizationServerQuirks): Answer => denials[quirks.denial]()

export function submitted(
  quirks: AuthorizationServerQuirks,
  ticket: () => string,
  interval: number | undefined,
): Answer {
  if (quirks.submitted === 'keycloak') return oauthError(403, 'access_denied', 'request_submitted')
  if (quirks.submitted === 'openam') return oauthError(403, 'request_submitted', 'The owner has been asked')
  return {
    status: 403,
    body: { error: 'request_submitted', ticket: ticket(), ...(interval === undefined ? {} : { interval }) },
  }
}

export function badTicket(quirks: AuthorizationServerQuirks, why: 'unknown' | 'spent' | 'expired' | 'missing'): Answer {
  const expired = why === 'expired'
  switch (quirks.invalidTicket) {
    case 'keycloak':
      return oauthError(403, 'invalid_ticket', expired ? 'Ticket has expired' : 'Invalid permission ticket')
    case 'gluu':
    case 'openam':
      return oauthError(400, expired ? 'expired_ticket' : 'invalid_ticket')
    case 'solidlab':
      return solidlab(400, 'The provided ticket is not valid.')
    default:
      return oauthError(400, why === 'missing' ? 'invalid_request' : 'invalid_grant', `the ticket is ${why}`)
  }
}

export function badRpt(quirks: AuthorizationServerQuirks): Answer {
  if (quirks.badRpt === 'invalid_rpt-403') return oauthError(403, 'invalid_rpt', 'Invalid RPT')
  if (quirks.badRpt === 'invalid_rpt-400') return oauthError(400, 'invalid_rpt', 'Invalid RPT')
  return oauthError(400, 'invalid_grant', 'Requesting Party Token (rpt) not valid')
}

export interface NeedInfo {
  ticket: string
  requiredClaims?: RequiredClaim[]
  /** the claims interaction endpoint, when a person should go there */
  redirectUser?: string
  clientId: string
}

export function needInfo(quirks: AuthorizationServerQuirks, facts: NeedInfo): Answer {
  const { ticket, requiredClaims, redirectUser, clientId } = facts
  const body: Record<string, unknown> = quirks.needInfoWithoutError ? {} : { error: 'need_info' }
  body['ticket'] = ticket
  if (requiredClaims !== undefined) body['required_claims'] = shaped(quirks.requiredClaimsShape, requiredClaims)
  if (redirectUser !== undefined) {
    body['redirect_user'] =
      quirks.redirectUserStyle === 'gluu' ? `${redirectUser}&client_id=${clientId}&ticket=${ticket}` : redirectUser
  }
  return { status: 403, body }
}

const list = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat())

function shaped(shape: AuthorizationServerQuirks['requiredClaimsShape'], claims: RequiredClaim[]): unknown {
  // strings: members that ought to be arrays are the bare string. object: one object with nested arrays instead of a list.
  if (shape === 'strings') {
    return claims.map((c) => ({
      ...c,
      ...(c.claim_token_format === undefined ? {} : { claim_token_format: list(c.claim_token_format)[0] }),
      ...(c.issuer === undefined ? {} : { issuer: list(c.issuer)[0] }),
    }))
  }
  if (shape === 'object') return { claim_token_format: [claims.flatMap((c) => list(c.claim_token_format))] }
  return claims.map((c) => ({
    ...c,
    ...(c.claim_token_format === undefined ? {} : { claim_token_format: list(c.claim_token_format) }),
    ...(c.issuer === undefined ? {} : { issuer: list(c.issuer) }),
  }))
}

/** What every UMA error answer goes through at last. */
export function dressError(quirks: AuthorizationServerQuirks, issuer: string, answer: Answer): Answer {
  const headers: Record<string, string | string[]> = { ...answer.headers }
  if (quirks.wwwAuthenticateOnErrors !== false) {
    const code = (answer.body as { error?: string } | undefined)?.error ?? 'error'
    headers['www-authenticate'] =
      typeof quirks.wwwAuthenticateOnErrors === 'string'
        ? quirks.wwwAuthenticateOnErrors
        : `Bearer realm="${issuer}", error="${code}"`
  }
  if (quirks.contentType !== undefined) headers['content-type'] = quirks.contentType
  const dressed = { ...answer, headers }
  return quirks.errorAnswer?.(dressed) ?? dressed
}
