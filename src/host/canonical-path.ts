/** Reads a request's path. A path with two readings is refused: the router behind may take the other one (F-R-j). */

/** Why a path has no one reading. */
export interface PathRefusal {
  refused:
    | 'not a path'
    | 'character'
    | 'encoding'
    | 'encoded delimiter'
    | 'encoded twice'
    | 'empty segment'
    | 'dot segment'
}

/** Nothing in it can be read in two ways: most paths. */
const plain = /^(?=\/)(?:\/[\w~!$&'()+,=:@-][\w.~!$&'()*+,=:@-]*)*\/?$/

/** Slash, backslash, dot and control characters, encoded: routers differ in when they decode, so these must not be there. */
const encodedDelimiter = /%(?:2f|5c|2e|[01][0-9a-f]|7f)/i
const encoded = /%[0-9a-f]{2}/i
const badEncoding = /%(?![0-9a-f]{2})/i
const notInPaths = /[^!-~]|[\\#?]/
/** What is written with more than one byte and still a control character, or a line's end. */
const control = /[\x7f-\x9f\u2028\u2029]/
/** Nothing is left of such a segment, for those at least who strip `;params`. */
const emptySegment = /\/[/;?#]/
/** A segment of dots, spaces and what is not seen only, also with `;params` behind it. */
const dots = /\/[.\s\p{Default_Ignorable_Code_Point}]+(?:[/;?#]|$)/u

/**
 * The path as it is looked up: percent-decoded once, without a final slash.
 *
 * @param path as on the wire, or out of a parsed URL; without query
 */
export function canonicalPath(path: string): string | PathRefusal {
  if (plain.test(path)) return withoutFinalSlash(path)
  if (path[0] !== '/') return { refused: 'not a path' }
  if (notInPaths.test(path)) return { refused: 'character' }
  if (path.includes('//')) return { refused: 'empty segment' }
  if (badEncoding.test(path)) return { refused: 'encoding' }
  if (encodedDelimiter.test(path)) return { refused: 'encoded delimiter' }
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return { refused: 'encoding' }
  }
  const same = decoded.normalize('NFKC')
  // A letter that stands for one with a slash in it (℅, ／) would make two segments of one.
  if (same.split('/').length !== decoded.split('/').length) return { refused: 'character' }
  const refused = structure(decoded) ?? structure(same)
  return refused ? { refused } : withoutFinalSlash(decoded)
}

/** What makes another path of it for somebody: as it is, or once letters of the same meaning were made one. */
function structure(text: string): PathRefusal['refused'] | undefined {
  if (encoded.test(text)) return 'encoded twice'
  if (text.includes('\\') || control.test(text)) return 'character'
  if (emptySegment.test(text)) return 'empty segment'
  return dots.test(text) ? 'dot segment' : undefined
}

const withoutFinalSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

/** Ends of a segment that some routers do not see: `;params`, and a `?` or `#` that was encoded. */
const cut = /[;?#].*$/s
const ignorable = /\p{Default_Ignorable_Code_Point}/gu

/**
 * What the laxest of routers may make of a canonical path: case folded, compatibility characters replaced, without `;params`,
 * empty segments, and dots and spaces at the ends of segments. Two paths with the same fold may be one to such a router.
 */
export function foldPath(path: string): string {
  const ascii = /^[\0-\x7f]*$/.test(path)
  const text = ascii ? path.toLowerCase() : foldText(path)
  const segments: string[] = []
  for (const raw of text.replaceAll('\\', '/').split('/')) {
    const segment = foldSegment(raw)
    if (segment) segments.push(segment)
  }
  return `/${segments.join('/')}`
}

/**
 * The folds of a path as routers differ in where they see its end: at an encoded `?` or `#` that they decode too early, at a `;`, or
 * where it is.
 */
export function laxReadings(path: string): string[] {
  const readings = [foldPath(path)]
  for (const end of [/[?#]/, /[;?#]/]) {
    const at = path.search(end)
    if (at > 0) readings.push(foldPath(path.slice(0, at)))
  }
  return readings
}

/** The stream of a file on NTFS: `1.jpg::$DATA` is `1.jpg`, and `folder:$I30:$INDEX_ALLOCATION` is `folder`. */
const ntfsStream = /:[^:]*:\$.*$/s

function foldSegment(raw: string): string {
  const segment = raw.replace(ntfsStream, '').replace(cut, '').replaceAll('+', ' ').trimStart()
  // Not with a regular expression: those look again from every dot of a long row.
  let end = segment.length
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end--
  return segment.slice(0, end)
}

/** Down, up and down again, so that letters with one capital are one: ß, ẞ and ss. */
function foldText(text: string): string {
  const folded = text.normalize('NFKC').replace(ignorable, '').toLowerCase().toUpperCase().toLowerCase()
  return folded.normalize('NFKC')
}

/** The path of a request target or a URL as it was sent: without query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query < 0 ? target : target.slice(0, query)
}

/**
 * The canonical form of what a resource is registered under: a path, a URL of which the path counts, or a pattern with `:name`
 * segments and a final `/*`. What stands for itself is decoded, but for the characters that mean something here.
 *
 * @throws TypeError if it has no one reading
 */
export function canonicalPattern(url: string): string {
  const wire = wirePath(url)
  const read = canonicalPath(wire)
  if (typeof read === 'object') throw new TypeError(`A resource's URL has to have one reading (${read.refused}).`)
  const segments = wire === '/' ? [] : wire.replace(/\/$/, '').slice(1).split('/')
  return `/${segments.map((segment, index) => patternSegment(segment, index === segments.length - 1)).join('/')}`
}

function patternSegment(segment: string, last: boolean): string {
  if (/^:\w*$/.test(segment)) return ':'
  if (segment === '*' && last) return '*'
  if (/^:|\*/.test(segment)) {
    throw new TypeError('The URL of a resource may have ":name" as a whole segment and "*" as its last.')
  }
  return decodeURIComponent(segment).replace(
    /[%?#*]|^:/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The text that a literal segment of a pattern stands for. */
export const literalSegment = (segment: string): string =>
  segment.replace(/%(2[35A]|3[AF])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/**
 * The path of a URL as people write it, as it would be on the wire: letters encoded, nothing else tidied up.
 *
 * @throws TypeError if it is no string, or not well-formed Unicode
 */
export function wirePath(url: string): string {
  if (typeof url !== 'string') throw new TypeError("The URL of a resource is a string, such as '/alice/1.jpg'.")
  const path = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/'
  return path.replace(/[^!-~]+/g, encode)
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    throw new TypeError("A resource's URL is not well-formed Unicode.")
  }
}
