import {
  InvalidTokenResponseError,
  RequestDeniedError,
  RequestSubmittedError,
  TokenRequestError,
} from '../errors/index.ts'
import { toGrant } from '../protocol/oauth/grant.ts'
import { missingEndpoint, readMetadata } from '../protocol/oauth/metadata.ts'
import { readTokenAnswer, type TokenAnswer } from '../protocol/oauth/token-answer.ts'
import { umaChallenges, wellKnownUma2 } from '../protocol/uma2/challenge.ts'
import { claimsRedirect, readClaimsReturn } from '../protocol/uma2/claims-redirect.ts'
import type { BeginInput, Scheme, SchemeFacts, SchemeRedirect, SchemeState, SchemeTurn, Step } from './scheme.ts'
import { unusableReturn } from './unusable-return.ts'

interface Uma2State extends SchemeState {
  /** The ticket of the request that waits for its answer. It is kept only to tell a new ticket from this one. */
  sentTicket?: string | undefined
}

/** The redirect for claims of UMA 2.0 (Grant §3.3.2, §3.3.3). */
const redirect: SchemeRedirect = {
  url: ({ ticket }, endpoint, { clientId, redirectUri, state }) =>
    claimsRedirect(endpoint, { client_id: clientId, ticket, claims_redirect_uri: redirectUri, state }),
  accept(state, back, { state: expected, issuer, unchangedTicket }) {
    // The ticket that was sent to the claims interaction endpoint is used (Grant §5.5).
    const used = unchangedTicket ? undefined : state.ticket
    const result = readClaimsReturn(back, { issuer, state: expected, ticket: used })
    if ('problem' in result) throw unusableReturn(result, issuer)
    return { ...state, ticket: result.ticket }
  },
}

/** UMA 2.0 Grant for OAuth 2.0 Authorization. */
export const uma2: Scheme & { redirect: SchemeRedirect } = {
  name: 'uma2',
  wellKnown: wellKnownUma2,
  readMetadata,
  // On 403 too: SolidLab, older drafts and gatekeepers send challenges with it.
  recognise: ({ status, headers }) =>
    status === 401 || status === 403 ? umaChallenges(headers.get('www-authenticate')) : [],
  start: ({ ticket }) => ({ ticket }),
  next(state: Uma2State, input, facts) {
    if ('begin' in input) return begin(state, input.begin, facts)
    const { status, text } = input.answer
    return read(readTokenAnswer(status, text), state, facts)
  },
  redirect,
}

/** One token request (Grant §3.3.1). */
function begin({ ticket }: Uma2State, input: BeginInput, facts: SchemeFacts): SchemeTurn<Uma2State> {
  const { issuer, metadata, unchangedTicket } = facts
  const endpoint = metadata.token_endpoint
  if (!endpoint)
    return { state: { ticket }, step: { kind: 'denied', error: missingEndpoint(issuer, 'token_endpoint') } }
  const { rpt, pct, claim, scope, parameters = {} } = input
  const form = {
    ...parameters,
    grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
    scope: scope ?? parameters.scope,
    rpt,
    pct,
    claim_token: claim?.token ?? parameters.claim_token,
    claim_token_format: claim?.format ?? parameters.claim_token_format,
    ticket,
  }
  // A ticket is used once (Grant §5.5): the state has no ticket until the server sends another.
  const sentTicket = unchangedTicket ? undefined : ticket
  return { state: { sentTicket }, step: { kind: 'ask', endpoint, by: 'client', form } }
}

function read(answer: TokenAnswer, { sentTicket }: Uma2State, facts: SchemeFacts): SchemeTurn<Uma2State> {
  const { issuer } = facts
  if (answer.kind === 'granted') {
    return { state: {}, step: { kind: 'granted', grant: toGrant(answer), upgraded: answer.upgraded, pct: answer.pct } }
  }
  if (answer.kind === 'error') return { state: {}, step: stepAfterError(answer, issuer) }
  const { ticket } = answer
  if (ticket !== undefined && ticket === sentTicket) {
    return { state: {}, step: unusableAnswer('the same ticket again (see unchangedTicket)', issuer) }
  }
  const step = answer.kind === 'need_info' ? stepAfterNeedInfo(answer, facts) : stepAfterSubmitted(answer, issuer)
  return { state: { ticket }, step }
}

function stepAfterError({ code, reason }: TokenAnswer & { kind: 'error' }, issuer: string): Step {
  if (reason) return unusableAnswer(reason, issuer)
  if (code === 'request_denied') {
    return { kind: 'denied', error: new RequestDeniedError(`${issuer} denies access`, { issuer }) }
  }
  const error = new TokenRequestError(`${issuer} refuses the token request: ${code}`, { code, issuer })
  // A stored token or a stale ticket may be the cause: the flow may start once more with a fresh ticket.
  if (code === 'invalid_rpt') return { kind: 'again', without: ['rpt'], drop: true, error }
  if (code === 'invalid_pct') return { kind: 'again', without: ['pct'], drop: true, error }
  return /^(invalid_grant|(invalid|expired)_ticket)$/.test(code)
    ? { kind: 'again', without: ['rpt'], drop: false, error }
    : { kind: 'denied', error }
}

function stepAfterNeedInfo(answer: TokenAnswer & { kind: 'need_info' }, { issuer, metadata }: SchemeFacts): Step {
  const { requiredClaims } = answer
  // If the answer names no endpoint for the person, the metadata's counts (Grant §2).
  const redirectUser = answer.redirectUser ?? metadata.claims_interaction_endpoint
  return requiredClaims.length > 0 || redirectUser
    ? { kind: 'claims', requiredClaims, redirectUser }
    : unusableAnswer('need_info that does not say what', issuer)
}

function stepAfterSubmitted(answer: TokenAnswer & { kind: 'request_submitted' }, issuer: string): Step {
  const { ticket, interval } = answer
  if (ticket) return { kind: 'wait', seconds: interval }
  const error = new RequestSubmittedError(`${issuer} has asked the owner: try again later`, { issuer })
  return { kind: 'denied', error }
}

function unusableAnswer(reason: string, issuer: string): Step {
  const error = new InvalidTokenResponseError(`Token answer of ${issuer}: ${reason}`, { issuer })
  return { kind: 'denied', error }
}
