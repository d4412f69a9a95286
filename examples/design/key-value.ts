/** Tokens are kept by Keyv, which has adapters for many databases. A `Map` works, too. */
import Keyv from 'keyv'
import { createRequester, type Requester } from 'uma-requester'
import { keyValueStorage } from 'uma-requester/storage/key-value'

/** @param issuer the authorization server */
export function createAlbum(issuer: string): Requester {
  const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }

  return createRequester({ ...as, requestingParty: 'app', storage: keyValueStorage(new Keyv()) })
}
