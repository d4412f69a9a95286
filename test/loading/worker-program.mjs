/** A service worker, bundled to one file: requests of the page for protected resources go through a requester. */
import { createRequester } from 'uma-requester'
import { handleCallback } from 'uma-requester/callback'
import { inspect } from 'uma-requester/inspect'
import { makeRequester, setups } from './setups.mjs'

/** By the name of the setup. `localStorage` and `sessionStorage` do not exist in a worker. */
const requesters = new Map()
const setupNames = Object.keys(setups).filter((name) => name !== 'webStorage' && name !== 'page')

/** The page goes to a URL. */
async function navigate(url) {
  for (const client of await clients.matchAll()) client.postMessage({ url })
}

function start(places) {
  for (const name of setupNames) {
    requesters.set(
      name,
      makeRequester(createRequester, name, { ...places, navigate }, () => {}),
    )
  }
  return setupNames
}

const actions = {
  start,
  inspect: async (name) => (await inspect(requesters.get(name))).authorizationServers.length,
  async finish(name, url) {
    const { kind, replay } = await handleCallback(requesters.get(name), url)
    return { kind, status: (await replay?.())?.status }
  },
}

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))

addEventListener('message', ({ data: { action, args }, ports: [port] }) => {
  Promise.resolve(actions[action](...args)).then(
    (value) => port.postMessage({ value }),
    ({ code, message }) => port.postMessage({ error: { code, message } }),
  )
})

/** The page names the setup in a header that CORS allows. */
addEventListener('fetch', (event) => {
  const requester = requesters.get(event.request.headers.get('x-requested-with'))
  if (requester) event.respondWith(answer(requester, event.request))
})

/** An error becomes an answer that the page can read. */
async function answer(requester, request) {
  try {
    return await requester.fetch(request)
  } catch ({ code, message }) {
    return Response.json({ code, message }, { status: 599 })
  }
}
