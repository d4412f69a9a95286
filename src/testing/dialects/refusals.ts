/** The error answers of the UMA grant (Grant §3.3.6), as the specification and as deployed products word them. */
import { type Answer, oauthError } from '../wire/answer.ts'
import type { Deviations } from './deviations.ts'

const solidlab = (status: number, message: string): Answer => ({
  status,
  body: { status, description: message, message },
})

const denials: Record<Deviations['denial'], Answer> = {
  spec: oauthError(403, 'request_denied'),
  keycloak: oauthError(403, 'access_denied', 'not_authorized'),
  gluu: oauthError(403, 'forbidden_by_policy', 'The client is not authorized by policy.'),
  gravitee: oauthError(400, 'invalid_grant', 'Policy conditions are not met for actual request parameters'),
  wso2: oauthError(400, 'invalid_grant', 'Provided Authorization Grant is invalid'),
  solidlab: solidlab(403, 'Not authorized for the requested permissions.'),
  openam: oauthError(403, 'not_authorised', 'The client is not authorised to access the requested resource set'),
}

export const requestDenied = ({ denial }: Deviations): Answer => denials[denial]

/**
 * @param ticket not called if this dialect gives no ticket
 * @param interval seconds
 */
export async function requestSubmitted(
  deviations: Deviations,
  ticket: () => Promise<string>,
  interval: number | undefined,
): Promise<Answer> {
  if (deviations.submitted === 'keycloak') return oauthError(403, 'access_denied', 'request_submitted')
  if (deviations.submitted === 'openam') return oauthError(403, 'request_submitted', 'The owner has been asked')
  const wait = interval === undefined ? {} : { interval }
  return { status: 403, body: { error: 'request_submitted', ticket: await ticket(), ...wait } }
}

export function invalidTicket(
  { invalidTicket: wording }: Deviations,
  reason: 'unknown' | 'spent' | 'expired' | 'missing',
): Answer {
  const expired = reason === 'expired'
  switch (wording) {
    case 'keycloak':
      return oauthError(403, 'invalid_ticket', expired ? 'Ticket has expired' : 'Invalid permission ticket')
    case 'gluu':
    case 'openam':
      return oauthError(400, expired ? 'expired_ticket' : 'invalid_ticket')
    case 'solidlab':
      return solidlab(400, 'The provided ticket is not valid.')
    default:
      return oauthError(400, reason === 'missing' ? 'invalid_request' : 'invalid_grant', `the ticket is ${reason}`)
  }
}

export function invalidRpt({ badRpt }: Deviations): Answer {
  if (badRpt === 'invalid_rpt-403') return oauthError(403, 'invalid_rpt', 'Invalid RPT')
  if (badRpt === 'invalid_rpt-400') return oauthError(400, 'invalid_rpt', 'Invalid RPT')
  return oauthError(400, 'invalid_grant', 'Requesting Party Token (rpt) not valid')
}

export function invalidClaimToken({ denial }: Deviations, description: string): Answer {
  return oauthError(400, denial === 'gluu' ? 'invalid_claim_token' : 'invalid_request', description)
}

/** Every error answer of the UMA grant goes through here before it is sent. */
export function dressError(deviations: Deviations, issuer: string, answer: Answer): Answer {
  const { wwwAuthenticateOnErrors: challenge, contentType, errorAnswer } = deviations
  const headers: Record<string, string | string[]> = { ...answer.headers }
  if (challenge !== false) {
    const code = (answer.body as { error?: string } | undefined)?.error ?? 'error'
    const usual = `Bearer realm="${issuer}", error="${code}"`
    headers['www-authenticate'] = challenge === true ? usual : challenge
  }
  if (contentType !== undefined) headers['content-type'] = contentType
  const dressed = { ...answer, headers }
  return errorAnswer?.(dressed) ?? dressed
}
