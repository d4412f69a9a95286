/**
 * Puma's requester application, in one page: what "Puma: building a requester application" (2012) takes a chapter for - pre-flight,
 * discovery, registration, the person's access token, an RPT for each host, the ticket, the redirect - happens behind a request.
 */

import axios from 'axios'
import ky from 'ky'
import { createRequester, isUmaError } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import { dynamicClient } from 'uma-requester/client/dynamic'
import { extendKy } from 'uma-requester/ky'
import { puma } from 'uma-requester/schemes/puma'

/**
 * @param {object} options
 * @param {string} options.manager issuer of the authorization manager
 * @param {string} options.host where people keep their data
 * @param {import('uma-requester').RequesterOptions['onRedirect']} options.onRedirect takes a person to the manager and back
 * @param {(event: object) => void} [options.onEvent]
 */
export function createApp({ manager, host, onRedirect, onEvent = () => {} }) {
  const redirectUri = 'https://pumarequesterone.appspot.com/callback'
  const requester = createRequester({
    authorizationServers: [
      {
        issuer: manager,
        hosts: [host],
        scheme: puma(),
        client: dynamicClient({
          client_name: 'Puma Requester One',
          client_description: 'Puma, Requester One.',
          client_uri: 'https://pumarequesterone.appspot.com',
          redirect_uris: [redirectUri],
        }),
      },
    ],
    redirectUri,
    onRedirect,
    onEvent,
  })

  /** What a person reads, by each of the three ways. `preflight`: ask with a HEAD first, as Puma does. */
  const ways = {
    /** @type {(party: string, path: string) => Promise<unknown>} */
    fetch: async (party, path) => (await requester.as(party).fetch(host + path, { uma: { preflight: true } })).json(),
    /** @type {(party: string, path: string) => Promise<unknown>} */
    axios: async (party, path) => {
      const api = axios.create({ baseURL: host })
      attachRequester(api, requester.as(party))
      return (await api.get(path, { uma: { preflight: true } })).data
    },
    /** @type {(party: string, path: string) => Promise<unknown>} */
    ky: async (party, path) =>
      extendKy(ky, requester.as(party))
        .get(host + path, { uma: { preflight: true } })
        .json(),
  }

  return {
    /**
     * @param {keyof typeof ways} way
     * @param {string} party who reads: a requesting party is there once it is asked for
     * @param {string} path
     */
    async read(way, party, path) {
      try {
        return await ways[way](party, path)
      } catch (error) {
        const cause = axios.isAxiosError(error) ? error.cause : error
        // The owner has been asked: x-oauth_access_req in Puma's callback.
        if (isUmaError(cause, 'request_submitted')) return 'pending'
        if (isUmaError(cause, 'request_denied')) return 'denied'
        throw error
      }
    },
    requester,
  }
}
