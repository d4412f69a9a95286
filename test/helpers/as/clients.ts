/** The clients that every test authorization server knows from the start. */
import type { JsonWebKey } from 'node:crypto'
import type { ClientMetadata } from '../../../src/testing/authorization-server/clients.ts'
import { UMA_TICKET_GRANT } from '../../../src/testing/authorization-server/state.ts'
import { makeKeys } from './keys.ts'

export const REDIRECT_URI = 'https://app.example.com/callback'

const people = {
  redirect_uris: [REDIRECT_URI],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', UMA_TICKET_GRANT],
  claims_redirect_uris: [REDIRECT_URI, 'http://127.0.0.1/callback', `${REDIRECT_URI}?keep=this`],
}

/**
 * spa: public. web: client_secret_basic, secret web-secret. web-post: client_secret_post, secret web-post-secret.
 * web-jwt: private_key_jwt with clientKey. service: client_secret_basic, secret service-secret, client_credentials too.
 * rs: a resource server (PAT by client_credentials), secret rs-secret.
 */
export function usualClients(moreClaimsRedirectUris: string[] = []): {
  clients: ClientMetadata[]
  clientKey: JsonWebKey
} {
  const keys = makeKeys()
  const person = { ...people, claims_redirect_uris: [...people.claims_redirect_uris, ...moreClaimsRedirectUris] }
  const clients: ClientMetadata[] = [
    { client_id: 'spa', token_endpoint_auth_method: 'none', client_name: 'A page', ...person },
    { client_id: 'web', client_secret: 'web-secret', token_endpoint_auth_method: 'client_secret_basic', ...person },
    {
      client_id: 'web-post',
      client_secret: 'web-post-secret',
      token_endpoint_auth_method: 'client_secret_post',
      ...person,
    },
    {
      client_id: 'web-jwt',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [keys.publicJwk] },
      ...person,
    },
    { ...resourceServerClient('service', 'service-secret'), grant_types: ['client_credentials', UMA_TICKET_GRANT] },
    resourceServerClient('rs', 'rs-secret'),
  ]
  return { clients, clientKey: keys.privateJwk }
}

export function resourceServerClient(id: string, secret: string): ClientMetadata {
  return {
    client_id: id,
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'uma_protection uma_authorization',
  }
}
