import { abortable } from '../async/abortable.ts'
import { InteractionRequiredError, RedirectError } from '../errors/index.ts'
import type { RedirectRequest } from '../flow/options.ts'
import { popupChannel } from '../flow/people/popup-channel.ts'
import { watchPopup } from './watch-popup.ts'

/** Opens the windows of one redirect handler. */
export interface PopupWindows {
  /** Shows a URL in a window. null: the browser blocks the window. */
  show(url: string): Window | null
}

/**
 * Sends the person away in a window, and waits for the callback page in the window.
 *
 * @param closedGrace milliseconds between a window that looks closed and giving up
 * @throws InteractionRequiredError if the browser blocks the window; RedirectError
 */
export async function runInPopup(
  windows: PopupWindows,
  request: RedirectRequest,
  closedGrace: number,
): Promise<string> {
  const { url, state, issuer, redirectUri, signal } = request
  const { origin } = globalThis.location
  if (redirectUri !== undefined && URL.parse(redirectUri)?.origin !== origin) {
    throw new RedirectError(`popupRedirect: redirectUri must have the origin of this page, ${origin}`, { issuer })
  }
  const popup = windows.show(url)
  if (!popup) {
    throw new InteractionRequiredError(
      'The popup was blocked: call requester.interact() in the click, with popupRedirect({ openEarly: true })',
      { issuer },
    )
  }
  const channel = popupChannel(state)
  const ended = new AbortController()
  try {
    const watching = watchPopup(popup, { url, redirectUri, issuer, closedGrace }, ended.signal)
    return await abortable(Promise.race([receiveUrl(channel), watching]), signal)
  } finally {
    ended.abort()
    channel.close()
    popup.close()
  }
}

/** Takes the URL from the callback page, and tells the page so. */
function receiveUrl(channel: BroadcastChannel): Promise<string> {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => {
      if (typeof data !== 'string') return
      channel.postMessage({ received: true })
      resolve(data)
    }
  })
}
