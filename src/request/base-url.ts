/** The base of relative URLs. Only pages and workers have one. */
const baseUrl = (): string | undefined => globalThis.document?.baseURI ?? globalThis.location?.href

/**
 * The URL that a driver tells the engine: absolute where that is possible, and without userinfo, because a password must
 * not become part of a place.
 */
export function targetUrl(url: string): string {
  const absolute = absoluteUrl(url)
  const parsed = urlWithUserinfo(absolute)
  return parsed ? withoutUserinfo(parsed).href : absolute
}

/** The URL, absolute where that is possible. A URL that is absolute already stays as it is written. */
export function absoluteUrl(url: string): string {
  if (url.startsWith('https://') || url.startsWith('http://')) return url
  const base = baseUrl()
  return base && !URL.canParse(url) && URL.canParse(url, base) ? new URL(url, base).href : url
}

/** The parsed URL if it is absolute and carries a user name or a password. Most URLs need no parsing for that. */
export function urlWithUserinfo(url: string): URL | undefined {
  const parsed = url.includes('@') ? URL.parse(url) : undefined
  return parsed && hasUserinfo(parsed) ? parsed : undefined
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
