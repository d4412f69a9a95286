/**
 * Clients that register themselves at an authorization server.
 *
 * @module
 */
import type { ClientAuth } from '../authorization-server/client-authentication.ts'
import { DynamicClient } from '../authorization-server/dynamic-client.ts'
import type { ClientMetadata } from '../authorization-server/registration.ts'

export type { DynamicClient } from '../authorization-server/dynamic-client.ts'
export type { ClientMetadata, RegisteredClientRecord } from '../authorization-server/registration.ts'

/** Options of `dynamicClient`. */
export interface DynamicClientOptions {
  /** How the client authenticates at the token endpoint. @default the method that the server registered */
  auth?: ClientAuth
}

const loadRegistration = () => import('../authorization-server/registered-clients.ts')

/**
 * A client that registers itself when a request first needs it (RFC 7591 §3), once for each issuer and each metadata,
 * for all requesting parties of the storage. The record holds a secret and is kept in the storage. If the server has
 * forgotten the client, another one is registered, once.
 *
 * @param metadata the metadata to register (RFC 7591 §2, UMA Grant §2)
 * @throws TypeError if the metadata is no object, or a redirect URI is no URL
 *
 * @example
 * { issuer, hosts, client: dynamicClient({ client_name: 'Album', redirect_uris: [redirectUri] }) }
 */
export function dynamicClient(metadata: ClientMetadata, { auth }: DynamicClientOptions = {}): DynamicClient {
  if (Object(metadata) !== metadata) {
    throw new TypeError('dynamicClient: give it the metadata to register, such as { client_name, redirect_uris }')
  }
  if (auth !== undefined && typeof auth !== 'function') {
    throw new TypeError('dynamicClient: auth must be a client authentication, such as clientSecretBasic(secret)')
  }
  return new DynamicClient(metadata, auth, loadRegistration)
}
