/** The draft of 2012 as SMARTAM spoke it: configuration, registration, RPTs and permissions. */
import type { Answer } from '../wire/answer.ts'
import { random } from '../wire/random.ts'
import { jsonObject } from '../wire/request.ts'
import { badAat, type OAuthPart } from './oauth.ts'
import { decide, grant, hasAgreed, issueRpt, knownRpt, presentTicket } from './permissions.ts'
import { type PumaVisit, pumaClaims } from './puma-claims.ts'
import type { Aat, ManagerRpt, ManagerState } from './types.ts'
import type { Routes } from './uma1.ts'

export const pumaConfiguration = ({ issuer, deviations }: ManagerState): Record<string, unknown> => ({
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
  ...(deviations.issueAt === 'rpt_endpoint' ? { rpt_endpoint: `${issuer}/api/uma/rpt` } : {}),
})

export function pumaRoutes(state: ManagerState, oauth: OAuthPart): Routes {
  const visits = new Map<string, PumaVisit>()
  return async (request) => {
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case 'POST /api/oc/register':
        return register(state, request)
      case 'GET /oauth/authorize':
      case 'POST /oauth/authorize':
        return oauth.authorize(request)
      case 'POST /oauth/token':
        return answerToken(state, oauth, request)
      case 'POST /api/uma/rpt':
        if (state.deviations.issueAt !== 'rpt_endpoint') return undefined
        return issueForHost(state, oauth.aatOf(request), await request.text())
      case 'POST /api/uma/permissions_grant/ticket':
        return askForPermission(state, visits, oauth.aatOf(request), await request.text())
      case 'GET /claims':
      case 'POST /claims':
        return pumaClaims(state, visits, request)
      default:
        return undefined
    }
  }
}

const error = ({ deviations }: ManagerState, status: number, code: string): Answer =>
  deviations.statusErrors
    ? {
        status,
        headers: { 'content-type': 'application/uma-status+json' },
        body: { status: 'error', error: code },
      }
    : { status, body: { error: code } }

const rptAnswer = ({ deviations }: ManagerState, status: number, rpt: ManagerRpt): Answer => ({
  status,
  headers: { 'content-type': 'application/uma-access-token+json' },
  body: { [deviations.rptMember]: rpt.token },
})

async function register(state: ManagerState, request: Request): Promise<Answer> {
  const sent = jsonObject(await request.text())
  const { type, client_name, client_url, redirect_url } = sent ?? {}
  const isComplete = [client_name, client_url, redirect_url].every((value) => typeof value === 'string' && value)
  if (!sent || type !== 'push' || !isComplete) return { status: 400, body: { error: 'invalid_request' } }
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
      issued_at: Math.floor(state.clock.now() / 1000),
      expires_in: 0,
    },
  }
}

/** The token endpoint issues AATs, and RPTs where no RPT endpoint does. */
async function answerToken(state: ManagerState, oauth: OAuthPart, request: Request): Promise<Answer> {
  const body = await request.text()
  const isBearer = /^bearer /i.test(request.headers.get('authorization') ?? '')
  if (!isBearer) return oauth.token(request, new URLSearchParams(body))
  return state.deviations.issueAt === 'rpt_endpoint' ? badAat : issueForHost(state, oauth.aatOf(request), body)
}

/** An RPT for a host, whose name is in a form or in JSON. */
function issueForHost(state: ManagerState, aat: Aat | undefined, body: string): Answer {
  if (!aat) return badAat
  const hostId = jsonObject(body)?.host_id ?? new URLSearchParams(body).get('host_id')
  if (!hostId) return error(state, 400, 'invalid_request')
  return rptAnswer(state, state.deviations.issueStatus, issueRpt(state, aat, String(hostId)))
}

function askForPermission(
  state: ManagerState,
  visits: Map<string, PumaVisit>,
  aat: Aat | undefined,
  body: string,
): Answer {
  const { deviations } = state
  if (!aat) return badAat
  const sent = jsonObject(body) ?? {}
  const ticket = presentTicket(state, sent.ticket)
  if (typeof ticket === 'string') return error(state, 400, `${ticket}_requester_ticket`)
  const rpt = knownRpt(state, sent.rpt, aat)
  if (!rpt) return error(state, 400, 'invalid_request')
  const decision = decide(state, ticket, aat)
  if (decision === 'deny') return error(state, 403, deviations.denial)
  if (typeof decision === 'object' && 'status' in decision) return decision
  const needsPerson = !deviations.direct && !hasAgreed(state, ticket, aat.party)
  if (decision === 'grant' && !needsPerson) {
    const granted = grant(state, rpt, aat, ticket)
    if (deviations.grant === 'empty') return { status: deviations.grantStatus }
    return rptAnswer(state, deviations.grantStatus, granted)
  }
  const id = random()
  visits.set(id, { ticket, rpt, aat })
  const claims = [{ claim_type: 'redirect_required', claim_value: `${state.issuer}/claims?session=${id}` }]
  return {
    status: deviations.claimsStatus,
    body: deviations.claimsShape === 'array' ? claims : { claims_requested: claims },
  }
}
