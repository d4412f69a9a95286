/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.3). */
export interface AuthChallenge {
  /** Lower-cased. */
  scheme: string
  token68?: string
  /** Without a prototype; names lower-cased. Of a parameter that occurs twice, the first value. */
  params: Record<string, string>
  /** Names of parameters that occur again with another value. */
  conflict?: string[]
}

export interface ParsedChallenges {
  challenges: AuthChallenge[]
  /** What was wrong with the field, each kind once. */
  issues: string[]
}

const allowed = /[\t -~\x80-\uffff]/
const space = /[\t ]/
const separator = /[\t ,]/
const other = /[^\t ,]/
const tchar = /[\w!#$%&'*+.^`|~-]/
const token68 = /[\w.~+/-]/
const equals = /=/
const quote = /"/
const notQuote = /[^"]/

/**
 * Reads a `WWW-Authenticate` field, or its lines. Never throws. It goes through the text once and tests one character at
 * a time, so that it takes linear time whatever the text is. Deviations that hosts are known for (missing commas,
 * unquoted values) are read as they were meant. After anything else that is malformed no challenge is open: what follows
 * never becomes a parameter of a challenge that it may not belong to.
 */
// biome-ignore lint/complexity/noExcessiveCognitiveComplexity: A parser that reads one character after the other.
export function parseWwwAuthenticate(
  value: string | readonly string[] | null | undefined,
  maxLength = 16384,
  maxChallenges = 64,
): ParsedChallenges {
  const challenges: AuthChallenge[] = []
  const issues = new Set<string>()
  const field = [value ?? []].flat().join(', ')
  if (field.length > maxLength) return { challenges, issues: ['too-long'] }

  const text = field.replaceAll('\r\n ', ' ').replaceAll('\r\n\t', ' ')
  let at = 0
  /** The challenge that takes the next parameter. */
  let open: AuthChallenge | undefined
  /** Its `conflict`. */
  let conflicts = new Set<string>()
  /** A parameter was last. */
  let needsComma = false

  const next = (kind: RegExp) => kind.test(text.charAt(at))
  const take = (kind: RegExp) => {
    const start = at
    while (next(kind)) at++
    return text.slice(start, at)
  }
  const takeQuoted = () => {
    const start = ++at
    while (next(notQuote)) at += text[at] === '\\' ? 2 : 1
    if (next(quote)) return text.slice(start, at++).replace(/\\(.)/gs, '$1')
    issues.add('unterminated-quoted-string')
    return
  }
  const takeUnquoted = () => {
    const part = take(tchar)
    if (!part || next(other)) issues.add('non-token-unquoted-value')
    return part + take(other)
  }

  take(allowed)
  if (at < text.length) return { challenges, issues: ['control-character'] }
  at = 0

  for (;;) {
    const comma = take(separator).includes(',')
    if (at >= text.length) break
    const name = take(tchar).toLowerCase()
    const ended = !next(other)
    take(space)

    if (name && next(equals)) {
      at++
      take(space)
      const param = next(quote) ? takeQuoted() : takeUnquoted()
      if (needsComma && !comma) issues.add('missing-comma')
      needsComma = true
      if (!open) issues.add('orphan-param')
      else if (param !== undefined) {
        const { params } = open
        if (!(name in params)) params[name] = param
        else {
          issues.add(`duplicate-param:${name}`)
          if (params[name] !== param && !conflicts.has(name)) {
            conflicts.add(name)
            open.conflict ??= []
            open.conflict.push(name)
          }
        }
      }
    } else if (name && ended) {
      if (challenges.length >= maxChallenges) {
        issues.add('too-many-challenges')
        break
      }
      if (challenges.length && !comma) issues.add('missing-comma')
      const start = at
      const credentials = take(token68) + take(equals)
      take(space)
      needsComma = false
      open = { scheme: name, params: Object.create(null) }
      conflicts = new Set()
      challenges.push(open)
      if (credentials && !next(other)) {
        // Closed: a challenge has a token68 or parameters. UMA has parameters: 'UMA ticket=' is one without a value.
        if (name === 'uma') issues.add('malformed')
        else open.token68 = credentials
        open = undefined
      } else at = start
    } else {
      issues.add('malformed')
      open = undefined
      if (next(quote)) takeQuoted()
      else take(other)
    }
  }
  return { challenges, issues: [...issues] }
}

const isToken = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text)

/**
 * One challenge as it stands in the field: `UMA realm="…", as_uri="…", ticket="…"`. Every value is a quoted-string.
 * Throws a `TypeError` at what could not be read back.
 */
export function serialiseChallenge(scheme: string, params: Record<string, string>): string {
  if (!isToken(scheme)) throw new TypeError('The scheme of a challenge has to be a token.')
  const names = new Set<string>()
  const written = Object.entries(params).map(([name, value]) => {
    if (!isToken(name) || names.has(name.toLowerCase())) {
      throw new TypeError('The names of the parameters have to be tokens, each a different one.')
    }
    if (!/^[\t -~]*$/.test(value)) throw new TypeError(`A character of "${name}" cannot stand in a header field.`)
    names.add(name.toLowerCase())
    return `${name}="${value.replace(/["\\]/g, '\\$&')}"`
  })
  return `${scheme} ${written.join(', ')}`.trimEnd()
}
