/** Client authentication at the token and revocation endpoints (RFC 6749 §2.3, RFC 7523). */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type Answer, oauthError } from '../wire/answer.ts'
import { jwtPayload } from '../wire/keys.ts'
import { basicCredentials } from '../wire/request.ts'
import type { ClientMetadata } from './clients.ts'
import type { ServerState } from './state.ts'

/** The authenticated client, or the answer that refuses the request. */
export type Authenticated = { client: ClientMetadata } | { refusal: Answer }

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

interface Credentials {
  method: NonNullable<ClientMetadata['token_endpoint_auth_method']>
  id: string
  /** the secret or the assertion */
  proof: string
}

export async function authenticateClient(
  state: ServerState,
  request: Request,
  form: URLSearchParams,
): Promise<Authenticated> {
  const refusal = invalidClient(request)
  const credentials = presentedCredentials(request, form)
  if (credentials === undefined) return { refusal }
  const client = await state.clients.find(credentials.id)
  if (client === undefined) return { refusal }
  if (credentials.method !== (client.token_endpoint_auth_method ?? 'client_secret_basic')) return { refusal }
  return (await isProven(state, client, credentials)) ? { client } : { refusal }
}

function presentedCredentials(request: Request, form: URLSearchParams): Credentials | undefined {
  const clientId = form.get('client_id')
  const secret = form.get('client_secret')
  const assertion = form.get('client_assertion')
  if (request.headers.has('authorization')) {
    const basic = basicCredentials(request)
    const isOnlyOne = secret === null && assertion === null && (clientId ?? basic?.id) === basic?.id
    if (basic === undefined || !isOnlyOne) return undefined
    return { method: 'client_secret_basic', id: basic.id, proof: basic.secret }
  }
  if (assertion !== null) {
    const id = jwtPayload(assertion)?.sub
    const isOnlyOne = secret === null && (clientId ?? id) === id
    if (typeof id !== 'string' || !isOnlyOne || form.get('client_assertion_type') !== ASSERTION_TYPE) return undefined
    return { method: 'private_key_jwt', id, proof: assertion }
  }
  if (clientId === null) return undefined
  return { method: secret === null ? 'none' : 'client_secret_post', id: clientId, proof: secret ?? '' }
}

async function isProven(state: ServerState, client: ClientMetadata, { method, proof }: Credentials): Promise<boolean> {
  if (method === 'none') return true
  if (method === 'private_key_jwt') return isGoodAssertion(state, client, proof)
  return isSecretOf(client, proof)
}

/** Compares digests, so that the time it takes says nothing about the secret. */
export async function isSecretOf({ client_secret: secret }: ClientMetadata, given: string): Promise<boolean> {
  if (secret === undefined) return false
  const [a, b] = await Promise.all([digest(secret), digest(given)])
  return a.every((byte, index) => byte === b[index])
}

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))

async function isGoodAssertion(state: ServerState, client: ClientMetadata, assertion: string): Promise<boolean> {
  const { base, issuer, clock, usedAssertions } = state
  try {
    const keys = createLocalJWKSet((client.jwks ?? { keys: [] }) as JSONWebKeySet)
    const { payload } = await jwtVerify(assertion, keys, {
      issuer: client.client_id,
      subject: client.client_id,
      audience: [base, issuer, `${base}/token`],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: 5,
      currentDate: new Date(clock.now()),
    })
    const id = `${client.client_id} ${payload.jti}`
    if (usedAssertions.has(id)) return false
    usedAssertions.add(id)
    return true
  } catch {
    return false
  }
}

function invalidClient(request: Request): Answer {
  const answer = oauthError(401, 'invalid_client', 'client authentication failed')
  if (!request.headers.has('authorization')) return answer
  return { ...answer, headers: { 'www-authenticate': 'Basic realm="token endpoint"' } }
}
