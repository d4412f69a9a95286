import { InvalidTokenResponseError, RequestDeniedError, RequestSubmittedError, TokenRequestError } from '../errors.ts'
import { jwtExpiry } from '../protocol/token-answer.ts'
import type { Grant, Step } from './scheme.ts'

export { badReturn } from './bad-return.ts'

/** An RPT of UMA before 2.0: the Bearer profile, without a lifetime unless it is a JWT. */
export function toBearer(token: string): Grant {
  const exp = jwtExpiry(token)
  return { token, type: 'bearer', expiresAt: exp && exp * 1000 }
}

/** What an error answer means, the words of all versions before 2.0 together. */
export function refused({ code, reason }: { code: string; reason?: string }, issuer: string): Step {
  const denied = (error: Extract<Step, { kind: 'denied' }>['error']): Step => ({ kind: 'denied', error })
  if (reason) return denied(new InvalidTokenResponseError(`Answer of ${issuer}: ${reason}`, { issuer }))
  if (code === 'request_denied') return denied(new RequestDeniedError(`${issuer} denies access`, { issuer }))
  const error = new TokenRequestError(`${issuer} refuses: ${code}`, { code, issuer })
  if (code === 'invalid_rpt') return { kind: 'again', without: ['rpt'], drop: true, error }
  return /^(invalid|expired)_(requester_)?ticket$/.test(code)
    ? { kind: 'again', without: [], drop: false, error }
    : denied(error)
}

/** The owner has been asked; there is nothing to poll with. */
export const submitted = (issuer: string): RequestSubmittedError =>
  new RequestSubmittedError(`${issuer} has asked the owner: try again later`, { issuer })
