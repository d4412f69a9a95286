import { TokenRequestError } from '../../errors/index.ts'
import type { AuthorizationServerMetadata } from './metadata.ts'
import { isErrorCode } from './token-answer.ts'

/** The facts of a request whose client was refused. Only the names of methods go into the message. */
interface RefusedRequest {
  clientId: string
  metadata: AuthorizationServerMetadata
  description?: string | undefined
  /** How the client authenticated (`authenticationOf`). */
  authentication: string | undefined
}

/** How a request authenticates its client, in the words of the metadata (RFC 7591 §2). */
export function authenticationOf(body: unknown, headers: Headers): string {
  const credentials = headers.get('authorization')
  if (credentials) return /^basic /i.test(credentials) ? 'client_secret_basic' : 'the access token of the party'
  const form = body instanceof URLSearchParams ? body : new URLSearchParams()
  if (form.has('client_secret')) return 'client_secret_post'
  return form.has('client_assertion') ? 'a client assertion' : 'none'
}

/**
 * The error for `invalid_client`: it says which client, how it authenticated, and how it may. A method of the metadata that
 * does not look like one is not repeated.
 */
export function clientRefused({ clientId, metadata, description, authentication }: RefusedRequest): TokenRequestError {
  const { issuer, token_endpoint_auth_methods_supported: methods } = metadata
  const accepted = Array.isArray(methods) ? `; accepted are ${methods.filter(isErrorCode).join(', ')}` : ''
  const message = `${issuer} refuses the client ${clientId}, authenticated with ${authentication}${accepted}`
  return new TokenRequestError(`${message} (client.id, client.auth)`, { code: 'invalid_client', issuer, description })
}
