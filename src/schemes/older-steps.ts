import {
  InvalidTokenResponseError,
  RequestDeniedError,
  RequestSubmittedError,
  TokenRequestError,
} from '../errors/index.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import { jwtExpiry } from '../protocol/oauth/token-answer.ts'
import type { Step } from './scheme.ts'

/** An error answer of a server that speaks UMA before 2.0. */
export interface OlderRefusal {
  code: string
  reason?: string
}

/** The grant for an RPT of UMA before 2.0: the Bearer profile, without a lifetime unless the RPT is a JWT. */
export function bearerGrant(token: string): Grant {
  const exp = jwtExpiry(token)
  return { token, type: 'bearer', expiresAt: exp && exp * 1000 }
}

/** The step after an error answer. The codes of all versions before 2.0 are known together. */
export function stepAfterError({ code, reason }: OlderRefusal, issuer: string): Step {
  if (reason) {
    const error = new InvalidTokenResponseError(`Answer of ${issuer}: ${reason}`, { issuer })
    return { kind: 'denied', error }
  }
  if (code === 'request_denied') {
    return { kind: 'denied', error: new RequestDeniedError(`${issuer} denies access`, { issuer }) }
  }
  const error = new TokenRequestError(`${issuer} refuses: ${code}`, { code, issuer })
  if (code === 'invalid_rpt') return { kind: 'again', without: ['rpt'], drop: true, error }
  return /^(invalid|expired)_(requester_)?ticket$/.test(code)
    ? { kind: 'again', without: [], drop: false, error }
    : { kind: 'denied', error }
}

/** The error for a request that the owner was asked about. These servers offer no way to poll. */
export const submittedError = (issuer: string): RequestSubmittedError =>
  new RequestSubmittedError(`${issuer} has asked the owner: try again later`, { issuer })
