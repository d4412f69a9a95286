/** The token endpoint: the UMA grant, the refresh of an RPT, and the PAT of a resource server. */
import { refreshRpt } from '../uma-grant/issue-grant.ts'
import { UMA_PARAMETERS, umaGrant } from '../uma-grant/uma-grant.ts'
import { type Answer, connectionLost, oauthError, withHeaders } from '../wire/answer.ts'
import { bearerToken } from '../wire/request.ts'
import { authenticateClient } from './client-authentication.ts'
import type { ClientMetadata } from './clients.ts'
import { type ServerState, UMA_TICKET_GRANT } from './state.ts'
import { readTokenRequest, type TokenRequestBody } from './token-request.ts'

const PAT_LIFETIME_MS = 1_800_000

/** Parameters that the server knows. Any other parameter may be a list. */
const SINGLE_PARAMETERS = [
  ...UMA_PARAMETERS,
  'grant_type',
  'refresh_token',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]

export async function tokenEndpoint(state: ServerState, request: Request): Promise<Answer> {
  const body = await readTokenRequest(request)
  const repeated = SINGLE_PARAMETERS.find((name) => body.parameters.getAll(name).length > 1)
  const answer =
    repeated === undefined
      ? await answerGrantType(state, request, body)
      : oauthError(400, 'invalid_request', `'${repeated}' must not be sent twice`)
  return answer.status === 0 ? answer : withHeaders(answer, { 'cache-control': 'no-store' })
}

async function answerGrantType(state: ServerState, request: Request, body: TokenRequestBody): Promise<Answer> {
  const { stats } = state
  switch (body.parameters.get('grant_type')) {
    case UMA_TICKET_GRANT:
      stats.tokenRequests += 1
      return counted(state, () => answerUmaGrant(state, request, body))
    case 'refresh_token':
      stats.refreshRequests += 1
      return counted(state, () => answerRefresh(state, request, body))
    case 'client_credentials':
      stats.patRequests += 1
      return answerClientCredentials(state, request, body)
    case null:
      return oauthError(400, 'invalid_request', 'grant_type is missing')
    default:
      return oauthError(400, 'unsupported_grant_type')
  }
}

/** Counts the request while it is worked on, and loses the connection if the deviation `crashOnToken` says so. */
async function counted(state: ServerState, work: () => Promise<Answer>): Promise<Answer> {
  const { stats, deviations, clock } = state
  stats.inFlight += 1
  stats.maxInFlight = Math.max(stats.maxInFlight, stats.inFlight)
  try {
    if (deviations.crashOnToken === 'before') return connectionLost
    // Always waits, so that requests which a client sends side by side overlap here.
    await clock.pause(deviations.delayMs.token ?? 0)
    const answer = await work()
    return deviations.crashOnToken === 'after' ? connectionLost : answer
  } finally {
    stats.inFlight -= 1
  }
}

async function answerUmaGrant(state: ServerState, request: Request, body: TokenRequestBody): Promise<Answer> {
  const bearer = bearerToken(request)
  if (bearer !== undefined) return answerBearer(state, bearer, body)
  if (state.deviations.clientAuth === 'bearer-only') {
    const answer = oauthError(401, 'invalid_client', 'a Bearer access token is needed')
    return { ...answer, headers: { 'www-authenticate': 'Bearer' } }
  }
  const authenticated = await authenticateClient(state, request, body.parameters)
  if ('refusal' in authenticated) return authenticated.refusal
  const { client } = authenticated
  if (!mayUse(client, UMA_TICKET_GRANT)) return unauthorizedClient
  return umaGrant(state, { clientId: client.client_id, body })
}

/** Keycloak: an access token names both the client and the requesting party. */
async function answerBearer(state: ServerState, bearer: string, body: TokenRequestBody): Promise<Answer> {
  const token = await state.accessTokens.find(bearer)
  if (token === undefined) return oauthError(401, 'invalid_grant', 'Invalid bearer token')
  const { clientId, account } = token
  return umaGrant(state, { clientId, body, bearerSubject: account ?? `service-account-${clientId}` })
}

async function answerRefresh(state: ServerState, request: Request, { parameters }: TokenRequestBody): Promise<Answer> {
  const authenticated = await authenticateClient(state, request, parameters)
  if ('refusal' in authenticated) return authenticated.refusal
  return refreshRpt(state, authenticated.client.client_id, parameters.get('refresh_token') ?? '')
}

async function answerClientCredentials(
  state: ServerState,
  request: Request,
  { parameters }: TokenRequestBody,
): Promise<Answer> {
  const { deviations, ownAccessTokens } = state
  const authenticated = await authenticateClient(state, request, parameters)
  if ('refusal' in authenticated) return authenticated.refusal
  const { client } = authenticated
  const isPublic = client.token_endpoint_auth_method === 'none'
  if (isPublic || !mayUse(client, 'client_credentials')) return unauthorizedClient
  const scope = allowedScope(client, parameters.get('scope'))
  if (scope === undefined) return oauthError(400, 'invalid_scope')
  if (deviations.onePatPerClient) ownAccessTokens.revokePatOf(client.client_id)
  const access_token = ownAccessTokens.issue({ clientId: client.client_id, scope }, PAT_LIFETIME_MS)
  return {
    status: deviations.patStatus,
    body: { access_token, token_type: 'Bearer', expires_in: PAT_LIFETIME_MS / 1000, scope },
  }
}

/** undefined: the client asks for a scope that it is not registered for */
function allowedScope(client: ClientMetadata, wanted: string | null): string | undefined {
  const registered = (client.scope ?? '').split(' ')
  const names = (wanted ?? '').split(' ').filter((name) => name !== '')
  return names.every((name) => registered.includes(name)) ? names.join(' ') : undefined
}

const mayUse = ({ grant_types: types = ['authorization_code'] }: ClientMetadata, type: string): boolean =>
  types.includes(type)

const unauthorizedClient: Answer = oauthError(
  400,
  'unauthorized_client',
  'requested grant type is not allowed for this client',
)
