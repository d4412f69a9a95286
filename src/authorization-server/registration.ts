import { isUmaError, TokenRequestError } from '../errors.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import { readObject } from '../protocol/read-object.ts'
import { type Caller, call } from './call.ts'
import { type ClientAuth, none } from './client-authentication.ts'

/** What a client says of itself when it registers (RFC 7591 §2), with UMA's `claims_redirect_uris` (Grant §2). */
export interface ClientMetadata {
  client_name?: string
  client_uri?: string
  logo_uri?: string
  redirect_uris?: string[]
  claims_redirect_uris?: string[]
  grant_types?: string[]
  response_types?: string[]
  scope?: string
  token_endpoint_auth_method?: string
  [member: string]: unknown
}

/** A client that was registered; plain JSON, to be kept as a secret. */
export interface RegisteredClientRecord {
  id: string
  secret?: string
  /** How it authenticates: `token_endpoint_auth_method`. */
  method: string
  /** When the secret ends, in milliseconds since 1970; undefined: never. */
  expiresAt?: number
}

/** Registers a client: RFC 7591, or a protocol's own way. */
export type ClientRegistration = (
  caller: Caller,
  metadata: AuthorizationServerMetadata,
  client: ClientMetadata,
) => Promise<RegisteredClientRecord>

/**
 * Registers a client (RFC 7591 §3).
 *
 * @throws TokenRequestError with the server's own code (`invalid_client_metadata`, …), or `registration_failed`; UmaTimeoutError
 */
export async function registerClient(
  caller: Caller,
  { issuer, registration_endpoint: endpoint }: AuthorizationServerMetadata,
  client: ClientMetadata,
): Promise<RegisteredClientRecord> {
  const fail = (what: string, code?: unknown, cause?: unknown): TokenRequestError =>
    new TokenRequestError(`${issuer} does not register this client: ${what}`, {
      code: typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : 'registration_failed',
      issuer,
      ...(cause !== undefined && { cause }),
    })
  if (!endpoint) throw fail('it names no registration_endpoint')
  const { status, text } = await call(caller, issuer, endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(client),
  }).catch((cause: unknown) => {
    throw isUmaError(cause) ? cause : fail('it was not reached', undefined, cause)
  })
  const answer = readObject(text) ?? {}
  const { client_id: id, client_secret: secret, client_secret_expires_at: ends } = answer
  if (status < 200 || status >= 300 || typeof id !== 'string' || !id) throw fail(`status ${status}`, answer.error)
  const usable = typeof secret === 'string' && secret
  const method = answer.token_endpoint_auth_method ?? client.token_endpoint_auth_method
  return {
    id,
    ...(usable && { secret }),
    method: typeof method === 'string' ? method : usable ? 'client_secret_basic' : 'none',
    // 0: never (RFC 7591 §3.2.1).
    ...(usable && Number(ends) > 0 && { expiresAt: Number(ends) * 1000 }),
  }
}

/** How a client authenticates with what only the application has: a key, a certificate. */
export const needsMore = (method: unknown): boolean => /jwt|tls/.test(`${method}`)

/**
 * How a registered client authenticates. Written out: oauth4webapi's functions would add a kilobyte for those who never register.
 * Where a record is not enough, it throws a TokenRequestError (`registration_failed`) when it is used.
 */
export function authOf({ secret, method }: RegisteredClientRecord): ClientAuth {
  if (!needsMore(method) && (!secret || method === 'none')) return none()
  return ({ issuer }, { client_id: id }, body, headers) => {
    if (needsMore(method) || !secret)
      throw new TokenRequestError(`${issuer} has registered this client for ${method}: client.auth is missing`, {
        code: 'registration_failed',
        issuer,
      })
    if (method === 'client_secret_post') {
      body.set('client_id', id)
      body.set('client_secret', secret)
    } else {
      // Form-encoded before base64 (RFC 6749 §2.3.1).
      const [user, password] = [id, secret].map((value) => `${new URLSearchParams({ '': value })}`.slice(1))
      headers.set('authorization', `Basic ${btoa(`${user}:${password}`)}`)
    }
  }
}
