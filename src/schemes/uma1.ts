/**
 * UMA 1.0 (April 2015) and 1.0.1 (December 2015).
 *
 * @module
 */
import { codeFlow } from '../authorization-server/sign-in/sign-in.ts'
import { InvalidTokenResponseError, RequestDeniedError } from '../errors/index.ts'
import type { Answer } from '../protocol/http/answer.ts'
import { missingEndpoint } from '../protocol/oauth/metadata.ts'
import { readUma1Answer, type Uma1Answer } from '../protocol/uma1/answer.ts'
import { olderChallenges, withTicketOf } from '../protocol/uma1/challenge.ts'
import { readUma1Configuration, wellKnownUma1 } from '../protocol/uma1/configuration.ts'
import { readUma1Return } from '../protocol/uma1/return.ts'
import { claimsRedirect } from '../protocol/uma2/claims-redirect.ts'
import { bearerGrant, stepAfterError, submittedError } from './older-steps.ts'
import type {
  BeginInput,
  Challenge,
  ReturnFacts,
  Scheme,
  SchemeFacts,
  SchemeRedirect,
  SchemeState,
  SchemeTurn,
  Step,
} from './scheme.ts'
import { registerUma1 } from './uma1/registration.ts'
import { unusableReturn } from './unusable-return.ts'

/** Options of `uma1`. */
export interface Uma1Options {
  /**
   * The version decides how the redirect URI is called at the claims endpoint: `redirect_uri` in 1.0,
   * `claims_redirect_uri` in 1.0.1.
   * @default both names are sent, because the configuration says `1.0` in either case
   */
  version?: '1.0' | '1.0.1'
}

/** The ticket stays in the state: before UMA 2.0 a ticket can be used again (§3.2.2). */
interface Uma1State extends SchemeState {
  /** True if the server hands out a new ticket at its claims endpoint (claims-sec-1.0). */
  rotates?: boolean | undefined
}

/**
 * The scheme for UMA 1.0 (April 2015) and 1.0.1 (December 2015). The requesting party signs in at the authorization
 * server with scope `uma_authorization` before the first RPT is asked for (AAT, §1.3.2). The server's `signIn` replaces
 * this sign-in.
 *
 * @example createRequester({ authorizationServers: [{ issuer, hosts, client: { id: 'album' }, scheme: uma1() }] })
 */
export function uma1({ version }: Uma1Options = {}): Scheme {
  return {
    name: 'uma1',
    wellKnown: wellKnownUma1,
    readMetadata: readUma1Configuration,
    signIn: codeFlow({ scope: 'uma_authorization' }),
    register: registerUma1,
    redirect: redirectFor(version),
    recognise,
    start: ({ ticket }) => ({ ticket }),
    next(state: Uma1State, input, facts) {
      if ('begin' in input) return { state, step: ask(state, input.begin, facts) }
      const { status, text } = input.answer
      return read(readUma1Answer(status, text), state, facts)
    },
  }
}

/** Finds challenges on 401 and 403. On 403 the ticket may be in the body; in 1.0 it was only there (§3.3.1). */
async function recognise(answer: Answer): Promise<Challenge[]> {
  const { status, headers } = answer
  if (status !== 401 && status !== 403) return []
  let challenges = olderChallenges(headers.get('www-authenticate'), 'as_uri')
  if (status === 403 && challenges.length === 1 && !challenges[0]?.ticket) {
    challenges = withTicketOf(await answer.text(65_536), challenges)
  }
  return challenges
    .filter(({ ticket }) => ticket)
    .map(({ server, ticket }) => ({
      issuer: server.endsWith(wellKnownUma1) ? server.slice(0, -wellKnownUma1.length) : server,
      ticket,
    }))
}

/** One request to `rpt_endpoint` (§3.5). */
function ask({ ticket }: Uma1State, { rpt, claim, parameters }: BeginInput, { issuer, metadata }: SchemeFacts): Step {
  const endpoint = metadata.rpt_endpoint
  if (typeof endpoint !== 'string') return { kind: 'denied', error: missingEndpoint(issuer, 'rpt_endpoint') }
  const json = { ...parameters, rpt, ticket, claim_tokens: claim && [claim] }
  return { kind: 'ask', endpoint, by: 'party', json }
}

function read(answer: Uma1Answer, state: Uma1State, facts: SchemeFacts): SchemeTurn<Uma1State> {
  const { issuer } = facts
  switch (answer.kind) {
    case 'granted':
      // A party has one RPT for each client, host and server (§1.3.3). Nothing says that an older RPT remains valid.
      return { state, step: { kind: 'granted', grant: bearerGrant(answer.rpt), upgraded: true } }
    case 'unauthorized':
      return { state, step: { kind: 'sign-in' } }
    case 'request_submitted':
      return { state, step: { kind: 'denied', error: submittedError(issuer) } }
    case 'need_info':
      return readNeedInfo(answer, state, facts)
    default:
      return { state, step: stepAfterError(answer, issuer) }
  }
}

function readNeedInfo(
  answer: Uma1Answer & { kind: 'need_info' },
  state: Uma1State,
  { issuer, metadata }: SchemeFacts,
): SchemeTurn<Uma1State> {
  const { acr, requiredClaims, redirectUser, hints } = answer
  if (acr.length > 0) return { state, step: { kind: 'sign-in', acr } }
  const { security_enhanced_claims_endpoint: rotating, requesting_party_claims_endpoint: usual } = metadata
  const next: Uma1State = { ...state, rotates: Boolean(rotating) }
  // An answer without a hint leaves only a person to help.
  const endpoint = redirectUser || !hints ? ((rotating ?? usual) as string | undefined) : undefined
  if (requiredClaims.length > 0 || redirectUser || endpoint) {
    return { state: next, step: { kind: 'claims', requiredClaims, redirectUser: endpoint } }
  }
  const error = new InvalidTokenResponseError(`${issuer} needs something and does not say what`, { issuer })
  return { state: next, step: { kind: 'denied', error } }
}

/** The redirect to the claims endpoint (§3.6.2, §3.6.3). */
function redirectFor(version: Uma1Options['version']): SchemeRedirect {
  return {
    parameters: ['authorization_state', 'ticket', 'error'],
    url({ ticket }, endpoint, { clientId, redirectUri, state }) {
      return claimsRedirect(endpoint, {
        client_id: clientId,
        ticket,
        state,
        claims_redirect_uri: version === '1.0' ? undefined : redirectUri,
        redirect_uri: version === '1.0.1' ? undefined : redirectUri,
      })
    },
    accept,
  }
}

function accept(state: Uma1State, back: string, { state: expected, issuer }: ReturnFacts): Uma1State {
  const { ticket, rotates = false } = state
  const result = readUma1Return(back, { state: expected, ticket: ticket as string, rotates })
  if ('problem' in result) throw unusableReturn(result, issuer)
  if (result.outcome === 'not_authorized') throw new RequestDeniedError(`${issuer} denies access`, { issuer })
  if (result.outcome === 'request_submitted') throw submittedError(issuer)
  return result.ticket ? { ...state, ticket: result.ticket } : state
}
