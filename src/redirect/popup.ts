/**
 * The redirect in a popup.
 *
 * @module
 */
import { InteractionRequiredError } from '../errors/interaction-errors.ts'
import { loadPart } from '../errors/load-error.ts'
import type { OpenableRedirectHandler, RedirectRequest } from '../flow/options.ts'
import { handToOpener } from '../flow/people/popup-channel.ts'
import type { PopupWindows as Windows } from './run-in-popup.ts'

/** Options of `popupRedirect`. */
export interface PopupRedirectOptions {
  /**
   * The callback page, which calls `handleCallback(requester)` or `completePopup()`. Its origin is that of this page.
   * @default the authorization server's redirect URI, then the requester's
   */
  redirectUri?: string
  /** The features of the window. @default 'popup,width=480,height=640' */
  features?: string
  /**
   * Opens an empty window when `requester.interact(task)` is called, so in the click: some browsers block a window that
   * opens later. The window closes if nobody is sent away. Without this option, a window opens only if a person is
   * needed.
   * @default false
   */
  openEarly?: boolean
  /**
   * Milliseconds between a window that looks closed and giving up, while this page has the focus again. If the
   * authorization server severs the opener (COOP), an open window looks closed.
   * @default 1500
   */
  closedGrace?: number
}

/**
 * Sends the person to the authorization server in a popup, and waits for the callback page in the popup.
 *
 * A request rejects with `InteractionRequiredError` if the popup was blocked or if there is no page, and with
 * `RedirectError` if the popup was closed, or if its callback page does not hand over its URL within 5 seconds.
 *
 * @example
 * const requester = createRequester({ ..., redirectUri, onRedirect: popupRedirect() })
 * button.onclick = () => requester.interact(() => show(photo))
 * // On the page of redirectUri: await handleCallback(requester), or await completePopup()
 */
export function popupRedirect(options: PopupRedirectOptions = {}): OpenableRedirectHandler {
  const { redirectUri, features = 'popup,width=480,height=640', openEarly = false, closedGrace = 1500 } = options
  const windows = new PopupWindows(features)
  return {
    async open({ issuer }) {
      if (globalThis.document === undefined) {
        throw new InteractionRequiredError('popupRedirect needs a page; it was called on a server', { issuer })
      }
      const { runInPopup } = await loadPart('popupRedirect', loadRun)
      const run = (request: RedirectRequest) => runInPopup(windows, request, closedGrace)
      return redirectUri === undefined ? { run } : { redirectUri, run }
    },
    ...(openEarly && { early: () => windows.openEarly() }),
  }
}

const loadRun = () => import('./run-in-popup.ts')

/** Opens windows, and knows the window that was opened before it was needed. */
class PopupWindows implements Windows {
  readonly #features: string
  #early: Window | null = null

  constructor(features: string) {
    this.#features = features
  }

  /** Opens an empty window. @returns closes the window, unless it was used */
  openEarly(): () => void {
    if (globalThis.document === undefined) return () => {}
    // If the person clicks twice, one window is enough.
    if (!this.#early || this.#early.closed) this.#early = this.#open('about:blank')
    const mine = this.#early
    return () => {
      if (!mine || this.#early !== mine) return
      this.#early = null
      mine.close()
    }
  }

  /** Shows a URL in the window that was opened early, or in a new one. null: the browser blocks the window. */
  show(url: string): Window | null {
    const early = this.#early
    this.#early = null
    if (!early || early.closed) return this.#open(url)
    early.location.replace(url)
    return early
  }

  #open(url: string): Window | null {
    return globalThis.open(url, '_blank', this.#features)
  }
}

/**
 * For the callback page of a popup that creates no requester: hands the URL of this page to the page that opened the
 * popup, and closes the window. The address bar is cleaned first. `handleCallback(requester)` does the same.
 *
 * @returns false if no page waits for this return; the window stays open
 * @throws Error on a server
 *
 * @example
 * const isDone = await completePopup()
 * document.body.textContent = isDone ? 'You can close this window.' : 'Nobody waits for this.'
 */
export async function completePopup(): Promise<boolean> {
  if (globalThis.document === undefined) throw new Error('completePopup needs a page; it was called on a server')
  const { href, pathname } = globalThis.location
  // Tickets and states do not stay in the address bar and the history.
  globalThis.history.replaceState(null, '', pathname)
  return handToOpener(href, new URL(href).searchParams.get('state') ?? '')
}
