/** The program in the pages of these tests: a requester of a setup, and the outcome of its requests. */
import axios from 'axios'
import ky from 'ky'
import { isUmaError } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import { handleCallback } from 'uma-requester/callback'
import { inspect, parties } from 'uma-requester/inspect'
import { extendKy } from 'uma-requester/ky'
import { completePopup } from 'uma-requester/redirect/popup'
import { indexedDBStorage } from 'uma-requester/storage/indexed-db'
import { makeRequester } from './setups.mjs'

/** An error, as a test can look at it. */
function thrown(error) {
  if (!isUmaError(error)) return { code: 'not of this package', message: String(error) }
  const { name, code, message, retryable, response, kind } = error
  return {
    name,
    code,
    message,
    retryable,
    kind,
    response: response && { status: response.status, used: response.bodyUsed },
  }
}

/** Keys of this page's storages. */
async function storedKeys() {
  const databases = await indexedDB.databases()
  const inDatabase = databases.some(({ name }) => name === 'uma-requester') ? await indexedDBStorage().keys('uma:') : []
  return [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...inDatabase]
}

/** The program, as tests call it. */
function pageOf(createRequester) {
  let requester
  const events = []
  const unhandled = []
  addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)))

  const ways = {
    fetch: async (url) => (await requester.fetch(url)).status,
    ky: async (url) => (await extendKy(ky.create({ retry: 0 }), requester).get(url)).status,
    axios: async (url) => {
      const api = axios.create()
      attachRequester(api, requester)
      return (await api.get(url)).status
    },
  }
  const actions = {
    ask: async (url, way = 'fetch') => ({ status: await ways[way](url) }),
    inspect: async () => ({ servers: (await inspect(requester)).authorizationServers.length }),
    parties: async () => ({ names: await parties(requester) }),
    signIn: (issuer) => requester.signIn(issuer).then(() => ({ done: true })),
    signOut: () => requester.signOut().then(() => ({ done: true })),
    async finish() {
      const { kind, replay } = await handleCallback(requester)
      return { kind, status: (await replay?.())?.status }
    },
  }
  return {
    start(setup, places) {
      requester = makeRequester(createRequester, setup, places, (event) => events.push(event))
    },
    /** Does something, and tells how it ended. */
    act: (name, ...args) => actions[name](...args).catch(thrown),
    /** The state that a failed request could have left behind. */
    async leftOver() {
      const { held, pending } = await navigator.locks.query()
      const count = (type) => events.filter((event) => event.type === type).length
      return {
        pending: (await storedKeys()).filter((key) => /^uma:(pending|redirects)/.test(key)),
        locks: [...held, ...pending].map(({ name }) => name),
        openFlows: count('flow-started') - count('flow-ended'),
        storageFailed: count('storage-failed'),
        unhandled,
      }
    },
  }
}

/** Starts the page. The callback page of a popup hands its URL over. */
export async function startPage(createRequester) {
  globalThis.umaLoading = pageOf(createRequester)
  navigator.serviceWorker?.addEventListener('message', ({ data }) => location.assign(data.url))
  if (location.pathname.endsWith('/popup')) await completePopup()
  document.documentElement.dataset.ready = 'yes'
}
