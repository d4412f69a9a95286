/** A server that answers requests of browsers, such as one with Express. */
import { createRequester, type Requester } from 'uma-requester'
import { handleCallback } from 'uma-requester/callback'
import { redirectOf, serverRedirect } from 'uma-requester/redirect/server'
import { sqliteStorage } from 'uma-requester/storage/sqlite'

/** The part of Express's `Response` that is used here. TypeScript narrows variables, not the results of calls. */
export interface Redirects {
  redirect(status: number, url: string | undefined): void
}

/**
 * @param issuer the authorization server
 * @param redirectUri the route that calls `comeBack`
 * @param path the file of the storage
 */
export function createAlbum(issuer: string, redirectUri: string, path: string): Requester {
  const as = { authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }] }

  // biome-ignore format: one line
  return createRequester({ ...as, requestingParty: 'app', storage: sqliteStorage({ path }), redirectUri, onRedirect: serverRedirect() })
}

/**
 * @param user the person who is signed in to this server
 * @param url a photo
 * @returns the answer of the host; undefined if the person was redirected
 */
// biome-ignore format: as short as in the guide
export async function showPhoto(requester: Requester, user: string, url: string, response: Redirects) {
  let answer: Response
  try { answer = await requester.as(user).fetch(url) }
  catch (error) { if (redirectOf(error)) return response.redirect(303, redirectOf(error)); throw error }
  return answer
}

/** @param url the path and query of the request */
export async function comeBack(requester: Requester, user: string, url: string): Promise<string | undefined> {
  const { request } = await handleCallback(requester.as(user), url)
  return request?.url
}
