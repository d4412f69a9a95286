/** Tokens are kept in memory. */
import { createRequester, type Requester } from 'uma-requester'

/** @param issuer the authorization server */
export function createAlbum(issuer: string): Requester {
  const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }

  return createRequester(as)
}
