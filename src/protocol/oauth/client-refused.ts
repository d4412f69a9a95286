import { TokenRequestError } from '../../errors/index.ts'
import type { AuthorizationServerMetadata } from './metadata.ts'

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

/** The error for `invalid_client`: it says which client, how it authenticated, and which setting to look at. */
export function clientRefused({ clientId, metadata, description, authentication }: RefusedRequest): TokenRequestError {
  const { issuer, token_endpoint_auth_methods_supported: methods } = metadata
  const message = `${issuer} refuses the client ${clientId} (invalid_client): ${adviceFor(authentication, methods)}`
  return new TokenRequestError(message, { code: 'invalid_client', issuer, description })
}

function adviceFor(authentication: string | undefined, methods: unknown): string {
  const isMethod = authentication === 'none' || authentication?.startsWith('client_secret')
  if (isMethod && Array.isArray(methods) && !methods.includes(authentication)) {
    return `it authenticated with ${authentication}, and the server accepts ${methods.join(', ')} (client.auth)`
  }
  if (authentication === 'none') return 'is client.id right, and is it a public client? Otherwise set client.auth'
  return `are client.id and the credentials of client.auth right? It authenticated with ${authentication}`
}
