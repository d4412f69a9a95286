/** Requesters with every option that brings code, by name. Pages, the service worker and tests share them. */
import { bearer, clientSecretBasic, none } from 'uma-requester'
import { dynamicClient } from 'uma-requester/client/dynamic'
import { pageRedirect } from 'uma-requester/redirect/page'
import { popupRedirect } from 'uma-requester/redirect/popup'
import { codeFlow, defineSignIn } from 'uma-requester/sign-in'
import { indexedDBStorage } from 'uma-requester/storage/indexed-db'
import { keyValueStorage } from 'uma-requester/storage/key-value'
import { webStorage } from 'uma-requester/storage/web-storage'

const umaTicket = 'urn:ietf:params:oauth:grant-type:uma-ticket'

/** Signs people in by the code flow. */
const byCode = () => codeFlow({ scope: 'openid offline_access', parameters: { prompt: 'consent' } })

/** A client that registers itself. */
function registering({ callback, popup }, options) {
  return dynamicClient(
    {
      client_name: 'The album',
      token_endpoint_auth_method: 'none',
      redirect_uris: [callback, popup],
      claims_redirect_uris: [callback, popup],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token', umaTicket],
    },
    options,
  )
}

/** A sign-in of the application's own: the person comes back at once. */
const ownSignIn = (accessToken) =>
  defineSignIn({
    begin: async (_connection, { redirectUri, state }) => ({ url: `${redirectUri}?state=${state}`, memo: {} }),
    finish: async () => ({ accessToken }),
  })

/** Each setup: options of the server, and options of the requester. */
export const setups = {
  memory: () => [{ client: { id: 'spa', auth: none() } }, {}],
  secret: () => [
    { client: { id: 'web', auth: clientSecretBasic('web-secret') } },
    { storage: keyValueStorage(new Map()) },
  ],
  indexedDB: () => [{ client: { id: 'spa', auth: none() } }, { requestingParty: 'alice', storage: indexedDBStorage() }],
  webStorage: () => [
    { client: { id: 'spa', auth: none() } },
    { requestingParty: 'alice', storage: webStorage(localStorage) },
  ],
  registering: (places) => [{ client: registering(places) }, {}],
  popup: (places) => [
    { client: registering(places, { auth: bearer() }), signIn: byCode() },
    { requestingParty: 'alice', storage: indexedDBStorage(), redirectUri: places.popup, onRedirect: popupRedirect() },
  ],
  page: (places) => [
    { client: { id: 'app', auth: bearer() }, signIn: byCode() },
    {
      requestingParty: 'alice',
      storage: webStorage(sessionStorage),
      redirectUri: places.callback,
      onRedirect: pageRedirect(),
    },
  ],
  /** The code that sends the person away runs in a worker. */
  navigate: (places) => [
    { client: { id: 'app', auth: bearer() }, signIn: byCode() },
    {
      requestingParty: 'alice',
      storage: indexedDBStorage(),
      redirectUri: places.callback,
      onRedirect: pageRedirect({ navigate: places.navigate }),
    },
  ],
  own: (places) => [
    { client: { id: 'app', auth: bearer() }, signIn: ownSignIn(places.accessToken) },
    { redirectUri: places.callback, onRedirect: async ({ url }) => url },
  ],
}

/** Makes the requester of a setup. */
export function makeRequester(createRequester, name, places, onEvent) {
  const [server, options] = setups[name](places)
  return createRequester({
    authorizationServers: [{ issuer: places.as, hosts: [places.host], ...server }],
    onEvent,
    ...options,
  })
}
