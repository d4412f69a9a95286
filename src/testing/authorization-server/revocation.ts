/** The revocation endpoint (RFC 7009) for RPTs, their refresh tokens and PCTs. */
import { type Answer, oauthError } from '../wire/answer.ts'
import { readForm } from '../wire/request.ts'
import { authenticateClient } from './client-authentication.ts'
import type { ServerState } from './state.ts'

export async function revocationEndpoint(state: ServerState, request: Request): Promise<Answer> {
  const form = await readForm(request)
  const authenticated = await authenticateClient(state, request, form)
  if ('refusal' in authenticated) return authenticated.refusal
  const token = form.get('token')
  if (token === null) return oauthError(400, 'invalid_request')
  state.tokens.revoke(token, authenticated.client.client_id)
  return { status: 200 }
}
