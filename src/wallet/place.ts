/** A place: a method, a URL and, if the application gave one, an operation. A place can remember several RPTs. */
export interface Place {
  /** Upper case. */
  method: string
  /** Absolute, without fragment and userinfo. */
  url: string
  /** The hash of `uma.operation`, for one URL whose permission depends on the body. */
  operation?: string | undefined
}

/** Names the URL and the operation of a place in one string. A URL of a place has no fragment, so `#` separates them. */
export const targetOf = ({ url, operation }: Pick<Place, 'url' | 'operation'>): string =>
  operation === undefined ? url : `${url}#${operation}`

/** Names a place, for sets and maps. */
export const placeKey = (place: Place): string => `${place.method} ${targetOf(place)}`

/**
 * The place of a request: the URL loses its fragment and its userinfo, because a password must not reach events,
 * `inspect()` or the storage.
 *
 * @returns undefined if the URL is not absolute, or not http(s)
 */
export function toPlace(method: string, url: string, operation?: string): Place | undefined {
  const parsed = URL.parse(url)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return undefined
  // Most URLs have none of these, and setting a member of a URL is slow.
  if (url.includes('#')) parsed.hash = ''
  if (parsed.username) parsed.username = ''
  if (parsed.password) parsed.password = ''
  return operation === undefined ? { method, url: parsed.href } : { method, url: parsed.href, operation }
}
