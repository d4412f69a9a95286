import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWwwAuthenticate, serialiseChallenge } from '../../src/protocol/http/www-authenticate.ts'
import { repetitions } from '../helpers/long.ts'

const tokenChars = [..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]
const valueChars = ['\t', ...Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i))]

const stringOf = (chars: string[], minLength: number) =>
  fc.string({ unit: fc.constantFrom(...chars), minLength, maxLength: 12 })
const token = fc.oneof(
  stringOf(tokenChars, 1),
  fc.constantFrom('__proto__', 'constructor', 'UMA', 'as_uri', 'ticket', '0', '1'),
)
const value = fc.oneof(
  stringOf(valueChars, 0),
  stringOf(['"', '\\', ',', ' ', '=', 'U'], 0),
  fc.constant('x", UMA as_uri="evil'),
)
const params = fc
  .uniqueArray(fc.tuple(token, value), { maxLength: 6, selector: ([name]) => name.toLowerCase() })
  .map((entries) => Object.fromEntries(entries) as Record<string, string>)
const challenge = fc.record({ scheme: token, params })

const expected = ({ scheme, params }: { scheme: string; params: Record<string, string> }) => ({
  scheme: scheme.toLowerCase(),
  params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value])),
})
const write = ({ scheme, params }: { scheme: string; params: Record<string, string> }) =>
  serialiseChallenge(scheme, params)

/** Texts made of what the grammar is made of, so that most of them get past the first characters. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'UMA',
        'UMA ',
        'Bearer',
        'ticket',
        'as_uri',
        '=',
        '"',
        '\\',
        ',',
        ' ',
        '\t',
        '==',
        'a',
        'a=',
        '="',
        '",',
        '\r\n ',
        '@',
        '\u00e9',
        '/',
      ),
      fc.constantFrom(
        '\0',
        '\r',
        '\n',
        '__proto__=',
        'ticket="a"',
        'ticket="b"',
        'Negotiate YQ==',
        '\u{1f600}',
        '\ud800',
      ),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))
const anything = fc.oneof(
  nearly,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
)

describe('what is written is read back', () => {
  test('parse(serialise(x)) is x', () => {
    fc.assert(
      fc.property(challenge, (one) => {
        expect(parseWwwAuthenticate(write(one))).toEqual({ challenges: [expected(one)], issues: [] })
      }),
      { numRuns: repetitions(500, 2000) },
    )
  })
  test('H-4, H-11, H-20: several challenges come out as they went in, whatever their values say', () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 5 }), fc.constantFrom(', ', ',', ' ,\t, ', ',,'), (many, comma) => {
        const written = many.map(write)
        expect(parseWwwAuthenticate(written.join(comma))).toEqual({ challenges: many.map(expected), issues: [] })
        expect(parseWwwAuthenticate(written)).toEqual({ challenges: many.map(expected), issues: [] })
      }),
      { numRuns: repetitions(300, 1000) },
    )
  })
  test('H-2, H-7, H-8: case, needless escapes and whitespace change nothing', () => {
    const gap = stringOf([' ', '\t'], 0)
    fc.assert(
      fc.property(challenge, gap, gap, fc.boolean(), ({ scheme, params }, before, after, upper) => {
        const cased = (text: string) => (upper ? text.toUpperCase() : text.toLowerCase())
        const written = Object.entries(params).map(
          ([name, value]) => `${cased(name)}${before}=${after}"${[...value].map((char) => `\\${char}`).join('')}"`,
        )
        const text = `${before}${cased(scheme)} ${written.join(`${after},${before}`)}${after}`
        expect(parseWwwAuthenticate(text)).toEqual({ challenges: [expected({ scheme, params })], issues: [] })
      }),
    )
  })
})

describe('any text at all', () => {
  test('H-14, H-15: never throws, and what comes out is well-formed', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const { challenges, issues } = parseWwwAuthenticate(text)
        expect(new Set(issues).size).toBe(issues.length)
        for (const { scheme, token68, params, conflict } of challenges) {
          expect(scheme).toMatch(/^[a-z0-9!#$%&'*+.^_`|~-]+$/)
          if (token68 !== undefined) expect(token68).toMatch(/^[\w.~+/-]+=*$/)
          if (token68 !== undefined) expect(params).toEqual({})
          expect(Object.getPrototypeOf(params)).toBe(null)
          for (const [name, value] of Object.entries(params)) {
            expect(name).toMatch(/^[a-z0-9!#$%&'*+.^_`|~-]+$/)
            expect([...value].filter((char) => char !== '\t' && (char < ' ' || char === '\x7f'))).toEqual([])
          }
          for (const name of conflict ?? []) expect(params).toHaveProperty([name])
          expect(new Set(conflict).size).toBe(conflict?.length ?? 0)
        }
      }),
      { numRuns: repetitions(1000, 5000) },
    )
  })
  test('H-9: lines are read as one line, and twice the same gives the same', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (lines) => {
        const oneLine = parseWwwAuthenticate(lines.join(', '))
        expect(parseWwwAuthenticate(lines)).toEqual(oneLine)
        expect(parseWwwAuthenticate(lines)).toEqual(oneLine)
      }),
    )
  })
  test('H-11: what comes before a challenge of ours, closed, does not change it', () => {
    fc.assert(
      fc.property(nearly, challenge, (text, ours) => {
        const before = parseWwwAuthenticate(text)
        fc.pre(!before.issues.includes('control-character') && !before.issues.includes('unterminated-quoted-string'))
        const { challenges } = parseWwwAuthenticate(`${text},${write(ours)}`)
        expect(challenges.at(-1)).toEqual(expected(ours))
      }),
      { numRuns: repetitions(500, 2000) },
    )
  })
  test('H-10: a control character anywhere leaves no challenge', () => {
    fc.assert(
      fc.property(nearly, nearly, fc.constantFrom('\0', '\n\n', '\r\r', '\x7f', '\x0b'), (before, after, char) => {
        expect(parseWwwAuthenticate(before + char + after)).toEqual({ challenges: [], issues: ['control-character'] })
      }),
    )
  })
  test('H-14: a longer text than the limit leaves no challenge', () => {
    fc.assert(
      fc.property(nearly, fc.nat(60), (text, limit) => {
        fc.pre(text.length > limit)
        expect(parseWwwAuthenticate(text, limit)).toEqual({ challenges: [], issues: ['too-long'] })
      }),
    )
  })
})

describe('H-14: the number of characters looked at grows as the text does', () => {
  /** The parser looks at every character through a regular expression of one character. */
  function looks(text: string): number {
    const { test } = RegExp.prototype
    let count = 0
    RegExp.prototype.test = function (this: RegExp, one: string) {
      count++
      return test.call(this, one)
    }
    try {
      parseWwwAuthenticate(text, Infinity, Infinity)
    } finally {
      RegExp.prototype.test = test
    }
    return count
  }
  const units = [
    'UMA ',
    '\\',
    '\\\\',
    ',',
    '"',
    '""',
    '=',
    'a=',
    'a=,',
    'a= ',
    'a',
    ' ',
    'a ',
    'a==',
    'a="',
    'a b="',
    '@',
    '@,',
    '\u00e9 ',
    'a=1,a=2,',
  ]
  test.each(
    ['', 'UMA ', 'UMA a=', 'UMA a="', 'UMA a ', '"', 'UMA "'].flatMap((start) => units.map((unit) => [start, unit])),
  )('%j and then many %j', (start, unit) => {
    const of = (length: number) => looks(`${start}${unit.repeat(length / unit.length)}`)
    const [small, large] = [of(4096), of(8192)]
    expect(small).toBeGreaterThan(1000)
    expect(large).toBeLessThanOrEqual(8 * 8192)
    expect(large / small).toBeLessThan(2.1)
  })
})
