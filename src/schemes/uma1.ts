import { codeFlow } from '../authorization-server/sign-in.ts'
import { InvalidTokenResponseError, RequestDeniedError } from '../errors.ts'
import { claimsRedirect } from '../protocol/claims-redirect.ts'
import { readUma1Answer } from '../protocol/early-answer.ts'
import { earlyChallenges, withTicketOf } from '../protocol/early-challenge.ts'
import { readUma1Configuration, wellKnownUma1 } from '../protocol/early-configuration.ts'
import { readUma1Return } from '../protocol/early-return.ts'
import { badReturn, refused, submitted, toBearer } from './early.ts'
import type { Answer, Challenge, FlowInput, FlowState, RedirectFacts, RoundContext, Scheme, Step } from './scheme.ts'
import { registerUma1 } from './uma1-registration.ts'

/** Options of `uma1`. */
export interface Uma1Options {
  /**
   * Decides what the redirect URI is called at the claims endpoint: `redirect_uri` in 1.0, `claims_redirect_uri` in 1.0.1. Default:
   * both are sent, for a configuration says `1.0` in either case.
   */
  version?: '1.0' | '1.0.1'
}

/** The ticket stays: it is not single use before 2.0 (§3.2.2). */
interface Uma1State extends FlowState {
  /** The server hands out a new ticket at its claims endpoint (claims-sec-1.0). */
  rotates?: boolean
}

/**
 * UMA 1.0 (April 2015) and 1.0.1 (December 2015): `scheme: uma1()`. The requesting party signs in at the authorization server with
 * scope `uma_authorization` before the first RPT is asked for (AAT, §1.3.2); `signIn` overrides that.
 */
export function uma1({ version }: Uma1Options = {}): Scheme {
  return {
    name: 'uma1',
    wellKnown: wellKnownUma1,
    readMetadata: readUma1Configuration,
    signIn: codeFlow({ scope: 'uma_authorization' }),
    register: registerUma1,
    recognise,
    start: ({ ticket }) => ({ ticket }),
    next,
    redirect: {
      url(endpoint, { clientId, redirectUri, state }: RedirectFacts, { ticket }) {
        return claimsRedirect(endpoint, {
          client_id: clientId,
          ticket,
          state,
          claims_redirect_uri: version === '1.0' ? undefined : redirectUri,
          redirect_uri: version === '1.0.1' ? undefined : redirectUri,
        })
      },
      accept,
    },
    present: ({ token }) => ({ authorization: `Bearer ${token}` }),
  }
}

/** On 401 and on 403; there the ticket may be in the body, and was only there in 1.0 (§3.3.1). */
async function recognise(answer: Answer): Promise<Challenge[]> {
  const { status, headers } = answer
  if (status !== 401 && status !== 403) return []
  let challenges = earlyChallenges(headers.get('www-authenticate'), 'as_uri')
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
async function next(
  state: Uma1State,
  { rpt, claim, parameters }: FlowInput,
  { issuer, metadata, accessToken, post }: RoundContext,
): Promise<Step> {
  const { status, text } = await post(metadata.rpt_endpoint as string, {
    bearer: await accessToken(),
    json: { ...parameters, rpt, ticket: state.ticket, claim_tokens: claim && [claim] },
  })
  const answer = readUma1Answer(status, text)
  switch (answer.kind) {
    case 'granted':
      // Nothing says whether the old one survives: one for each party, client, host and server (§1.3.3).
      return { kind: 'granted', grant: toBearer(answer.rpt), upgraded: true }
    case 'unauthorized':
      return { kind: 'sign-in' }
    case 'request_submitted':
      return { kind: 'denied', error: submitted(issuer) }
    case 'need_info': {
      const { acr, requiredClaims, redirectUser, hints } = answer
      if (acr.length) return { kind: 'sign-in', acr }
      const { security_enhanced_claims_endpoint: rotating, requesting_party_claims_endpoint: usual } = metadata
      state.rotates = !!rotating
      // Without a hint, a person is what may help.
      const endpoint = redirectUser || !hints ? ((rotating ?? usual) as string | undefined) : undefined
      if (requiredClaims.length || redirectUser || endpoint)
        return { kind: 'claims', requiredClaims, redirectUser: endpoint }
      const error = new InvalidTokenResponseError(`${issuer} needs something and does not say what`, { issuer })
      return { kind: 'denied', error }
    }
    default:
      return refused(answer, issuer)
  }
}

/** The way back from the claims endpoint (§3.6.3). */
function accept(back: string, { state, issuer }: { state: string; issuer: string }, flow: Uma1State): void {
  const result = readUma1Return(back, { state, ticket: flow.ticket as string, rotates: !!flow.rotates })
  if ('problem' in result) badReturn(result, issuer)
  if (result.outcome === 'not_authorized') throw new RequestDeniedError(`${issuer} denies access`, { issuer })
  if (result.outcome === 'request_submitted') throw submitted(issuer)
  if (result.ticket) flow.ticket = result.ticket
}
