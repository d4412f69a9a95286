/** SMARTAM as Puma saw it: checklist C.3. What nobody wrote down is a switch (quirks.ts). */
import type { IncomingMessage } from 'node:http'
import { json, random } from '../as/keys.ts'
import { type Answer, readBody } from '../http.ts'
import { badAat, form, goTo, type OauthCore, registered } from './oauth.ts'
import { decide, grant, issueRpt, knownRpt, presentTicket } from './permissions.ts'
import { type Aat, type AmRpt, type AmState, type AmTicket, ownerOf } from './types.ts'

interface Visit {
  ticket: AmTicket
  rpt: AmRpt
  aat: Aat
}

export const pumaConfiguration = ({ issuer, quirks }: AmState): Record<string, unknown> => ({
  version: '1.0',
  issuer,
  dynamic_client_registration_supported: 'yes',
  token_types_supported: ['artifact'],
  host_grant_types_supported: ['authorization_code', 'client_credentials'],
  claim_types_supported: ['openid'],
  client_dynamic_registration_endpoint: `${issuer}/api/oc/register`,
  host_token_endpoint: `${issuer}/oauth/token`,
  host_user_endpoint: `${issuer}/oauth/authorize`,
  resource_set_registration_endpoint: `${issuer}/api/uma/resource_reg`,
  token_status_endpoint: `${issuer}/api/uma/validation`,
  permission_registration_endpoint: `${issuer}/api/uma/permissions_reg`,
  requester_token_endpoint: `${issuer}/oauth/token`,
  requester_user_endpoint: `${issuer}/oauth/authorize`,
  permission_request_endpoint: `${issuer}/api/uma/permissions_grant/ticket`,
  ...(quirks.issueAt === 'rpt_endpoint' ? { rpt_endpoint: `${issuer}/api/uma/rpt` } : {}),
})

export function pumaRoutes(
  state: AmState,
  oauth: OauthCore,
): (req: IncomingMessage, url: URL) => Promise<Answer | undefined> {
  const { quirks } = state
  const visits = new Map<string, Visit>()

  const error = (status: number, code: string): Answer =>
    quirks.statusErrors
      ? {
          status,
          headers: { 'content-type': 'application/uma-status+json' },
          body: { status: 'error', error: code },
        }
      : { status, body: { error: code } }

  const tokenAnswer = (status: number, rpt: AmRpt): Answer => ({
    status,
    headers: { 'content-type': 'application/uma-access-token+json' },
    body: { [quirks.rptMember]: rpt.token },
  })

  /** P-4 */
  async function register(req: IncomingMessage): Promise<Answer> {
    const sent = json((await readBody(req)).toString())
    const { type, client_name, client_url, redirect_url } = sent ?? {}
    const complete = [client_name, client_url, redirect_url].every((value) => typeof value === 'string' && value)
    if (!sent || type !== 'push' || !complete) return { status: 400, body: { error: 'invalid_request' } }
    const client = {
      id: `client-${random(6)}`,
      secret: `secret-${random()}`,
      redirectUris: [String(redirect_url)],
      metadata: sent,
    }
    state.clients.set(client.id, client)
    return {
      status: 200,
      body: {
        client_id: client.id,
        client_secret: client.secret,
        issued_at: Math.floor(Date.now() / 1000),
        expires_in: 0,
      },
    }
  }

  /** P-6: the host's name in a form or in JSON. */
  function issueFor(aat: Aat | undefined, body: string): Answer {
    if (!aat) return badAat
    const hostId = json(body)?.host_id ?? new URLSearchParams(body).get('host_id')
    return hostId
      ? tokenAnswer(quirks.issueStatus, issueRpt(state, aat, String(hostId)))
      : error(400, 'invalid_request')
  }

  /** P-9 to P-11 */
  function ask(aat: Aat | undefined, body: string): Answer {
    if (!aat) return badAat
    const sent = json(body)
    const ticket = presentTicket(state, sent?.ticket)
    if (typeof ticket === 'string') return error(400, `${ticket}_requester_ticket`)
    const rpt = knownRpt(state, sent?.rpt, aat)
    if (!rpt) return error(400, 'invalid_request')
    const decision = decide(state, ticket, aat)
    if (decision === 'deny') return error(403, quirks.denial)
    if (typeof decision === 'object' && 'status' in decision) return decision
    const agreed = state.agreed.has(`${ownerOf(ticket.permission.path)} ${aat.party}`)
    if (decision === 'grant' && (quirks.direct || agreed)) {
      const granted = grant(state, rpt, aat, ticket)
      return quirks.grant === 'empty' ? { status: quirks.grantStatus } : tokenAnswer(quirks.grantStatus, granted)
    }
    const id = random()
    visits.set(id, { ticket, rpt, aat })
    const claims = [{ claim_type: 'redirect_required', claim_value: `${state.issuer}/claims?session=${id}` }]
    return {
      status: quirks.claimsStatus,
      body: quirks.claimsShape === 'array' ? claims : { claims_requested: claims },
    }
  }

  /** P-12, P-13: the page where the person shows who they are. */
  async function claims(req: IncomingMessage, url: URL): Promise<Answer> {
    const visit = visits.get(url.searchParams.get('session') ?? '')
    const client = state.clients.get(visit?.aat.clientId ?? '')
    if (!visit || !client) return { status: 400, body: 'this page was used already' }
    if (req.method === 'GET') return form('Who are you?', `${client.id} asks for access.`, state.accounts)
    visits.delete(url.searchParams.get('session') ?? '')
    const asked = url.searchParams.get('redirect_uri')
    const uri = asked !== null && !quirks.registeredReturn && registered(client, asked) ? asked : client.redirectUris[0]
    const echo = url.searchParams.get('state')
    const back = (parameters: Record<string, string>): Answer => {
      const given = quirks.claimStatus === undefined ? parameters : { claim_status: quirks.claimStatus }
      return goTo(uri ?? '', { ...given, ...(quirks.echoState && echo !== null ? { state: echo } : {}) })
    }
    const fields = new URLSearchParams((await readBody(req)).toString())
    const { ticket, rpt, aat } = visit
    // Whoever else sits there now, it is not the person that the program acts for.
    if (fields.get('action') !== 'allow' || fields.get('login') !== aat.party) return back({ error: 'access_denied' })
    if (decide(state, ticket, aat) === 'grant') {
      grant(state, rpt, aat, ticket)
      return back({ 'x-oauth_access_granted': random(6) })
    }
    return back({ 'x-oauth_access_req': random(6) })
  }

  return async (req, url) => {
    switch (`${req.method} ${url.pathname}`) {
      case 'POST /api/oc/register':
        return register(req)
      case 'GET /oauth/authorize':
      case 'POST /oauth/authorize':
        return oauth.authorize(req, url)
      case 'POST /oauth/token': {
        const body = (await readBody(req)).toString()
        const isBearer = /^bearer /i.test(req.headers.authorization ?? '')
        if (isBearer) return quirks.issueAt === 'rpt_endpoint' ? badAat : issueFor(oauth.aat(req), body)
        return oauth.token(req, new URLSearchParams(body))
      }
      case 'POST /api/uma/rpt':
        return quirks.issueAt === 'rpt_endpoint'
          ? issueFor(oauth.aat(req), (await readBody(req)).toString())
          : undefined
      case 'POST /api/uma/permissions_grant/ticket':
        return ask(oauth.aat(req), (await readBody(req)).toString())
      case 'GET /claims':
      case 'POST /claims':
        return claims(req, url)
      default:
        return undefined
    }
  }
}
