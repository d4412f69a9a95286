/**
 * axios-auth-refresh: it refreshes the application's own session after a 401. A refusal by an authorization server also
 * carries the host's 401, but a new session would not help.
 */
import axios from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'
import { isUmaError } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'

/**
 * @param {import('uma-requester').Requester} requester
 * @param {() => Promise<unknown>} refreshSession renews the session of the application
 */
export function apiFor(requester, refreshSession) {
  const api = axios.create()
  attachRequester(api, requester)
  createAuthRefresh(api, refreshSession, {
    shouldRefresh: (error) => error.response?.status === 401 && !isUmaError(error),
  })
  return api
}
