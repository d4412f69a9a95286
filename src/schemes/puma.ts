import { NeedInfoError, UntrustedAuthorizationServerError } from '../errors.ts'
import { readPumaAnswer } from '../protocol/early-answer.ts'
import { earlyChallenges, withTicketOf } from '../protocol/early-challenge.ts'
import { readPumaConfiguration, wellKnownUma1 } from '../protocol/early-configuration.ts'
import { readPumaReturn } from '../protocol/early-return.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import { badReturn, refused, submitted, toBearer } from './early.ts'
import { type PumaOptions, withState } from './puma-options.ts'
import { pumaRegistration } from './puma-registration.ts'
import { pumaSignIn } from './puma-sign-in.ts'
import type { Answer, Challenge, FlowInput, FlowState, RedirectFacts, RoundContext, Scheme, Step } from './scheme.ts'

export type { PumaOptions } from './puma-options.ts'

interface PumaChallenge extends Challenge {
  hostId?: string | undefined
}

/** The ticket stays: nothing says that it is single use. */
interface PumaState extends FlowState {
  hostId?: string | undefined
  /** The RPT that the ticket goes with. */
  rpt?: string
  /** The person came back: the permission was added to that RPT, or the resource will tell. */
  upgraded?: boolean
}

/** What these servers answer with, by the media types of their time. */
const accept = 'application/uma-access-token+json, application/uma-status+json, application/json'

/**
 * Puma's requester, as it spoke to SMARTAM in 2012 (UMA draft -03 with the ticket in the header): `scheme: puma()`. What nobody wrote
 * down is an option; the default is the likeliest.
 */
export function puma(options: PumaOptions = {}): Scheme {
  const { allowInsecureHttp = false } = options

  /** Asks for an RPT for the host (checklist P-6). */
  async function issue({ hostId }: PumaState, context: RoundContext): Promise<string | Step> {
    const { issuer, resource, metadata, accessToken, post } = context
    const id = options.hostId ? options.hostId(hostId, resource) : (hostId ?? new URL(resource).host)
    if (id === undefined) {
      const error = new UntrustedAuthorizationServerError('The host goes by a name that is not its own', { issuer })
      return { kind: 'denied', error }
    }
    const { rptEndpoint = metadata.rpt_endpoint ?? metadata.token_endpoint } = options
    const request = options.rptRequest?.(id) ?? { form: { host_id: id } }
    const bearer = await accessToken()
    const { status, text } = await post(rptEndpoint as string, {
      bearer,
      ...request,
      headers: { accept, ...request.headers },
    })
    const answer = readPumaAnswer(status, text)
    if (answer.kind === 'granted' && answer.rpt) return answer.rpt
    return stepOf(
      answer.kind === 'granted' ? { kind: 'error', code: 'invalid_token_response', reason: 'no RPT' } : answer,
      issuer,
    )
  }

  /** Shows the ticket to the manager (P-9). */
  async function next(state: PumaState, input: FlowInput, context: RoundContext): Promise<Step> {
    if (state.upgraded) return { kind: 'granted', grant: toBearer(state.rpt as string), upgraded: true }
    const { ticket } = state
    const rpt = ticket && (state.rpt ?? input.rpt)
    const held = rpt || (await issue(state, context))
    if (typeof held !== 'string') return held
    if (!ticket) return { kind: 'retry', grant: toBearer(held) }
    state.rpt = held
    const { issuer, metadata, accessToken, post } = context
    const request = options.ticketRequest?.({ rpt: held, ticket }) ?? { json: { rpt: held, ticket } }
    const { ticketEndpoint = metadata.permission_request_endpoint as string } = options
    const bearer = await accessToken()
    const { status, text } = await post(ticketEndpoint, { bearer, ...request, headers: { accept, ...request.headers } })
    const answer = readPumaAnswer(status, text)
    return answer.kind === 'granted'
      ? { kind: 'granted', grant: toBearer(answer.rpt ?? held), upgraded: true }
      : stepOf(answer, issuer)
  }

  /** `am_uri` with or without a scheme (P-2, P-3); of a 403 without a ticket nothing can be made. */
  async function recognise(answer: Answer): Promise<Challenge[]> {
    const { status, headers } = answer
    if (status !== 401 && status !== 403) return []
    let challenges = earlyChallenges(headers.get('www-authenticate'), 'am_uri')
    if (challenges.length === 1 && !challenges[0]?.ticket) {
      challenges = withTicketOf(await answer.text(65_536), challenges)
    }
    return challenges
      .filter(({ ticket }) => ticket || status === 401)
      .flatMap(({ server, ticket, hostId }) => issuers(server).map((issuer) => ({ issuer, ticket, hostId })))
  }

  const issuers = (server: string): string[] => {
    const named = server.endsWith(wellKnownUma1) ? server.slice(0, -wellKnownUma1.length) : server
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(named)) return [named]
    return [`https://${named}`, ...(allowInsecureHttp ? [`http://${named}`] : [])]
  }

  return {
    name: 'puma',
    wellKnown: wellKnownUma1,
    allowInsecureHttp,
    readMetadata: (text, issuer, slashTolerant) =>
      readPumaConfiguration(text, issuer, slashTolerant, allowInsecureHttp),
    signIn: pumaSignIn(options),
    register: pumaRegistration(options),
    recognise,
    start: ({ ticket, hostId }: PumaChallenge) => ({ ticket, hostId }),
    next,
    redirect: {
      url(endpoint, { redirectUri, state }: RedirectFacts) {
        const url = secureUrl(endpoint, allowInsecureHttp)
        const { redirectParameter = 'redirect_uri' } = options
        // The managers echo no state: it goes out in the URI that they come back to (P-16).
        if (redirectUri) url?.searchParams.set(redirectParameter, withState(redirectUri, state))
        return url
      },
      accept(back, { state, issuer }, flow: PumaState) {
        const result = readPumaReturn(back, { state })
        if ('problem' in result) badReturn(result, issuer)
        if (result.outcome === 'submitted') throw submitted(issuer)
        flow.upgraded = true
      },
    },
    present: ({ token }) => ({ authorization: `Bearer ${token}` }),
  }
}

/** There is no ticket without an RPT. */
const presenting = (step: Step): Step => (step.kind === 'again' ? { ...step, presenting: true } : step)

/** What is not a grant. */
function stepOf(answer: Exclude<ReturnType<typeof readPumaAnswer>, { kind: 'granted' }>, issuer: string): Step {
  switch (answer.kind) {
    case 'unauthorized':
      return { kind: 'sign-in' }
    case 'request_submitted':
      return { kind: 'denied', error: submitted(issuer) }
    case 'claims':
      return { kind: 'claims', requiredClaims: answer.requiredClaims, redirectUser: answer.redirectUser }
    default:
      return answer.code === 'need_claims'
        ? { kind: 'denied', error: new NeedInfoError(`${issuer} needs claims and does not say which`, { issuer }) }
        : presenting(refused(answer, issuer))
  }
}
