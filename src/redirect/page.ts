/**
 * The redirect that leaves the page.
 *
 * @module
 */
import { InteractionRequiredError, RedirectError } from '../errors/index.ts'
import type { OpenableRedirectHandler, RedirectRequest } from '../flow/options.ts'
import { type KeepingOptions, openKeeping } from './keeping.ts'

/** Options of `pageRedirect`. */
export interface PageRedirectOptions extends KeepingOptions {
  /**
   * Sends the person to the URL in another way, such as the browser of the system. It may return a promise. If it throws,
   * or if its promise rejects, the request rejects with that error. The URL holds a state: do not log it.
   *
   * If the page stays and calls `handleCallback`, the request rejects with `RedirectError` (`reason: 'continued'`).
   * @default `location.assign`
   */
  navigate?: (url: string) => unknown
}

/**
 * Sends the person to the authorization server in this page. The flow waits in the requester's storage, which must
 * outlive the page. `handleCallback` of `uma-requester/callback` finishes the flow on the page of the redirect URI.
 *
 * A request rejects with `RedirectError` if the person comes back with the back button and finds the page as it was,
 * and with `InteractionRequiredError` on a server.
 *
 * @example
 * createRequester({ ..., storage: webStorage(sessionStorage), redirectUri, onRedirect: pageRedirect() })
 * // On the page of redirectUri:
 * const { request, replay } = await handleCallback(requester)
 */
export function pageRedirect(options: PageRedirectOptions = {}): OpenableRedirectHandler {
  const { navigate } = options
  return {
    async open({ issuer }) {
      if (!navigate && globalThis.document === undefined) {
        throw new InteractionRequiredError('pageRedirect needs a page; it was called on a server', { issuer })
      }
      return openKeeping('pageRedirect', options, (request) => leavePage(request, navigate ?? assignLocation))
    },
  }
}

function assignLocation(url: string): void {
  globalThis.location.assign(url)
}

/** Leaves the page. Nobody is left to wait for an answer, unless the browser restores the page from its bfcache. */
function leavePage({ url, issuer, signal }: RedirectRequest, navigate: (url: string) => unknown): Promise<never> {
  return new Promise((_resolve, reject) => {
    const shown = ({ persisted }: PageTransitionEvent): void => {
      if (persisted) reject(new RedirectError('The person came back without an answer', { issuer }))
    }
    globalThis.addEventListener?.('pageshow', shown, { signal })
    Promise.resolve(navigate(url)).catch(reject)
  })
}
