/**
 * A program in Node with one setup. It records the modules that are loaded, and can fail the load of one of them once.
 * The parent process plays the person.
 */
import { registerHooks } from 'node:module'

const { entry, setup, places, failOnce } = JSON.parse(process.argv[2])
const loaded = []
let isFailing = failOnce !== undefined

registerHooks({
  load(url, context, next) {
    if (isFailing && url.endsWith(failOnce)) throw new Error('This module cannot be loaded')
    loaded.push(url)
    return next(url, context)
  },
})

/** The modules that were loaded since the last call. */
const take = () => loaded.splice(0).map((url) => url.replace(/^.*\/(?=dist\/|node_modules\/)/, ''))

const { createRequester } = await import(entry)
// Not from the main entry, which brings the engine where nothing is bundled.
const { bearer, clientSecretBasic, none } = await import('../../dist/authorization-server/client-authentication.js')
const { isUmaError } = await import('../../dist/errors/index.js')
const { attachRequester } = await import('uma-requester/axios')
const { handleCallback } = await import('uma-requester/callback')
const { dynamicClient } = await import('uma-requester/client/dynamic')
const { inspect, parties } = await import('uma-requester/inspect')
const { extendKy } = await import('uma-requester/ky')
const { loopbackRedirect } = await import('uma-requester/redirect/loopback')
const { redirectOf, serverRedirect } = await import('uma-requester/redirect/server')
const { codeFlow, defineSignIn } = await import('uma-requester/sign-in')
const { keyValueStorage } = await import('uma-requester/storage/key-value')
const { redisStorage } = await import('uma-requester/storage/redis')
const { sqliteStorage } = await import('uma-requester/storage/sqlite')
const { default: axios } = await import('axios')
const { default: ky } = await import('ky')

/** The person goes to a URL. @returns the URL that the person comes back on */
function visit(url) {
  process.send({ url })
  return new Promise((resolve) => process.once('message', resolve))
}

const page = { client: { id: 'spa', auth: none() } }
const byCode = codeFlow({ scope: 'openid offline_access', parameters: { prompt: 'consent' } })
const person = { client: { id: 'spa', auth: bearer() }, signIn: byCode }
const metadata = {
  client_name: 'The album',
  token_endpoint_auth_method: 'none',
  redirect_uris: [places.redirectUri],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:uma-ticket'],
}
const alice = { requestingParty: 'alice', redirectUri: places.redirectUri }

async function redisOf({ redisUrl }) {
  const { createClient } = await import('redis')
  const client = await createClient({ url: redisUrl }).connect()
  return { storage: redisStorage(client, { prefix: `test:${crypto.randomUUID()}:` }), close: () => client.close() }
}

/** Each setup: options of the server, options of the requester, and what is closed at the end. */
const setups = {
  memory: () => [page, {}],
  secret: () => [
    { client: { id: 'web', auth: clientSecretBasic('web-secret') } },
    { storage: keyValueStorage(new Map()) },
  ],
  registering: () => [{ client: dynamicClient(metadata) }, {}],
  own() {
    const signIn = defineSignIn({
      begin: async (_connection, { redirectUri, state }) => ({ url: `${redirectUri}?state=${state}`, memo: {} }),
      finish: async () => ({ accessToken: places.accessToken }),
    })
    return [
      { client: { id: 'spa', auth: bearer() }, signIn },
      { ...alice, onRedirect: async ({ url }) => url },
    ]
  },
  sqlite() {
    const storage = sqliteStorage({ path: places.sqlite })
    return [page, { ...alice, storage }, () => storage.close()]
  },
  async redis() {
    const { storage, close } = await redisOf(places)
    return [page, { ...alice, storage }, close]
  },
  loopback: () => [
    page,
    { onRedirect: loopbackRedirect({ port: places.port, show: async (url) => fetch(await visit(url)) }) },
  ],
  server() {
    const storage = sqliteStorage({ path: places.sqlite })
    return [person, { ...alice, storage, onRedirect: serverRedirect() }, () => storage.close()]
  },
}

const [server, options, close] = await setups[setup]()
const requester = createRequester({
  authorizationServers: [{ issuer: places.as, hosts: [places.host], ...server }],
  ...options,
})

const ways = {
  fetch: async (url) => (await requester.fetch(url)).status,
  ky: async (url) => (await extendKy(ky.create({ retry: 0 }), requester).get(url)).status,
  axios: async (url) => {
    const api = axios.create()
    attachRequester(api, requester)
    return (await api.get(url)).status
  },
}

/** Asks for a photo. If the person is needed, the request is sent again when the person is back. */
async function ask(url, way = 'fetch') {
  try {
    return { status: await ways[way](url) }
  } catch (error) {
    const away = redirectOf(error)
    if (away) {
      const { replay } = await handleCallback(requester, await visit(away))
      return { status: (await replay()).status }
    }
    if (!isUmaError(error)) throw error
    const { name, code, message, retryable, response } = error
    return { name, code, message, retryable, unread: response?.bodyUsed === false }
  }
}

const outcomes = []
async function record(outcome) {
  outcomes.push({ ...(await outcome), loaded: take() })
}

// Every module of the entries is there.
take()
await record(ask(`${places.host}/public/1.jpg`))
await record(ask(`${places.host}/alice/1.jpg`))
if (isFailing) {
  isFailing = false
  await record(ask(`${places.host}/alice/1.jpg`))
}
for (const way of ['fetch', 'ky', 'axios']) await record(ask(`${places.host}/alice/1.jpg`, way))
const { authorizationServers } = await inspect(requester)
const names = await parties(requester)
await requester.signOut()
await close?.()
process.send({ outcomes, servers: authorizationServers.length, names })
process.disconnect()
