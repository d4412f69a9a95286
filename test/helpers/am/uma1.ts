/** UMA 1.0 and 1.0.1: checklist C.1. */
import type { IncomingMessage } from 'node:http'
import { json, random } from '../as/keys.ts'
import { type Answer, readBody } from '../http.ts'
import { badAat, form, goTo, type OauthCore, registered } from './oauth.ts'
import { decide, grant, issueTicket, knownRpt, presentTicket } from './permissions.ts'
import type { Aat, AmState, AmTicket } from './types.ts'

export const BEARER_PROFILE = 'https://docs.kantarainitiative.org/uma/profiles/uma-token-bearer-1.0'

export const uma1Configuration = ({ issuer, quirks }: AmState): Record<string, unknown> => ({
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
  [quirks.securityEnhanced ? 'security_enhanced_claims_endpoint' : 'requesting_party_claims_endpoint']:
    `${issuer}/rqp_claims`,
  introspection_endpoint: `${issuer}/rs/status`,
  resource_set_registration_endpoint: `${issuer}/rs`,
  permission_registration_endpoint: `${issuer}/rs/perm`,
  rpt_endpoint: `${issuer}/rpt`,
})

export function uma1Routes(
  state: AmState,
  oauth: OauthCore,
): (req: IncomingMessage, url: URL) => Promise<Answer | undefined> {
  const { quirks } = state
  /** who used a ticket first: a second client makes it worthless (U1-3.2.2-a) */
  const users = new Map<string, string>()
  const error = (status: number, code: string, more: object = {}): Answer => ({
    status,
    headers: { 'cache-control': 'no-store' },
    body: { error: code, ...more },
  })

  function mine(ticket: AmTicket, clientId: string): boolean {
    const first = users.get(ticket.id) ?? clientId
    users.set(ticket.id, first)
    if (first !== clientId) ticket.revoked = true
    return first === clientId
  }

  async function register(req: IncomingMessage): Promise<Answer> {
    const sent = json((await readBody(req)).toString())
    const uris = sent?.redirect_uris
    if (!Array.isArray(uris) || !uris.length) return error(400, 'invalid_redirect_uri')
    const id = `client-${random(6)}`
    const secret = sent?.token_endpoint_auth_method === 'none' ? undefined : `secret-${random()}`
    state.clients.set(id, { id, secret, redirectUris: uris.map(String), metadata: sent ?? {} })
    return {
      status: 201,
      body: { ...sent, client_id: id, ...(secret ? { client_secret: secret, client_secret_expires_at: 0 } : {}) },
    }
  }

  /** §3.5.1 */
  async function rpt(req: IncomingMessage, aat: Aat | undefined): Promise<Answer> {
    const sent = json((await readBody(req)).toString())
    if (!aat?.scope.split(' ').includes('uma_authorization')) return badAat
    if (!sent || typeof sent.ticket !== 'string' || !/json/.test(req.headers['content-type'] ?? ''))
      return error(400, 'invalid_request')
    const ticket = presentTicket(state, sent.ticket)
    if (typeof ticket === 'string') return error(400, `${ticket}_ticket`)
    if (!mine(ticket, aat.clientId)) return error(400, 'invalid_ticket')
    for (const claim of (sent.claim_tokens as AmTicket['claims'] | undefined) ?? []) ticket.claims.push(claim)
    const decision = decide(state, ticket, aat)
    if (decision === 'grant') {
      const granted = grant(state, knownRpt(state, sent.rpt, aat), aat, ticket)
      return { status: quirks.grantStatus, headers: { 'cache-control': 'no-store' }, body: { rpt: granted.token } }
    }
    if (decision === 'deny') return error(403, quirks.denial)
    if (decision === 'submitted') return error(quirks.submittedStatus, 'request_submitted')
    if ('status' in decision) return decision
    return error(403, 'need_info', { error_details: details(decision, ticket) })
  }

  function details(
    { requiredAcr, requiredClaims, redirectUser }: Exclude<ReturnType<typeof decide>, string | { status: number }>,
    ticket: AmTicket,
  ): Record<string, unknown> {
    const claims = {
      ...(requiredClaims && { required_claims: requiredClaims }),
      ...(redirectUser !== undefined && { redirect_user: redirectUser }),
      ...(quirks.ticketInClaims && redirectUser && { ticket: ticket.id }),
    }
    const wanted = requiredClaims || redirectUser !== undefined
    return {
      ...(requiredAcr && { authentication_context: { required_acr: requiredAcr } }),
      ...(wanted && { requesting_party_claims: quirks.claimsAsArray ? [claims] : claims }),
    }
  }

  /** §3.6.3, and claims-sec-1.0 */
  async function claims(req: IncomingMessage, url: URL): Promise<Answer> {
    const query = url.searchParams
    const client = state.clients.get(query.get('client_id') ?? '')
    const uri = query.get(state.era === '1.0' ? 'redirect_uri' : 'claims_redirect_uri') ?? client?.redirectUris[0] ?? ''
    if (!client || !registered(client, uri)) return { status: 400, body: 'client_id or redirect URI' }
    const echo = query.get('state')
    const back = (parameters: Record<string, string>): Answer => {
      const all = { ...parameters, ...(quirks.echoState && echo !== null ? { state: echo } : {}) }
      return goTo(uri, quirks.back?.(all) ?? all)
    }
    const ticket = presentTicket(state, query.get('ticket'))
    if (typeof ticket === 'string') return back({ error: 'invalid_request' })
    if (req.method === 'GET') return form('Who are you?', `${client.id} would like to know.`, state.accounts)
    const fields = new URLSearchParams((await readBody(req)).toString())
    const refused = fields.get('action') !== 'allow'
    if (!refused) ticket.gathered = fields.get('login') ?? ''
    const authorization_state = quirks.authorizationState ?? (refused ? 'not_authorized' : 'claims_submitted')
    if (quirks.securityEnhanced) {
      ticket.revoked = true
      const next = Object.assign(issueTicket(state, ticket.permission), {
        claims: ticket.claims,
        gathered: ticket.gathered,
      })
      return back({ authorization_state, ticket: next.id })
    }
    return back({ authorization_state, ...(authorization_state === 'need_info' ? { ticket: ticket.id } : {}) })
  }

  return async (req, url) => {
    switch (`${req.method} ${url.pathname}`) {
      case 'POST /register':
        return register(req)
      case 'GET /authorize':
      case 'POST /authorize':
        return oauth.authorize(req, url)
      case 'POST /token':
        return oauth.token(req, new URLSearchParams((await readBody(req)).toString()))
      case 'POST /rpt':
        return rpt(req, oauth.aat(req))
      case 'GET /rqp_claims':
      case 'POST /rqp_claims':
        return claims(req, url)
      default:
        return undefined
    }
  }
}
