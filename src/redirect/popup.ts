/**
 * The redirect in a popup.
 *
 * @module
 */
import { InteractionRequiredError, RedirectError } from '../errors/index.ts'
import type { OpenableRedirectHandler } from '../flow/options.ts'

/** Options of `popupRedirect`. */
export interface PopupRedirectOptions {
  /** The callback page, which calls `completePopup()`. Default: the requester's `redirectUri`. */
  redirectUri?: string
  /** Window features. Default: a popup of 480 by 640. */
  features?: string
  /**
   * Milliseconds between a window that looks closed and giving up, while this page has the focus again. Where the authorization
   * server severs the opener (COOP), a window looks closed that is not. Default: 1500.
   */
  closedGrace?: number
}

/** A redirect handler that can be given a window that was opened on a click. */
export interface PopupRedirectHandler extends OpenableRedirectHandler {
  /**
   * Call it in the click handler, before the request: browsers block windows that open later.
   *
   * @returns closes the window again if no redirect has used it: call it when the request is over
   */
  prepare(): () => void
}

const channelOf = (state: string): BroadcastChannel => new BroadcastChannel(`uma-requester:${state}`)

/**
 * Sends the person to the authorization server in a popup and waits for the callback page there to call `completePopup()`.
 * Rejects with `InteractionRequiredError` where the popup was blocked and `RedirectError` where it was closed.
 */
export function popupRedirect(options: PopupRedirectOptions = {}): PopupRedirectHandler {
  const { redirectUri, features = 'popup,width=480,height=640', closedGrace = 1500 } = options
  let prepared: Window | null = null
  const openWindow = (url: string): Window | null => globalThis.window.open(url, '_blank', features)
  return {
    prepare() {
      // A click too many: the window that is there will do.
      if (!prepared || prepared.closed) prepared = openWindow('about:blank')
      const mine = prepared
      return () => {
        if (!mine || prepared !== mine) return
        prepared = null
        mine.close()
      }
    },
    open: async () => ({
      ...(redirectUri && { redirectUri }),
      async run({ url, state, issuer, signal }) {
        let popup = prepared
        prepared = null
        if (popup && !popup.closed) popup.location.replace(url)
        else popup = openWindow(url)
        if (!popup)
          throw new InteractionRequiredError('The popup was blocked: call prepare() in the click handler', { issuer })
        const channel = channelOf(state)
        let closedSince = 0
        let watch: ReturnType<typeof setInterval> | undefined
        let abort = (): void => {}
        try {
          return await new Promise<string>((resolve, reject) => {
            channel.onmessage = ({ data }) => {
              if (typeof data !== 'string') return
              channel.postMessage({ received: true })
              resolve(data)
            }
            abort = () => reject(signal.reason)
            signal.addEventListener('abort', abort)
            if (signal.aborted) abort()
            watch = setInterval(() => {
              closedSince = popup.closed && document.hasFocus() ? closedSince || Date.now() : 0
              if (closedSince && Date.now() - closedSince >= closedGrace) {
                reject(new RedirectError('The popup was closed', { issuer }))
              }
            }, 250)
          })
        } finally {
          clearInterval(watch)
          signal.removeEventListener('abort', abort)
          channel.close()
          popup.close()
        }
      },
    }),
  }
}

/**
 * All that the callback page of a popup has to do: hands the way back to the page that opened the popup and closes the window.
 *
 * @returns false when nobody took it, and the window stays open
 */
export async function completePopup(): Promise<boolean> {
  const { href, pathname } = globalThis.location
  const state = new URL(href).searchParams.get('state')
  // Tickets and states do not stay in the address bar and the history.
  globalThis.history.replaceState(null, '', pathname)
  if (!state) return false
  const channel = channelOf(state)
  const received = await new Promise<boolean>((resolve) => {
    channel.onmessage = () => resolve(true)
    channel.postMessage(href)
    setTimeout(resolve, 3000, false)
  })
  channel.close()
  if (received) globalThis.window.close()
  return received
}
