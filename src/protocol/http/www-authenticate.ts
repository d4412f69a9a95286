/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.3). */
export interface AuthChallenge {
  /** In lower case. */
  scheme: string
  token68?: string
  /** Without a prototype; names in lower case. If a parameter occurs twice, its first value. */
  params: Record<string, string>
  /** The names of parameters that occur again with another value. */
  conflict?: string[]
}

/** The challenges of a field, and its faults. */
export interface ParsedChallenges {
  challenges: AuthChallenge[]
  /** The kinds of faults in the field, each kind once. */
  issues: string[]
}

const onlyAllowed = /^[\t -~\x80-\uffff]*$/
const space = /[\t ]/
const separator = /[\t ,]/
const other = /[^\t ,]/
const tchar = /[\w!#$%&'*+.^`|~-]/
const token68 = /[\w.~+/-]/
const equals = /=/
const quote = /"/
const notQuote = /[^"]/

/**
 * Reads a `WWW-Authenticate` field, or its lines. Never throws. The reader goes through the text once and tests one
 * character at a time, so that it takes linear time for any text. Known deviations of hosts (missing commas, unquoted
 * values) are read as they were meant. After any other fault no challenge is open: the rest never becomes a parameter
 * of a challenge that it may not belong to.
 */
export function parseWwwAuthenticate(
  value: string | readonly string[] | null | undefined,
  maxLength = 16384,
  maxChallenges = 64,
): ParsedChallenges {
  const field = [value ?? []].flat().join(', ')
  if (field.length > maxLength) return { challenges: [], issues: ['too-long'] }
  const text = field.replaceAll('\r\n ', ' ').replaceAll('\r\n\t', ' ')
  if (!onlyAllowed.test(text)) return { challenges: [], issues: ['control-character'] }
  const reader = new FieldReader(text)
  reader.read(maxChallenges)
  return { challenges: reader.challenges, issues: [...reader.issues] }
}

/** A place in a text that only moves forward. */
class Cursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get ended(): boolean {
    return this.at >= this.text.length
  }

  /** Whether the next character is of this kind. */
  next(kind: RegExp): boolean {
    return kind.test(this.text.charAt(this.at))
  }

  /** Takes the characters of this kind. */
  take(kind: RegExp): string {
    const start = this.at
    while (this.next(kind)) this.at++
    return this.text.slice(start, this.at)
  }

  /** Takes a quoted-string (RFC 9110 §5.6.4) without its quotes; undefined if the string does not end. */
  takeQuoted(): string | undefined {
    this.at++
    const start = this.at
    while (this.next(notQuote)) this.at += this.text[this.at] === '\\' ? 2 : 1
    if (!this.next(quote)) return undefined
    const quoted = this.text.slice(start, this.at)
    this.at++
    return quoted.replace(/\\(.)/gs, '$1')
  }
}

/** Reads one field. */
class FieldReader {
  readonly challenges: AuthChallenge[] = []
  readonly issues = new Set<string>()
  readonly #cursor: Cursor
  /** The challenge that takes the next parameter. */
  #open: AuthChallenge | undefined
  /** The names in `conflict` of the open challenge. */
  #conflicts = new Set<string>()
  /** True if the last thing read was a parameter. */
  #needsComma = false

  constructor(text: string) {
    this.#cursor = new Cursor(text)
  }

  read(maxChallenges: number): void {
    const cursor = this.#cursor
    for (;;) {
      const comma = cursor.take(separator).includes(',')
      if (cursor.ended) return
      const name = cursor.take(tchar).toLowerCase()
      const ended = !cursor.next(other)
      cursor.take(space)
      if (name && cursor.next(equals)) {
        this.#readParameter(name, comma)
      } else if (name && ended) {
        if (this.challenges.length >= maxChallenges) {
          this.issues.add('too-many-challenges')
          return
        }
        this.#readChallenge(name, comma)
      } else {
        this.#skipMalformed()
      }
    }
  }

  /** Reads a parameter from its `=` on. */
  #readParameter(name: string, comma: boolean): void {
    const cursor = this.#cursor
    cursor.at++
    cursor.take(space)
    const value = cursor.next(quote) ? this.#takeQuoted() : this.#takeUnquoted()
    if (this.#needsComma && !comma) this.issues.add('missing-comma')
    this.#needsComma = true
    if (!this.#open) this.issues.add('orphan-param')
    else if (value !== undefined) this.#addParameter(this.#open, name, value)
  }

  #addParameter(challenge: AuthChallenge, name: string, value: string): void {
    const { params } = challenge
    if (!(name in params)) {
      params[name] = value
      return
    }
    this.issues.add(`duplicate-param:${name}`)
    if (params[name] === value || this.#conflicts.has(name)) return
    this.#conflicts.add(name)
    challenge.conflict ??= []
    challenge.conflict.push(name)
  }

  /** Reads a challenge from the end of its scheme's name on, its parameters not included. */
  #readChallenge(scheme: string, comma: boolean): void {
    const cursor = this.#cursor
    if (this.challenges.length && !comma) this.issues.add('missing-comma')
    const start = cursor.at
    const credentials = cursor.take(token68) + cursor.take(equals)
    cursor.take(space)
    const challenge: AuthChallenge = { scheme, params: Object.create(null) }
    this.challenges.push(challenge)
    this.#needsComma = false
    this.#conflicts = new Set()
    if (!credentials || cursor.next(other)) {
      this.#open = challenge
      cursor.at = start
      return
    }
    // A challenge has a token68 or parameters. UMA has parameters: in 'UMA ticket=', a parameter lacks its value.
    if (scheme === 'uma') this.issues.add('malformed')
    else challenge.token68 = credentials
    this.#open = undefined
  }

  #skipMalformed(): void {
    this.issues.add('malformed')
    this.#open = undefined
    if (this.#cursor.next(quote)) this.#takeQuoted()
    else this.#cursor.take(other)
  }

  #takeQuoted(): string | undefined {
    const value = this.#cursor.takeQuoted()
    if (value === undefined) this.issues.add('unterminated-quoted-string')
    return value
  }

  #takeUnquoted(): string {
    const token = this.#cursor.take(tchar)
    if (!token || this.#cursor.next(other)) this.issues.add('non-token-unquoted-value')
    return token + this.#cursor.take(other)
  }
}

const isToken = (text: string) => /^[\w!#$%&'*+.^`|~-]+$/.test(text)

/**
 * Writes one challenge of the field: `UMA realm="…", as_uri="…", ticket="…"`. Every value is a quoted-string.
 *
 * @throws TypeError if the challenge could not be read back
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
  return `${scheme} ${written.join(',')}`.trimEnd()
}
