import { isUmaError, TokenRequestError } from '../errors.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import { readTokenAnswer, type TokenAnswer } from '../protocol/token-answer.ts'
import { type CallAnswer, type Caller, call } from './call.ts'
import type { ClientAuth, FlowContext } from './client-authentication.ts'

/** Parameters of a token request; several values of one name are sent one after the other (Keycloak's `permission`). */
export type TokenParameters = Record<string, string | readonly string[] | undefined>

/** A client at an authorization server. */
export interface RegisteredClient {
  /** Empty before it was registered. */
  id: string
  auth: ClientAuth
}

/** An authorization server, its client, and for whom it is called: what every authenticated request needs. */
export interface Connection {
  caller: Caller
  metadata: AuthorizationServerMetadata
  client: RegisteredClient
  context: FlowContext
}

/**
 * One authenticated form POST (RFC 6749 §2.3, §3.2). It is never sent again: what it carries may be spent the moment that it
 * arrives (Grant §5.5). Nor is it aborted with the flow, so that a token that is under way is not lost; the time-out ends it.
 *
 * @param onSend is told when it is authenticated and goes out
 * @throws TokenRequestError (`token_request_failed`) on a network fault, UmaTimeoutError, or what the client authentication throws
 */
export async function post(
  { caller, metadata, client, context }: Connection,
  endpoint: string,
  parameters: TokenParameters,
  onSend?: () => void,
): Promise<CallAnswer> {
  const body = formOf(parameters)
  const headers = new Headers({ accept: 'application/json' })
  await client.auth(metadata as never, { client_id: client.id }, body, headers, context)
  onSend?.()
  return submit(caller, metadata.issuer, endpoint, headers, body)
}

/** Several values of one name are sent one after the other; undefined ones not at all. */
export function formOf(parameters: TokenParameters): URLSearchParams {
  const form = new URLSearchParams()
  for (const name in parameters) for (const value of [parameters[name] ?? []].flat()) form.append(name, value as string)
  return form
}

/** One POST, sent once. @throws TokenRequestError (`token_request_failed`) on a network fault, UmaTimeoutError */
export async function submit(
  caller: Caller,
  issuer: string,
  endpoint: string,
  headers: Headers,
  body: URLSearchParams | string,
): Promise<CallAnswer> {
  try {
    return await call(caller, issuer, endpoint, { method: 'POST', body, headers })
  } catch (cause) {
    if (isUmaError(cause)) throw cause
    const code = 'token_request_failed'
    throw new TokenRequestError(`${issuer} was not reached; what was sent counts as used`, { code, cause, issuer })
  }
}

/** One token request (Grant §3.3.1; RFC 6749 §4.5, §6), its answer read in all dialects. @throws as `post` does */
export async function requestToken(connection: Connection, parameters: TokenParameters): Promise<TokenAnswer> {
  const { status, text } = await post(connection, connection.metadata.token_endpoint, parameters)
  return readTokenAnswer(status, text)
}

/** Revokes a token (RFC 7009), if the server can. @throws when it did not get through or was refused */
export async function revokeToken(connection: Connection, token: string, hint: string): Promise<void> {
  const endpoint = connection.metadata.revocation_endpoint
  const answer = endpoint && (await post(connection, endpoint, { token, token_type_hint: hint }))
  if (answer && answer.status !== 200) throw answer.status
}
