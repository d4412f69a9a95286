/** The longest description that is kept, in characters. */
const maxLength = 200

/** The shortest secret that is looked for: a shorter one would also match ordinary words. */
const minSecretLength = 4

/** The characters that RFC 6749 §5.2 forbids in an `error_description`. */
const forbidden = /[^ !#-[\]-~]/g

/**
 * Makes an authorization server's `error_description` safe to show: only the characters of RFC 6749 §5.2, at most 200
 * of them, and `[redacted]` instead of every secret, also where the secret is percent-encoded.
 *
 * @param text the description as it was sent
 * @param secrets the secrets of the request that the server refused; those of fewer than 4 characters are ignored
 * @returns undefined if nothing is left
 */
export function cleanDescription(
  text: string | undefined,
  secrets: Iterable<string | undefined> = [],
): string | undefined {
  if (!text) return undefined
  // Forbidden characters go first: a secret that they split is whole again afterwards, and is found.
  const allowed = text.replace(forbidden, '')
  const secret = anyOf(secrets)
  const clean = secret ? allowed.replace(secret, '[redacted]') : allowed
  return clean.slice(0, maxLength).trim() || undefined
}

/** A pattern for any of the secrets, the longest first; undefined if there are none. */
function anyOf(secrets: Iterable<string | undefined>): RegExp | undefined {
  const long = [...new Set(secrets)].filter((secret) => secret !== undefined && isLongEnough(secret)) as string[]
  if (long.length === 0) return undefined
  const patterns = long.sort((one, other) => other.length - one.length).map(patternOf)
  return new RegExp(patterns.join('|'), 'g')
}

/** Only allowed characters count, because only these can be found in a clean text. */
const isLongEnough = (secret: string): boolean => secret.replace(forbidden, '').length >= minSecretLength

/** A pattern for a secret in which each character may be percent-encoded. */
const patternOf = (secret: string): string => Array.from(secret, patternOfCharacter).join('')

function patternOfCharacter(character: string): string {
  const encoded = percentEncoded(character)
  // A forbidden character was removed from the text, unless it is encoded there.
  if (character.replace(forbidden, '') === '') return `(?:${encoded})?`
  const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  return character === ' ' ? `(?:${plain}|\\+|${encoded})` : `(?:${plain}|${encoded})`
}

/** A pattern for the percent-encoded UTF-8 bytes of a character, with hexadecimal digits in either case. */
function percentEncoded(character: string): string {
  const bytes = [...new TextEncoder().encode(character)]
  return bytes.map((byte) => `%${hexDigit(byte >> 4)}${hexDigit(byte & 15)}`).join('')
}

function hexDigit(value: number): string {
  const digit = value.toString(16)
  return value < 10 ? digit : `[${digit}${digit.toUpperCase()}]`
}
