/** A page whose people go to the authorization server in a popup. All tabs of the app share the tokens. */
import { createRequester, type Requester } from 'uma-requester'
import { popupRedirect } from 'uma-requester/redirect/popup'
import { indexedDBStorage } from 'uma-requester/storage/indexed-db'

/**
 * @param issuer the authorization server
 * @param redirectUri the page of callback-page.ts
 * @param session the session of the app: `user` is undefined until somebody has signed in to the app
 */
export function createAlbum(issuer: string, redirectUri: string, session: { user: string | undefined }): Requester {
  const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }

  // biome-ignore format: one line
  return createRequester({ ...as, requestingParty: () => session.user, storage: indexedDBStorage(), redirectUri, onRedirect: popupRedirect() })
}
