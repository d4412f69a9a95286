/**
 * Cloudflare Workers: a requester for each request. A Worker may not use, in one request, a promise or a stream that
 * belongs to another request, so a requester at module level fails when two requests share a flow. The storage is
 * shared, so tokens that one request obtained serve the next one.
 */
import { createRequester } from 'uma-requester'
import { keyValueStorage } from 'uma-requester/storage/key-value'

/**
 * @typedef {object} Namespace a namespace of Workers KV
 * @property {(key: string) => Promise<string | null>} get
 * @property {(key: string, value: string, options?: { expirationTtl?: number }) => Promise<void>} put
 * @property {(key: string) => Promise<void>} delete
 */

/**
 * A storage over a KV namespace. Workers KV has no lock, so two requests at the same time may each start a flow. Its
 * values can be a minute old in another data centre; for people who are sent away, take a storage without this delay.
 *
 * @param {Namespace} namespace
 * @param {{ waitUntil(promise: Promise<unknown>): void }} context a write may end after the answer
 */
function kvStorage(namespace, context) {
  /** @param {Promise<void>} write */
  const lasting = (write) => {
    context.waitUntil(write)
    return write
  }
  return keyValueStorage({
    get: async (key) => (await namespace.get(key)) ?? undefined,
    set(key, value, ttlMs) {
      // KV keeps values for a minute at least.
      const options = ttlMs === undefined ? {} : { expirationTtl: Math.max(60, Math.ceil(ttlMs / 1000)) }
      return lasting(namespace.put(key, value, options))
    },
    delete: (key) => lasting(namespace.delete(key)),
  })
}

export default {
  /**
   * @param {Request} request
   * @param {{ ISSUER: string, HOST: string, TOKENS: Namespace }} env
   * @param {{ waitUntil(promise: Promise<unknown>): void }} context
   */
  async fetch(request, env, context) {
    const requester = createRequester({
      authorizationServers: [{ issuer: env.ISSUER, hosts: [env.HOST], client: { id: 'spa' } }],
      storage: kvStorage(env.TOKENS, context),
      // Take the user from a session that was checked, never from a header that anybody can send.
      requestingParty: request.headers.get('x-demo-user') ?? 'nobody',
    })
    return requester.fetch(env.HOST + new URL(request.url).pathname)
  },
}
