/**
 * Puma's requester of 2012.
 *
 * @module
 */
import { SignIn } from '../authorization-server/sign-in/identity.ts'
import { InvalidTokenResponseError, NeedInfoError } from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import { missingEndpoint } from '../protocol/oauth/metadata.ts'
import { type PumaAnswer, readPumaAnswer } from '../protocol/puma/answer.ts'
import { readPumaConfiguration } from '../protocol/puma/configuration.ts'
import { readPumaReturn } from '../protocol/puma/return.ts'
import { wellKnownUma1 } from '../protocol/uma1/configuration.ts'
import { bearerGrant, stepAfterError, submittedError } from './older-steps.ts'
import { type PumaChallenge, pumaChallenges } from './puma/challenges.ts'
import { type PumaOptions, type PumaRequest, withState } from './puma/options.ts'
import { pumaRegistration } from './puma/registration.ts'
import type { BeginInput, Scheme, SchemeFacts, SchemeRedirect, SchemeState, SchemeTurn, Step } from './scheme.ts'
import { unusableReturn } from './unusable-return.ts'

export type { PumaOptions, PumaRequest } from './puma/options.ts'

/** The ticket stays in the state: nothing says that a ticket is used once. */
interface PumaState extends SchemeState {
  hostId?: string | undefined
  /** The RPT that the ticket goes with. */
  rpt?: string | undefined
  /** The request that waits for its answer. */
  asked?: 'rpt' | 'ticket' | undefined
  /** True if the person came back: the permission was added to the RPT, or the host will say that it was not. */
  upgraded?: boolean | undefined
}

/** The media types of these managers' answers. */
const accept = 'application/uma-access-token+json, application/uma-status+json, application/json'

/**
 * The scheme for Puma's requester as it spoke to SMARTAM in 2012 (UMA draft -03 with the ticket in the header). Each
 * message that was never written down is an option, and its default is the likeliest form.
 *
 * @example createRequester({ authorizationServers: [{ issuer, hosts, client: { id: 'album' }, scheme: puma() }] })
 */
export function puma(options: PumaOptions = {}): Scheme {
  const { allowInsecureHttp = false } = options
  return {
    name: 'puma',
    wellKnown: wellKnownUma1,
    allowInsecureHttp,
    readMetadata: (text, issuer, slashTolerant) =>
      readPumaConfiguration(text, issuer, slashTolerant, allowInsecureHttp),
    signIn: new SignIn(async () => {
      const { pumaSignIn } = await import('./puma/sign-in.ts')
      return pumaSignIn(options)
    }),
    register: pumaRegistration(options),
    redirect: redirectFor(options),
    recognise: (answer, { resource }) => pumaChallenges(answer, resource, options),
    start: ({ ticket, hostId }: PumaChallenge) => ({ ticket, hostId }),
    next(state: PumaState, input, facts) {
      if ('begin' in input) return begin(state, input.begin, facts, options)
      const { status, text } = input.answer
      return read(readPumaAnswer(status, text), state, facts, options)
    },
  }
}

function begin(state: PumaState, input: BeginInput, facts: SchemeFacts, options: PumaOptions): SchemeTurn<PumaState> {
  if (state.upgraded && state.rpt) {
    return { state, step: { kind: 'granted', grant: bearerGrant(state.rpt), upgraded: true } }
  }
  const rpt = state.rpt ?? input.rpt
  return state.ticket && rpt ? showTicket(state, state.ticket, rpt, facts, options) : askForRpt(state, facts, options)
}

/** Asks for an RPT for the host. */
function askForRpt(state: PumaState, facts: SchemeFacts, options: PumaOptions): SchemeTurn<PumaState> {
  const { issuer, metadata, resource } = facts
  const hostId = state.hostId ?? new URL(resource).host
  const endpoint = options.rptEndpoint ?? metadata.rpt_endpoint ?? metadata.token_endpoint
  const request = options.rptRequest?.(hostId) ?? { form: { host_id: hostId } }
  return { state: { ...state, asked: 'rpt' }, step: askStep(endpoint, request, issuer, 'rpt_endpoint') }
}

/** Shows a ticket and the RPT that gets the permission. */
function showTicket(
  state: PumaState,
  ticket: string,
  rpt: string,
  { issuer, metadata }: SchemeFacts,
  options: PumaOptions,
): SchemeTurn<PumaState> {
  const endpoint = options.ticketEndpoint ?? metadata.permission_request_endpoint
  const request = options.ticketRequest?.({ rpt, ticket }) ?? { json: { rpt, ticket } }
  return {
    state: { ...state, rpt, asked: 'ticket' },
    step: askStep(endpoint, request, issuer, 'permission_request_endpoint'),
  }
}

function askStep(endpoint: unknown, { json, form, headers }: PumaRequest, issuer: string, name: string): Step {
  if (typeof endpoint !== 'string') return { kind: 'denied', error: missingEndpoint(issuer, name) }
  return { kind: 'ask', endpoint, by: 'party', json, form, headers: { accept, ...headers } }
}

function read(
  answer: PumaAnswer,
  { asked, ...state }: PumaState,
  facts: SchemeFacts,
  options: PumaOptions,
): SchemeTurn<PumaState> {
  const { issuer } = facts
  if (answer.kind !== 'granted') return { state, step: stepWithoutGrant(answer, issuer) }
  const { ticket } = state
  if (asked === 'ticket') {
    const grant = bearerGrant(answer.rpt ?? (state.rpt as string))
    return { state, step: { kind: 'granted', grant, upgraded: true } }
  }
  if (!answer.rpt) {
    const error = new InvalidTokenResponseError(`Answer of ${issuer}: no RPT`, { issuer })
    return { state, step: { kind: 'denied', error } }
  }
  return ticket
    ? showTicket(state, ticket, answer.rpt, facts, options)
    : { state, step: { kind: 'issued', grant: bearerGrant(answer.rpt) } }
}

function stepWithoutGrant(answer: Exclude<PumaAnswer, { kind: 'granted' }>, issuer: string): Step {
  switch (answer.kind) {
    case 'unauthorized':
      return { kind: 'sign-in' }
    case 'request_submitted':
      return { kind: 'denied', error: submittedError(issuer) }
    case 'claims':
      return { kind: 'claims', requiredClaims: answer.requiredClaims, redirectUser: answer.redirectUser }
    default:
      return answer.code === 'need_claims' ? claimsUnnamed(issuer) : presenting(stepAfterError(answer, issuer))
  }
}

const claimsUnnamed = (issuer: string): Step => ({
  kind: 'denied',
  error: new NeedInfoError(`${issuer} needs claims and does not say which`, { issuer }),
})

/** A host gives a fresh ticket only to a request with an RPT. */
const presenting = (step: Step): Step => (step.kind === 'again' ? { ...step, presenting: true } : step)

/** The redirect to the manager's page for claims. */
function redirectFor({ allowInsecureHttp = false, redirectParameter = 'redirect_uri' }: PumaOptions): SchemeRedirect {
  return {
    parameters: ['x-oauth_access_granted', 'x-oauth_access_req', 'claim_status', 'error'],
    url(_state, endpoint, { redirectUri, state }) {
      const url = secureUrl(endpoint, allowInsecureHttp)
      // These managers echo no state, so the state goes out in the URI that the person comes back to.
      if (redirectUri) url?.searchParams.set(redirectParameter, withState(redirectUri, state))
      return url
    },
    accept(state: PumaState, back, { state: expected, issuer }): PumaState {
      const result = readPumaReturn(back, { state: expected })
      if ('problem' in result) throw unusableReturn(result, issuer)
      if (result.outcome === 'submitted') throw submittedError(issuer)
      return { ...state, upgraded: true }
    },
  }
}
