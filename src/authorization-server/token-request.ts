import { TokenRequestError, UmaError } from '../errors/index.ts'
import { type AuthorizationServerMetadata, missingEndpoint } from '../protocol/oauth/metadata.ts'
import { readTokenAnswer, type TokenAnswer } from '../protocol/oauth/token-answer.ts'
import { type CallAnswer, type Caller, call, notReached } from './call.ts'
import type { ClientAuth, FlowContext } from './client-authentication.ts'
import { type DescribedAnswer, describeAnswer } from './sent-secrets.ts'

/** Parameters of a token request. Several values of one name are sent in order (Keycloak's `permission`). */
export type TokenParameters = Record<string, string | readonly string[] | undefined>

/** A client at an authorization server. */
export interface RegisteredClient {
  /** Empty until the client is registered. */
  id: string
  auth: ClientAuth
}

/** The parts of an authenticated request: the authorization server, its client, and the context of the call. */
export interface Connection {
  caller: Caller
  metadata: AuthorizationServerMetadata
  client: RegisteredClient
  context: FlowContext
}

/** How one request is sent. */
export interface SendOptions {
  /** Headers to set after authentication, such as a DPoP proof (RFC 9449 §5). */
  extraHeaders?: Record<string, string> | undefined
  /** Called right before the request is sent, when it is authenticated. */
  onSend?: (() => void) | undefined
  /** Ends the call. Only for requests that carry nothing that can be used once. */
  signal?: AbortSignal | undefined
}

/**
 * Sends one authenticated form (RFC 6749 §2.3, §3.2). The form is sent once: a server may use the ticket, code or token
 * in the form when it arrives (UMA Grant §5.5). The call does not end with the flow, so that a token under way is not
 * lost; only the time-out ends the call.
 *
 * @throws TokenRequestError (`token_request_failed`) after a network fault, UmaTimeoutError, or the error of the client
 * authentication
 */
export async function post(
  { caller, metadata, client, context }: Connection,
  endpoint: string,
  parameters: TokenParameters,
  { extraHeaders = {}, onSend, signal }: SendOptions = {},
): Promise<DescribedAnswer> {
  const form = formOf(parameters)
  const headers = new Headers({ accept: 'application/json' })
  await client.auth(metadata as never, { client_id: client.id }, form, headers, context)
  for (const [name, value] of Object.entries(extraHeaders)) headers.set(name, value)
  onSend?.()
  const answer = await submit(caller, metadata.issuer, endpoint, headers, form, signal)
  return describeAnswer(answer, form, headers)
}

/** The form with these parameters. A parameter that is undefined is not sent. */
export function formOf(parameters: TokenParameters): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    const values = typeof value === 'string' ? [value] : (value ?? [])
    for (const one of values) form.append(name, one)
  }
  return form
}

/**
 * Sends one POST, once.
 *
 * @throws TokenRequestError (`token_request_failed`) after a network fault, with `reason: 'not_sent'` if the request
 * certainly did not leave this program; UmaTimeoutError
 */
export async function submit(
  caller: Caller,
  issuer: string,
  endpoint: string,
  headers: Headers,
  body: URLSearchParams | string,
  signal?: AbortSignal | undefined,
): Promise<CallAnswer> {
  try {
    return await call(caller, issuer, endpoint, { method: 'POST', body, headers }, signal)
  } catch (cause) {
    if (cause instanceof UmaError || signal?.aborted) throw cause
    const notSent = caller.notSent?.(cause) ?? false
    throw new TokenRequestError(notReached(issuer), {
      code: 'token_request_failed',
      cause,
      issuer,
      retryable: true,
      reason: notSent ? 'not_sent' : undefined,
    })
  }
}

/**
 * One token request (UMA Grant §3.3.1; RFC 6749 §4.5, §6). Its answer is read in all dialects.
 *
 * @throws as `post` does
 */
export async function requestToken(connection: Connection, parameters: TokenParameters): Promise<TokenAnswer> {
  const { status, text } = await post(connection, tokenEndpoint(connection.metadata), parameters)
  return readTokenAnswer(status, text)
}

/** The token endpoint. @throws DiscoveryError if the server has none */
export function tokenEndpoint({ issuer, token_endpoint: endpoint }: AuthorizationServerMetadata): string {
  if (endpoint === undefined) throw missingEndpoint(issuer, 'token_endpoint')
  return endpoint
}

/**
 * Revokes a token (RFC 7009), if the server has a revocation endpoint.
 *
 * @throws TokenRequestError if the server was not reached or refused
 */
export async function revokeToken(connection: Connection, token: string, hint: string): Promise<void> {
  const { issuer, revocation_endpoint: endpoint } = connection.metadata
  if (!endpoint) return
  const answer = await post(connection, endpoint, { token, token_type_hint: hint })
  if (answer.status === 200) return
  throw new TokenRequestError(`${issuer} did not revoke the token: status ${answer.status}`, {
    code: 'revocation_failed',
    issuer,
    description: answer.description,
  })
}
