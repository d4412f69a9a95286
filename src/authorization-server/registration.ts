import { TokenRequestError } from '../errors.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import { readObject } from '../protocol/read-object.ts'
import { type Caller, call } from './call.ts'
import { type ClientAuth, clientSecretBasic, clientSecretPost, none } from './client-authentication.ts'

/** What a client says of itself when it registers (RFC 7591 §2; `claims_redirect_uris`: Grant §2). */
export interface ClientMetadata {
  client_name?: string
  client_uri?: string
  logo_uri?: string
  redirect_uris?: readonly string[]
  claims_redirect_uris?: readonly string[]
  grant_types?: readonly string[]
  response_types?: readonly string[]
  token_endpoint_auth_method?: string
  scope?: string
  jwks?: { keys: readonly object[] }
  jwks_uri?: string
  [member: string]: unknown
}

/** A client as the server knows it now; plain JSON. It holds a secret: it belongs where tokens are kept. */
export interface RegisteredClientRecord {
  id: string
  secret?: string
  /** `token_endpoint_auth_method`. */
  method: string
  /** When the secret ends, in milliseconds since 1970; absent: it does not. */
  expiresAt?: number
}

/**
 * Registers a client (RFC 7591 §3). One POST, sent once.
 *
 * @throws TokenRequestError with the server's own code (`invalid_client_metadata`, …) or `registration_failed`; UmaTimeoutError
 */
export async function registerClient(
  caller: Caller,
  { issuer, registration_endpoint: endpoint }: AuthorizationServerMetadata,
  client: ClientMetadata,
): Promise<RegisteredClientRecord> {
  const fail = (what: string, code = 'registration_failed', cause?: unknown): TokenRequestError =>
    new TokenRequestError(`${issuer} does not register this client: ${what}`, {
      code,
      issuer,
      ...(cause ? { cause } : {}),
    })
  if (!endpoint) throw fail('it has no usable registration_endpoint')
  const { status, text } = await call(caller, issuer, endpoint, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(client),
  }).catch((error: unknown) => {
    throw error instanceof TypeError ? fail('it was not reached', undefined, error) : error
  })
  const { client_id: id, client_secret: secret, ...said } = readObject(text) ?? {}
  if (status < 200 || status > 299 || !id || typeof id !== 'string') {
    const { error } = said
    throw fail(`status ${status}`, typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined)
  }
  const asked = said.token_endpoint_auth_method ?? client.token_endpoint_auth_method
  // RFC 7591 §3.2.1: in seconds since 1970, and 0 means never.
  const ends = Number(said.client_secret_expires_at)
  return {
    id,
    ...(typeof secret === 'string' && secret && { secret }),
    method: typeof asked === 'string' ? asked : secret ? 'client_secret_basic' : 'none',
    ...(ends > 0 && { expiresAt: ends * 1000 }),
  }
}

/**
 * How a registered client authenticates: with what it was given. `auth` is the caller's own, for methods that need a key.
 *
 * @throws TypeError when the method needs one and there is none
 */
export function authOf({ method, secret = '' }: RegisteredClientRecord, auth?: ClientAuth): ClientAuth {
  if (auth) return auth
  if (method === 'none') return none()
  if (secret && method === 'client_secret_post') return clientSecretPost(secret)
  if (secret && method === 'client_secret_basic') return clientSecretBasic(secret)
  throw new TypeError(`client.auth: this client was registered with ${method}, which needs a key of yours`)
}
