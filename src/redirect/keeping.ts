import { loadPart } from '../errors/index.ts'
import type { OpenedRedirect, RedirectHandler } from '../flow/options.ts'
import { leavingRedirect } from '../flow/people/leaving.ts'

/** Options of the redirects whose flow waits in the storage. */
export interface KeepingOptions {
  /**
   * Where people come back to: the page or route that calls `handleCallback`.
   * @default the authorization server's redirect URI, then the requester's
   */
  redirectUri?: string
  /**
   * Keeps headers and text body of the request, too, so that `replay()` of `handleCallback` can send it again. The
   * caller's `Authorization` is never kept.
   * @default false (method and URL only)
   */
  storeRequest?: boolean
}

/**
 * Opens a redirect whose flow waits in the storage. The code for that is loaded here.
 *
 * @param name the handler, for the message of the error
 * @throws LoadError
 */
export async function openKeeping(
  name: string,
  { redirectUri, storeRequest = false }: KeepingOptions,
  run: RedirectHandler,
): Promise<OpenedRedirect> {
  const { keepFlow } = await loadPart(name, () => import('../flow/people/keep-flow.ts'))
  const opened: OpenedRedirect = redirectUri === undefined ? { run } : { redirectUri, run }
  return leavingRedirect(opened, (flowRun, leaving) => keepFlow(flowRun, leaving, storeRequest))
}
