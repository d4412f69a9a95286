import { InvalidTokenResponseError, RequestDeniedError, RequestSubmittedError, TokenRequestError } from '../errors.ts'
import { claimsRedirect, readClaimsReturn } from '../protocol/claims-redirect.ts'
import { umaChallenges, wellKnownUma2 } from '../protocol/uma-challenge.ts'
import { badReturn } from './bad-return.ts'
import { toGrant } from './grant.ts'
import type { FlowInput, FlowState, RoundContext, Scheme, Step } from './scheme.ts'

/** UMA 2.0 Grant for OAuth 2.0 Authorization. */
export const uma2: Scheme = {
  name: 'uma2',
  wellKnown: wellKnownUma2,
  // On 403 too: SolidLab, older drafts, gatekeepers (checklist G-3.2.1-c).
  recognise: ({ status, headers }) =>
    status === 401 || status === 403 ? umaChallenges(headers.get('www-authenticate')) : [],
  start: ({ ticket }) => ({ ticket }),
  next,
  redirect: {
    url: (endpoint, { clientId, redirectUri, state }, { ticket }) =>
      claimsRedirect(endpoint, { client_id: clientId, ticket, claims_redirect_uri: redirectUri, state }),
    accept(back, { state, issuer, unchangedTicket }, flow) {
      // Shown to the claims interaction endpoint, the one that was sent is spent (Grant §5.5).
      const result = readClaimsReturn(back, { issuer, state, ticket: unchangedTicket ? undefined : flow.ticket })
      if ('problem' in result) badReturn(result, issuer)
      flow.ticket = result.ticket
    },
  },
  present: ({ token }) => ({ authorization: `Bearer ${token}` }),
}

async function next(
  state: FlowState,
  { rpt, pct, claim, scope, parameters = {} }: FlowInput,
  { issuer, metadata, unchangedTicket, requestToken }: RoundContext,
): Promise<Step> {
  const { ticket } = state
  // Taken before it is sent: a ticket is presented once (Grant §5.5).
  delete state.ticket
  const answer = await requestToken({
    ...parameters,
    grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
    scope: scope ?? parameters.scope,
    rpt,
    pct,
    claim_token: claim?.token ?? parameters.claim_token,
    claim_token_format: claim?.format ?? parameters.claim_token_format,
    ticket,
  })
  const invalid = (what: string): Step => ({
    kind: 'denied',
    error: new InvalidTokenResponseError(`Token answer of ${issuer}: ${what}`, { issuer }),
  })
  if (answer.kind === 'granted') {
    return { kind: 'granted', grant: toGrant(answer), upgraded: answer.upgraded, pct: answer.pct }
  }
  if (answer.kind === 'error') {
    const { code, reason } = answer
    if (reason) return invalid(reason)
    if (code === 'request_denied') {
      return { kind: 'denied', error: new RequestDeniedError(`${issuer} denies access`, { issuer }) }
    }
    const error = new TokenRequestError(`${issuer} refuses the token request: ${code}`, { code, issuer })
    // What may be the fault of a stored token or a stale ticket deserves one fresh start (checklist A.5, quirks 17 to 19).
    const bad = /^invalid_(rpt|pct)$/.exec(code)?.[1] as 'rpt' | 'pct' | undefined
    return bad || /^(invalid_grant|(invalid|expired)_ticket)$/.test(code)
      ? { kind: 'again', without: [bad ?? 'rpt'], drop: !!bad, error }
      : { kind: 'denied', error }
  }
  if (answer.ticket === ticket && !unchangedTicket) return invalid('the same ticket again (see unchangedTicket)')
  state.ticket = answer.ticket
  if (answer.kind === 'need_info') {
    const { requiredClaims } = answer
    // The metadata's endpoint serves where the answer names none (Grant §2).
    const redirectUser = answer.redirectUser ?? metadata.claims_interaction_endpoint
    return requiredClaims.length || redirectUser
      ? { kind: 'claims', requiredClaims, redirectUser }
      : invalid('need_info that does not say what')
  }
  return state.ticket
    ? { kind: 'wait', seconds: answer.interval }
    : { kind: 'denied', error: new RequestSubmittedError(`${issuer} has asked the owner: try again later`, { issuer }) }
}
