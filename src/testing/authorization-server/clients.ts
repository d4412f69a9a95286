/** The clients that a simulated authorization server knows. */

/** Client metadata (RFC 7591 §2) with the `claims_redirect_uris` of UMA (Grant §2). */
export interface ClientMetadata {
  client_id: string
  client_secret?: string
  /** @default 'client_secret_basic' */
  token_endpoint_auth_method?: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /** @default ['authorization_code'] */
  grant_types?: string[]
  response_types?: string[]
  redirect_uris?: string[]
  claims_redirect_uris?: string[]
  scope?: string
  jwks?: { keys: JsonWebKey[] }
  [more: string]: unknown
}

export interface ClientStore {
  find(id: string): Promise<ClientMetadata | undefined>
}

export function clientsInMemory(clients: ClientMetadata[] = []): ClientStore & { add(client: ClientMetadata): void } {
  const known = new Map(clients.map((client) => [client.client_id, client]))
  return {
    find: async (id) => known.get(id),
    add: (client) => void known.set(client.client_id, client),
  }
}
