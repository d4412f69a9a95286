import type { Scheme } from '../../schemes/scheme.ts'

/** The parameters of any return, besides those of the schemes. */
const common = ['code', 'ticket', 'error', 'state', 'iss', 'session_state', 'error_description', 'error_uri']

/**
 * Removes tickets, codes and states from the address bar and the history, if the page was opened on this URL
 * (UMA Grant §5.1, RFC 9700 §4.2).
 *
 * @returns whether this page was opened on this URL
 */
export function cleanAddressBar(url: string, schemes: readonly Scheme[]): boolean {
  const { history, location } = globalThis as { history?: History; location?: Location }
  if (!location || location.href !== url) return false
  const clean = new URL(url)
  for (const name of [...common, ...schemes.flatMap(({ redirect }) => redirect?.parameters ?? [])]) {
    clean.searchParams.delete(name)
  }
  history?.replaceState(history.state, '', clean)
  return true
}
