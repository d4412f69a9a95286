/** The base of relative URLs. Only pages and workers have one. */
export const baseUrl = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href

/**
 * The URL that a driver tells the engine: absolute where that is possible, and without userinfo, because a password must
 * not become part of a place.
 */
export function targetUrl(url: string): string {
  const base = baseUrl()
  const absolute = base && !URL.canParse(url) && URL.canParse(url, base) ? new URL(url, base).href : url
  const parsed = absolute.includes('@') ? URL.parse(absolute) : undefined
  return parsed && hasUserinfo(parsed) ? withoutUserinfo(parsed).href : absolute
}

/** Whether a URL carries a user name or a password. */
export const hasUserinfo = ({ username, password }: URL): boolean => username !== '' || password !== ''

/** A copy of a URL without user name and password. */
export function withoutUserinfo(url: URL): URL {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  return copy
}
