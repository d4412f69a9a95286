/**
 * The redirect that leaves the page.
 *
 * @module
 */
import { RedirectError } from '../errors/index.ts'
import type { OpenableRedirectHandler } from '../flow/options.ts'

/** Options of `pageRedirect`. */
export interface PageRedirectOptions {
  /** The callback page, which calls `handleCallback(requester)`. Default: the requester's `redirectUri`. */
  redirectUri?: string
  /**
   * Keep headers and text body of the request too, so that `replay()` of the callback can send it again; the caller's
   * `Authorization` is never kept. Default: false, method and URL only.
   */
  storeRequest?: boolean
  /** Leaves the page. Default: `location.assign`. */
  navigate?: (url: string) => void
}

/**
 * Sends the person to the authorization server in this page. The flow waits in the requester's storage, which must outlive the
 * page, and goes on in `requester.handleCallback`.
 */
export function pageRedirect(options: PageRedirectOptions = {}): OpenableRedirectHandler {
  const { redirectUri, storeRequest, navigate = (url) => globalThis.location.assign(url) } = options
  return {
    open: async () => ({
      ...(redirectUri && { redirectUri }),
      ...(storeRequest && { storeRequest }),
      leaves: true,
      // Nobody is left to hear of it, unless the person comes back with the back button and finds the page as it was (bfcache).
      run: ({ url, issuer, signal }) =>
        new Promise((_resolve, reject) => {
          const shown = ({ persisted }: PageTransitionEvent): void => {
            if (persisted) reject(new RedirectError('The person came back without an answer', { issuer }))
          }
          globalThis.addEventListener?.('pageshow', shown, { signal })
          navigate(url)
        }),
    }),
  }
}
