import { RedirectError } from '../errors/index.ts'

/** Milliseconds that a callback page has to hand over its URL, after it was loaded. */
const completionTime = 5000

/** Milliseconds between two looks at a popup. */
const lookInterval = 250

/** The facts that a popup is judged by. */
export interface PopupFacts {
  /** Where the person was sent. */
  url: string
  redirectUri: string | undefined
  issuer: string
  /** Milliseconds between a window that looks closed and giving up. */
  closedGrace: number
}

/**
 * Rejects if the popup brings no answer: it was closed, or its callback page hands nothing over.
 *
 * @param stopped ends the watch; the promise then stays pending
 * @throws RedirectError
 */
export function watchPopup(
  popup: Window,
  { url, redirectUri, issuer, closedGrace }: PopupFacts,
  stopped: AbortSignal,
): Promise<never> {
  const isClosed = lasting(() => popup.closed && document.hasFocus(), closedGrace)
  const isStuck = lasting(hasComeBack(popup, url, redirectUri), completionTime)
  return new Promise((_resolve, reject) => {
    const timer = setInterval(() => {
      if (isClosed()) reject(new RedirectError('The popup was closed', { issuer }))
      if (isStuck()) reject(new RedirectError(notCompleted, { issuer }))
    }, lookInterval)
    stopped.addEventListener('abort', () => clearInterval(timer))
  })
}

const notCompleted =
  'The popup is back on a page of this app, which did not hand over its URL: call handleCallback() or completePopup() ' +
  'on the page of redirectUri'

/** Makes a function that tells whether a condition held at each look for some time. */
function lasting(condition: () => boolean, ms: number): () => boolean {
  let since: number | undefined
  return () => {
    since = condition() ? (since ?? performance.now()) : undefined
    return since !== undefined && performance.now() - since >= ms
  }
}

/**
 * Makes a function that tells whether the popup has loaded the page of the redirect URI, or another page of this app
 * after that page. The pages of an authorization server may have this app's origin, too: they do not count.
 */
function hasComeBack(popup: Window, url: string, redirectUri: string | undefined): () => boolean {
  const callbackPath = redirectUri && URL.parse(redirectUri)?.pathname
  const isOwnServer = URL.parse(url)?.origin === globalThis.location.origin
  let cameBack = redirectUri === undefined && !isOwnServer
  return () => {
    const path = loadedPath(popup)
    if (path === undefined) return false
    if (path === callbackPath) cameBack = true
    return cameBack
  }
}

/** The path that the popup has loaded; undefined for a page of another origin, and while the page is loading. */
function loadedPath(popup: Window): string | undefined {
  try {
    const { origin, pathname } = popup.location
    const isLoaded = origin === globalThis.location.origin && popup.document.readyState === 'complete'
    return isLoaded ? pathname : undefined
  } catch {
    return undefined
  }
}
