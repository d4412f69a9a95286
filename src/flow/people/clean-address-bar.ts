/** The parameters of any return, besides those of the schemes. */
export const returnParameters: readonly string[] = [
  'code',
  'ticket',
  'error',
  'state',
  'iss',
  'session_state',
  'error_description',
  'error_uri',
]

/**
 * Removes parameters, such as tickets, codes and states, from the address bar and the history, if this page is at this
 * URL (UMA Grant §5.1, RFC 9700 §4.2).
 *
 * @returns the clean URL; undefined if this page is at another URL, or if there is no page
 */
export function cleanAddressBar(url: string, parameters: readonly string[]): string | undefined {
  const { history, location } = globalThis as { history?: History; location?: Location }
  if (!location || location.href !== url) return undefined
  const clean = new URL(url)
  for (const name of parameters) clean.searchParams.delete(name)
  if (clean.href !== url) history?.replaceState(history.state, '', clean)
  return clean.href
}

/** Puts the URL of a return back into the address bar, if this page is still at the clean URL. */
export function restoreAddressBar(cleanUrl: string, url: string): void {
  const { history, location } = globalThis
  if (location.href === cleanUrl) history.replaceState(history.state, '', url)
}
