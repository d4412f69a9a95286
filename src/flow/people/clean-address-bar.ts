import type { Scheme } from '../../schemes/scheme.ts'

/** The parameters of any return, besides those of the schemes. */
const common = ['code', 'ticket', 'error', 'state', 'iss', 'session_state', 'error_description', 'error_uri']

/**
 * Removes tickets, codes and states from the address bar and the history, if the page was opened on this URL
 * (UMA Grant §5.1, RFC 9700 §4.2).
 */
export function cleanAddressBar(url: string, schemes: readonly Scheme[]): void {
  const { history, location } = globalThis as { history?: History; location?: Location }
  if (!location || location.href !== url) return
  const clean = new URL(url)
  for (const name of [...common, ...schemes.flatMap(({ redirect }) => redirect?.parameters ?? [])]) {
    clean.searchParams.delete(name)
  }
  history?.replaceState(history.state, '', clean)
}
