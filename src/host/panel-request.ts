/** What a request to the panel is about. */
import { canonicalPath, pathOf } from './canonical-path.ts'

/** The resource that `?uri=…&name=…` names. */
export interface PanelSubject {
  /** Canonical: percent-decoded once, without a final slash. */
  path: string
  /** The same for `protect` and `resourceAt`: nothing in it is read as a pattern. */
  url: string
  /** As the page calls it; undefined: it does not say. */
  name?: string
}

const longestUri = 2000
const longestName = 120
/** What would turn the text around, or the line over. */
const unruly = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/gu

/** A name as one line that is what it looks like, not endless. */
export function plainName(text: string | null | undefined): string | undefined {
  const name = [...(text ?? '').replace(unruly, ' ').replace(/\s+/g, ' ').trim()]
  return name.length > longestName ? `${name.slice(0, longestName - 1).join('')}…` : name.join('') || undefined
}

/**
 * @param origins of the host: a `uri` with another one is not its resource
 * @returns undefined: no resource of this host, or none that has one reading
 */
export function subjectOf(query: URLSearchParams, origins: readonly string[]): PanelSubject | undefined {
  const [uri = '', ...more] = query.getAll('uri')
  if (!uri || more.length || uri.length > longestUri) return undefined
  // Not through the URL parser: it tidies up what the warden refuses.
  const [, origin, target] = /^([a-z][a-z\d+.-]*:\/\/[^/?#\\]*)?([^?#]*)$/i.exec(uri) ?? []
  if (target === undefined || (origin !== undefined && !origins.includes(originOf(origin)))) return undefined
  const path = canonicalPath(pathOf((target || '/').replace(/[^!-~]+/g, encodeURIComponent)))
  if (typeof path !== 'string') return undefined
  const name = plainName(query.get('name'))
  return { path, url: asWritten(path), ...(name !== undefined && { name }) }
}

/** @returns what no origin is equal to where it is none */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url && !url.username && !url.password && /^https?:$/.test(url.protocol) ? url.origin : ''
}

/** A canonical path as a URL's; `*` and `:` are encoded too, for a resource may be called so. */
const asWritten = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('*', '%2A'))
    .join('/')

/** The fields of a form that was sent; undefined: it is none, or too long to be the panel's. */
export async function formOf(request: Request): Promise<URLSearchParams | undefined> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return undefined
  const cap = 4096
  const reader = request.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let size = 0; ; ) {
    const { done, value } = (await reader?.read()) ?? { done: true }
    if (done) return new URLSearchParams(text + decoder.decode())
    size += value.byteLength
    if (size > cap) {
      reader?.cancel().catch(() => {})
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}
