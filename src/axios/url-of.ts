/** The URL of a request, as axios's adapters compute it. */
import { Axios } from 'axios'
import type { Config } from './captured-request.ts'

/** Computes URLs without the defaults of any instance, because the adapter knows no defaults either. */
const withoutDefaults = new Axios({})

const absolute = /^https?:\/\//i
const absoluteWithoutSlashAtEnd = /^https?:\/\/.*[^/]$/is
const rootedPath = /^\/(?!\/)/

/**
 * The URL that the adapter will compute, from the final config alone. axios itself merges two configs to compute a URL,
 * so that the two plainest cases are computed here.
 *
 * @returns undefined if the URL cannot be computed, because then the adapter rejects
 */
export function urlOf({ baseURL, url, allowAbsoluteUrls, params, paramsSerializer }: Config): string | undefined {
  if (typeof url === 'string' && !params) {
    if (absolute.test(url) && (!baseURL || allowAbsoluteUrls !== false)) return url
    if (rootedPath.test(url) && typeof baseURL === 'string' && absoluteWithoutSlashAtEnd.test(baseURL)) {
      return baseURL + url
    }
  }
  try {
    return withoutDefaults.getUri({ baseURL, url, allowAbsoluteUrls, params, paramsSerializer } as Config)
  } catch {
    return undefined
  }
}
