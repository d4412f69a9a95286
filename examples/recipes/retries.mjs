/**
 * Libraries that retry: an error that certainly comes again, such as a denial, is not retried. Otherwise each retry would
 * cost a whole flow. A retry after an error that may pass, such as a connection that was reset, stays allowed.
 */
import { QueryClient } from '@tanstack/query-core'
import axios from 'axios'
import axiosRetry, { isNetworkOrIdempotentRequestError } from 'axios-retry'
import { createFetch } from 'ofetch'
import pRetry from 'p-retry'
import { findUmaError } from 'uma-requester'
import { attachRequester } from 'uma-requester/axios'
import wretch from 'wretch'
import { retry } from 'wretch/middlewares'

/** The pause before a retry, in milliseconds. */
const pause = 200

/**
 * Whether a retry may help. Errors that are not of uma-requester are left to the library.
 *
 * @param {unknown} error
 */
const isWorthRetrying = (error) => findUmaError(error)?.retryable ?? true

/**
 * p-retry.
 *
 * @param {import('uma-requester').Requester} requester
 * @param {string} url
 */
export const withPRetry = (requester, url) =>
  pRetry(() => requester.fetch(url), {
    retries: 3,
    minTimeout: pause,
    shouldRetry: ({ error }) => isWorthRetrying(error),
  })

/** TanStack Query, whatever the framework. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: (failures, error) => failures < 3 && isWorthRetrying(error), retryDelay: pause },
  },
})

/**
 * ofetch.
 *
 * @param {import('uma-requester').Requester} requester
 */
export const ofetchFor = (requester) =>
  createFetch({
    fetch: requester.fetch,
    defaults: {
      retry: 3,
      retryDelay: pause,
      onRequestError({ error, options }) {
        if (!isWorthRetrying(error)) options.retry = false
      },
    },
  })

/**
 * wretch.
 *
 * @param {import('uma-requester').Requester} requester
 */
export const wretchFor = (requester) =>
  wretch()
    .fetchPolyfill(requester.fetch)
    .middlewares([
      retry({
        maxAttempts: 3,
        delayTimer: pause,
        retryOnNetworkError: true,
        until: (response, error) => response?.ok || (error !== undefined && !isWorthRetrying(error)),
      }),
    ])

/**
 * axios-retry.
 *
 * @param {import('uma-requester').Requester} requester
 */
export function axiosFor(requester) {
  const api = axios.create()
  attachRequester(api, requester)
  axiosRetry(api, {
    retries: 3,
    retryDelay: () => pause,
    retryCondition: (error) => findUmaError(error)?.retryable ?? isNetworkOrIdempotentRequestError(error),
  })
  return api
}
