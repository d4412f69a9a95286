/** The resource server that calls the permission API. */
import { isSecretOf } from '../authorization-server/client-authentication.ts'
import type { ServerState } from '../authorization-server/state.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import { basicCredentials, bearerToken } from '../wire/request.ts'

/** The client_id of the resource server, or the answer that refuses the request. */
export type Caller = { resourceServer: string } | { refusal: Answer }

/** Identifies the caller by its PAT (Federated Authorization §1.3). */
export async function callerByPat(state: ServerState, request: Request): Promise<Caller> {
  const bearer = bearerToken(request)
  const token = bearer === undefined ? undefined : await state.accessTokens.find(bearer)
  if (token?.scope.split(' ').includes('uma_protection')) return { resourceServer: token.clientId }
  const answer = oauthError(401, 'invalid_token', 'Unknown PAT.')
  return { refusal: { ...answer, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } } }
}

/** Identifies the caller by its client credentials (Keycloak's introspection endpoint). */
export async function callerByCredentials(state: ServerState, request: Request): Promise<Caller> {
  const basic = basicCredentials(request)
  const client = basic === undefined ? undefined : await state.clients.find(basic.id)
  if (basic !== undefined && client !== undefined && (await isSecretOf(client, basic.secret)))
    return { resourceServer: client.client_id }
  return { refusal: { ...oauthError(401, 'invalid_client'), headers: { 'www-authenticate': 'Basic' } } }
}
