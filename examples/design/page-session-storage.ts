/** A page that people leave for the authorization server. The tokens end with the tab. */
import { createRequester, type Requester } from 'uma-requester'
import { pageRedirect } from 'uma-requester/redirect/page'
import { webStorage } from 'uma-requester/storage/web-storage'

/**
 * @param issuer the authorization server
 * @param redirectUri the page of callback-page.ts
 * @param session the session of the app: `user` is undefined until somebody has signed in to the app
 */
export function createAlbum(issuer: string, redirectUri: string, session: { user: string | undefined }): Requester {
  const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }

  // biome-ignore format: one line
  return createRequester({ ...as, requestingParty: () => session.user, storage: webStorage(sessionStorage), redirectUri, onRedirect: pageRedirect() })
}
