/**
 * openapi-fetch: it makes a `Request`, which has no place for the option `uma`. The options of all requests go to
 * `wrapFetch`, and the options of one request to a `fetch` for that request.
 */
import createClient from 'openapi-fetch'

/**
 * @param {import('uma-requester').Requester} requester
 * @param {string} baseUrl
 */
export const clientFor = (requester, baseUrl) => createClient({ baseUrl, fetch: requester.fetch })

/**
 * A `fetch` for one request with options of its own. It also works with every other client that takes a `fetch`.
 *
 * @param {import('uma-requester').Requester} requester
 * @param {import('uma-requester').UmaRequestOptions} uma
 *
 * @example await client.PUT('/photos/{id}', { params, body, fetch: withUma(requester, { scope: 'write' }) })
 */
export const withUma =
  (requester, uma) =>
  /** @param {Request} request */
  (request) =>
    requester.fetch(request, { uma })
