/** UMA 1.0 and 1.0.1: configuration, registration, and the RPT endpoint (UMA 1.0.1 §3.5). */
import type { Answer } from '../wire/answer.ts'
import { random } from '../wire/random.ts'
import { jsonObject, readForm } from '../wire/request.ts'
import { badAat, type OAuthPart } from './oauth.ts'
import { decide, grant, knownRpt, presentTicket } from './permissions.ts'
import type { ManagerState, ManagerTicket, NeededInfo, PushedToken } from './types.ts'
import { uma1Claims } from './uma1-claims.ts'

const BEARER_PROFILE = 'https://docs.kantarainitiative.org/uma/profiles/uma-token-bearer-1.0'

export const uma1Configuration = ({ issuer, deviations }: ManagerState): Record<string, unknown> => ({
  version: '1.0',
  issuer,
  pat_profiles_supported: ['bearer'],
  aat_profiles_supported: ['bearer'],
  rpt_profiles_supported: [BEARER_PROFILE],
  pat_grant_types_supported: ['authorization_code'],
  aat_grant_types_supported: ['authorization_code'],
  claim_token_profiles_supported: ['http://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken'],
  dynamic_client_endpoint: `${issuer}/register`,
  token_endpoint: `${issuer}/token`,
  authorization_endpoint: `${issuer}/authorize`,
  [deviations.securityEnhanced ? 'security_enhanced_claims_endpoint' : 'requesting_party_claims_endpoint']:
    `${issuer}/rqp_claims`,
  introspection_endpoint: `${issuer}/rs/status`,
  resource_set_registration_endpoint: `${issuer}/rs`,
  permission_registration_endpoint: `${issuer}/rs/perm`,
  rpt_endpoint: `${issuer}/rpt`,
})

/** undefined: the request is for no endpoint */
export type Routes = (request: Request) => Promise<Answer | undefined>

export function uma1Routes(state: ManagerState, oauth: OAuthPart): Routes {
  /** by ticket: the client that used it first */
  const users = new Map<string, string>()
  return async (request) => {
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case 'POST /register':
        return register(state, request)
      case 'GET /authorize':
      case 'POST /authorize':
        return oauth.authorize(request)
      case 'POST /token':
        return oauth.token(request, await readForm(request))
      case 'POST /rpt':
        return answerRptRequest(state, oauth, users, request)
      case 'GET /rqp_claims':
      case 'POST /rqp_claims':
        return uma1Claims(state, request)
      default:
        return undefined
    }
  }
}

const error = (status: number, code: string, more: object = {}): Answer => ({
  status,
  headers: { 'cache-control': 'no-store' },
  body: { error: code, ...more },
})

async function register(state: ManagerState, request: Request): Promise<Answer> {
  const sent = jsonObject(await request.text()) ?? {}
  const uris = sent.redirect_uris
  if (!Array.isArray(uris) || uris.length === 0) return error(400, 'invalid_redirect_uri')
  const id = `client-${random(6)}`
  const secret = sent.token_endpoint_auth_method === 'none' ? undefined : `secret-${random()}`
  state.clients.set(id, { id, secret, redirectUris: uris.map(String), metadata: sent })
  const credentials = secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }
  return { status: 201, body: { ...sent, client_id: id, ...credentials } }
}

async function answerRptRequest(
  state: ManagerState,
  oauth: OAuthPart,
  users: Map<string, string>,
  request: Request,
): Promise<Answer> {
  const { deviations } = state
  const aat = oauth.aatOf(request)
  const sent = jsonObject(await request.text())
  if (!aat?.scope.split(' ').includes('uma_authorization')) return badAat
  const isJson = request.headers.get('content-type')?.includes('json') === true
  if (typeof sent?.ticket !== 'string' || !isJson) return error(400, 'invalid_request')
  const ticket = presentTicket(state, sent.ticket)
  if (typeof ticket === 'string') return error(400, `${ticket}_ticket`)
  if (!isFirstClient(users, ticket, aat.clientId)) return error(400, 'invalid_ticket')
  ticket.claims.push(...((sent.claim_tokens as PushedToken[] | undefined) ?? []))

  const decision = decide(state, ticket, aat)
  if (decision === 'grant') {
    const granted = grant(state, knownRpt(state, sent.rpt, aat), aat, ticket)
    const headers = { 'cache-control': 'no-store' }
    return { status: deviations.grantStatus, headers, body: { rpt: granted.token } }
  }
  if (decision === 'deny') return error(403, deviations.denial)
  if (decision === 'submitted') return error(deviations.submittedStatus, 'request_submitted')
  if ('status' in decision) return decision
  return error(403, 'need_info', { error_details: errorDetails(state, decision, ticket) })
}

/** A second client makes a ticket worthless (UMA 1.0.1 §3.2.2). */
function isFirstClient(users: Map<string, string>, ticket: ManagerTicket, clientId: string): boolean {
  const first = users.get(ticket.id) ?? clientId
  users.set(ticket.id, first)
  if (first !== clientId) ticket.revoked = true
  return first === clientId
}

function errorDetails(
  { deviations }: ManagerState,
  { requiredAcr, requiredClaims, redirectUser }: NeededInfo,
  ticket: ManagerTicket,
): Record<string, unknown> {
  const claims = {
    ...(requiredClaims && { required_claims: requiredClaims }),
    ...(redirectUser !== undefined && { redirect_user: redirectUser }),
    ...(deviations.ticketInClaims && redirectUser && { ticket: ticket.id }),
  }
  const needsClaims = requiredClaims !== undefined || redirectUser !== undefined
  return {
    ...(requiredAcr && { authentication_context: { required_acr: requiredAcr } }),
    ...(needsClaims && { requesting_party_claims: deviations.claimsAsArray ? [claims] : claims }),
  }
}
