/**
 * axios-cache-interceptor: one instance, and so one cache, for each requesting party. The token exists only inside the
 * adapter, so a cache that is shared does not see whose answer it keeps, and would give it to the next person.
 */
import axios from 'axios'
import { setupCache } from 'axios-cache-interceptor'
import { attachRequester } from 'uma-requester/axios'

/** @param {import('uma-requester').Requester} requester */
export function cachedApis(requester) {
  /** @type {Map<string, import('axios').AxiosInstance>} */
  const apis = new Map()

  /** @param {string} user */
  function apiOf(user) {
    const known = apis.get(user)
    if (known) return known
    const api = setupCache(axios.create())
    attachRequester(api, requester.as(user))
    apis.set(user, api)
    return api
  }

  return {
    apiOf,
    /**
     * Forgets the answers as well as the tokens.
     *
     * @param {string} user
     */
    async signOut(user) {
      apis.delete(user)
      await requester.as(user).signOut()
    },
  }
}
