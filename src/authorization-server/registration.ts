import { TokenRequestError, UmaError } from '../errors/index.ts'
import { readObject } from '../protocol/http/read-object.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import { type CallAnswer, type Caller, call } from './call.ts'
import { type ClientAuth, none } from './client-authentication.ts'
import { type ClientMetadata, needsMore } from './client-metadata.ts'
import { type DescribedAnswer, describeAnswer } from './sent-secrets.ts'

export type { ClientMetadata } from './client-metadata.ts'

/** A client that was registered; plain JSON. It holds a secret. */
export interface RegisteredClientRecord {
  id: string
  secret?: string
  /** How the client authenticates: `token_endpoint_auth_method`. */
  method: string
  /** When the secret ends, in milliseconds since 1970. Absent: never. */
  expiresAt?: number
}

/** Registers a client, as RFC 7591 says or in the way of another protocol. */
export type ClientRegistration = (
  caller: Caller,
  metadata: AuthorizationServerMetadata,
  client: ClientMetadata,
) => Promise<RegisteredClientRecord>

/**
 * Registers a client (RFC 7591 §3). The request is sent once, because a second one would register a second client.
 *
 * @throws TokenRequestError with the server's own code (`invalid_client_metadata`, …) or `registration_failed`;
 * UmaTimeoutError
 */
export async function registerClient(
  caller: Caller,
  { issuer, registration_endpoint: endpoint }: AuthorizationServerMetadata,
  client: ClientMetadata,
): Promise<RegisteredClientRecord> {
  if (!endpoint) throw registrationError(issuer, 'it names no registration_endpoint')
  const answer = await submitRegistration(caller, issuer, endpoint, client)
  const { status, description } = answer
  const body = readObject(answer.text) ?? {}
  const isRegistered = status >= 200 && status < 300 && typeof body.client_id === 'string' && body.client_id !== ''
  if (!isRegistered) throw registrationError(issuer, `status ${status}`, { code: body.error, description })
  return recordOf(body, client)
}

async function submitRegistration(
  caller: Caller,
  issuer: string,
  endpoint: string,
  client: ClientMetadata,
): Promise<DescribedAnswer> {
  const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' })
  let answer: CallAnswer
  try {
    answer = await call(caller, issuer, endpoint, { method: 'POST', headers, body: JSON.stringify(client) })
  } catch (cause) {
    throw cause instanceof UmaError ? cause : registrationError(issuer, 'it was not reached', { cause })
  }
  return describeAnswer(answer, client, headers)
}

function registrationError(
  issuer: string,
  problem: string,
  { code, cause, description }: { code?: unknown; cause?: unknown; description?: string | undefined } = {},
): TokenRequestError {
  const isOwnCode = typeof code === 'string' && /^[a-z_]{1,64}$/.test(code)
  return new TokenRequestError(`${issuer} does not register this client: ${problem}`, {
    code: isOwnCode ? code : 'registration_failed',
    issuer,
    cause,
    description,
  })
}

/** The record of an answer to a registration (RFC 7591 §3.2.1). */
function recordOf(answer: Record<string, unknown>, client: ClientMetadata): RegisteredClientRecord {
  const { client_id: id, client_secret: secret, client_secret_expires_at: endsAt } = answer
  const method = answer.token_endpoint_auth_method ?? client.token_endpoint_auth_method
  const hasSecret = typeof secret === 'string' && secret !== ''
  const usualMethod = hasSecret ? 'client_secret_basic' : 'none'
  // 0 means that the secret never ends.
  const ends = hasSecret && Number(endsAt) > 0
  return {
    id: id as string,
    ...(hasSecret && { secret }),
    method: typeof method === 'string' ? method : usualMethod,
    ...(ends && { expiresAt: Number(endsAt) * 1000 }),
  }
}

/**
 * How a registered client authenticates. The two methods with a secret are written out here, because the functions of
 * oauth4webapi would add a kilobyte for every user.
 *
 * @returns a client authentication. It throws TokenRequestError (`registration_failed`) when it is used and the record
 * is not enough for the method.
 */
export function authOf({ secret, method }: RegisteredClientRecord): ClientAuth {
  if (!needsMore(method) && (!secret || method === 'none')) return none()
  return ({ issuer }, { client_id: id }, body, headers) => {
    if (needsMore(method) || !secret) {
      throw new TokenRequestError(`${issuer} has registered this client for ${method}: client.auth is missing`, {
        code: 'registration_failed',
        issuer,
      })
    }
    if (method === 'client_secret_post') {
      body.set('client_id', id)
      body.set('client_secret', secret)
      return
    }
    headers.set('authorization', `Basic ${btoa(`${formEncode(id)}:${formEncode(secret)}`)}`)
  }
}

/** Form-encodes one value, as HTTP Basic authentication of a client needs it (RFC 6749 §2.3.1). */
const formEncode = (value: string): string => new URLSearchParams({ '': value }).toString().slice(1)
