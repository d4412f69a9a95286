import {
  InvalidTokenResponseError,
  RequestDeniedError,
  RequestSubmittedError,
  TokenRequestError,
} from '../errors.ts'
import { jwtExpiry } from '../protocol/token-answer.ts'
import { umaChallenges, wellKnownUma2 } from '../protocol/uma-challenge.ts'
import type { FlowInput, FlowState, RoundContext, Scheme, Step } from './scheme.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:uma-ticket'

/** UMA 2.0 Grant for OAuth 2.0 Authorization. */
export const uma2: Scheme = {
  name: 'uma2',
  wellKnown: wellKnownUma2,
  // On 403 too: SolidLab, older drafts, gatekeepers (checklist G-3.2.1-c).
  recognise: ({ status, headers }) =>
    status === 401 || status === 403 ? umaChallenges(headers.get('www-authenticate')) : [],
  start: ({ ticket }) => ({ ticket: ticket as string }),
  next,
  present: ({ token }) => ({ authorization: `Bearer ${token}` }),
}

async function next(state: FlowState, input: FlowInput, context: RoundContext): Promise<Step> {
  const { issuer } = context
  const { rpt, pct, claim, scope, parameters } = input
  const ticket = state.ticket as string
  // Taken before it is sent: a ticket is presented once (Grant §5.5).
  delete state.ticket
  const answer = await context.requestToken(grantType, {
    ...parameters,
    scope,
    rpt,
    pct,
    claim_token: claim?.token,
    claim_token_format: claim?.format,
    ticket,
  })
  const invalid = (what: string): Step => ({
    kind: 'denied',
    error: new InvalidTokenResponseError(`The token answer of ${issuer} ${what}`, { issuer }),
  })
  switch (answer.kind) {
    case 'granted': {
      const { token, tokenType: type, expiresIn, refreshToken, upgraded } = answer
      // RFC 6749 §7.1: a type that is not understood is not used, least of all as Bearer.
      if (type !== 'bearer') return invalid('has a token_type that is not supported')
      const seconds = jwtExpiry(token)
      const expiresAt = expiresIn ? Date.now() + expiresIn * 1000 : seconds && seconds * 1000
      return {
        kind: 'granted',
        grant: { token, type, ...(expiresAt && { expiresAt }), ...(refreshToken && { refreshToken }) },
        upgraded,
        pct: answer.pct,
      }
    }
    case 'need_info':
    case 'request_submitted':
      if (answer.ticket === ticket && !context.unchangedTicket) {
        return invalid('hands out the same ticket again (see unchangedTicket in the README)')
      }
      if (answer.ticket) state.ticket = answer.ticket
      if (answer.kind === 'request_submitted') {
        if (answer.ticket) return { kind: 'wait', seconds: answer.interval }
        return {
          kind: 'denied',
          error: new RequestSubmittedError('The owner was asked and has not decided yet; send the request again later', { issuer }),
        }
      }
      // A hint from the metadata serves where the answer has none (Grant §2).
      answer.redirectUser ??= context.metadata.claims_interaction_endpoint as string
      if (answer.requiredClaims.length === 0 && !answer.redirectUser) return invalid('is a need_info that says not what')
      return { kind: 'claims', requiredClaims: answer.requiredClaims, redirectUser: answer.redirectUser }
    case 'request_denied':
      return {
        kind: 'denied',
        error: new RequestDeniedError(`${issuer} denies access; trying again is of no use`, { issuer }),
      }
    case 'error': {
      const { code } = answer
      const error = new TokenRequestError(`${issuer} refuses the token request: ${code}`, { code, issuer })
      // What may be the fault of a stored token or a stale ticket deserves one fresh start (checklist A.5, quirks 17 to 19).
      if (code === 'invalid_pct') return { kind: 'again', without: ['pct'], drop: true, error }
      if (code === 'invalid_rpt') return { kind: 'again', without: ['rpt'], drop: true, error }
      if (/^(invalid_grant|invalid_ticket|expired_ticket)$/.test(code)) {
        return { kind: 'again', without: ['rpt', 'pct'], drop: false, error }
      }
      return { kind: 'denied', error }
    }
    default:
      return invalid(answer.reason)
  }
}
