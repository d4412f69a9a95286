/**
 * The redirect of a server that renders pages, or answers requests of browsers.
 *
 * @module
 */
import { findUmaError, RedirectNeededError, redirectUrlOf } from '../errors/index.ts'
import type { OpenableRedirectHandler } from '../flow/options.ts'
import { type KeepingOptions, openKeeping } from './keeping.ts'

/** Options of `serverRedirect`. */
export interface ServerRedirectOptions extends KeepingOptions {}

/**
 * For programs on a server: the flow waits in the requester's storage, and each request that waits for the flow rejects
 * with `RedirectNeededError`. Answer with a redirect to `redirectOf(error)`. On the route of the redirect URI,
 * `handleCallback(requester.as(user), url)` of `uma-requester/callback` finishes the flow, or rejects with another
 * `RedirectNeededError` if the authorization server sends the person away once more.
 *
 * Each request that needs the person gets a URL of its own, so every tab can come back. A person is sent away at most
 * `maxRounds` times for one place within `timeouts.flow`, until the place opens; then requests reject with
 * `InteractionRequiredError` (`reason: 'redirect_loop'`). Background requests should have `interactive: false`.
 *
 * @example
 * const requester = createRequester({
 *   authorizationServers, requestingParty: 'app', storage: sqliteStorage({ path }), redirectUri,
 *   onRedirect: serverRedirect(),
 * })
 */
export function serverRedirect(options: ServerRedirectOptions = {}): OpenableRedirectHandler {
  return {
    open: () =>
      openKeeping('serverRedirect', options, async ({ url, issuer }) => {
        throw new RedirectNeededError(`${issuer} needs the person: answer with a redirect to redirectOf(error)`, {
          issuer,
          url,
        })
      }),
  }
}

/**
 * The URL that the person must go to, if the error is a `RedirectNeededError` or has one among its causes (at most 8
 * deep), such as the cause of an `AxiosError`. The URL holds a state: do not log it.
 *
 * @param error any value that was thrown
 * @returns `undefined` for every other error
 *
 * @example
 * const redirect = redirectOf(error)
 * if (redirect) return response.redirect(303, redirect)
 */
export function redirectOf(error: unknown): string | undefined {
  const needed = findUmaError(error, 'redirect_needed')
  return needed && redirectUrlOf(needed)
}
