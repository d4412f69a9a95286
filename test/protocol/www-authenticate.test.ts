import { describe, expect, test } from 'vitest'
import { parseWwwAuthenticate, serialiseChallenge } from '../../src/protocol/http/www-authenticate.ts'
import vectors from './vectors/www-authenticate.json' with { type: 'json' }

const good = 'as_uri="https://as.example.com", ticket="t"'
const goodParams = { as_uri: 'https://as.example.com', ticket: 't' }
const parse = parseWwwAuthenticate
const schemes = (value: string | string[]) => parse(value).challenges.map(({ scheme }) => scheme)

describe('the vectors', () => {
  test.each(vectors)('$id: $why', ({ input, challenges, issues }) => {
    expect(parse(input)).toEqual({ challenges, issues })
  })
  test('are all here', () => {
    expect(vectors.map(({ id }) => id)).toEqual(
      Array.from({ length: 28 }, (_, i) => `W${String(i + 1).padStart(2, '0')}`),
    )
  })
})

describe('nothing to read', () => {
  test.each([[null], [undefined], [''], [' \t '], [',, ,'], [[]], [['']], [['', '']]])('%j', (value) => {
    expect(parse(value)).toEqual({ challenges: [], issues: [] })
  })
})

describe('schemes', () => {
  test.each(['UMA2', 'UMAX', 'x-UMA', 'UMA-', 'UMA_', "UMA'", 'XUMA'])('H-1: %s is another scheme', (scheme) => {
    expect(parse(`${scheme} ${good}`)).toEqual({
      challenges: [{ scheme: scheme.toLowerCase(), params: goodParams }],
      issues: [],
    })
  })
  test.each([
    'UMA"',
    'UMA@x',
    '@UMA',
    'UMA:',
    'UMA/2',
    '(UMA)',
    '\u00dcMA',
    'UMA\u00a0',
    '\u2003UMA',
    'UM\u0410',
    '\\UMA',
  ])('H-1: %j is no scheme at all, and what follows it is nobody’s', (word) => {
    const { challenges, issues } = parse(`${word} ${good}`)
    expect(challenges).toEqual([])
    expect(issues).toContain('malformed')
  })
  test.each(['uma', 'Uma', 'uMA'])('H-1: %s is UMA', (scheme) => expect(schemes(`${scheme} ${good}`)).toEqual(['uma']))

  test('H-1: lower-casing does not follow Unicode (the Kelvin sign is no k)', () => {
    expect(parse('Bas\u212a realm="x"').challenges).toEqual([])
  })
  test('H-4: a word without = starts a challenge, one with = does not', () => {
    expect(parse('UMA, as_uri="a", Ticket, ticket="t"').challenges).toEqual([
      { scheme: 'uma', params: { as_uri: 'a' } },
      { scheme: 'ticket', params: { ticket: 't' } },
    ])
    expect(parse('UMA = "x"')).toEqual({ challenges: [], issues: ['orphan-param'] })
  })
  test('H-4: a scheme that no comma precedes is one all the same, and it is reported', () => {
    expect(parse(`Bearer UMA ${good}`)).toEqual({
      challenges: [
        { scheme: 'bearer', params: {} },
        { scheme: 'uma', params: goodParams },
      ],
      issues: ['missing-comma'],
    })
    expect(parse(`Basic realm="x" UMA ${good}`).issues).toEqual(['missing-comma'])
  })
  test('H-11: parameters are never combined across challenges', () => {
    expect(parse('UMA as_uri="a", Bearer ticket="t", UMA ticket="u"').challenges).toEqual([
      { scheme: 'uma', params: { as_uri: 'a' } },
      { scheme: 'bearer', params: { ticket: 't' } },
      { scheme: 'uma', params: { ticket: 'u' } },
    ])
  })
  test('H-12: unknown schemes are kept without an issue', () => {
    expect(parse(`Foo, Bar a=b, Baz YQ==, UMA ${good}`)).toMatchObject({
      challenges: [{ scheme: 'foo' }, { scheme: 'bar' }, { scheme: 'baz', token68: 'YQ==' }, { scheme: 'uma' }],
      issues: [],
    })
  })
})

describe('token68', () => {
  test.each(['abc=', 'abc', 'abc==', 'a.b-c_d~e+f/g===', '-._~+/'])('H-5: Bearer %s', (token68) => {
    for (const rest of ['', ' ', '\t,', ' , ,', `, UMA ${good}`]) {
      expect(parse(`Bearer ${token68}${rest}`).challenges[0]).toEqual({ scheme: 'bearer', token68, params: {} })
    }
  })
  test.each(['UMA ticket=', 'UMA ticket= ', 'UMA ticket==', 'UMA ticket', 'UMA ticket=,', 'UMA dGlja2V0'])(
    'H-5: %j is malformed, for UMA has parameters',
    (value) => expect(parse(value)).toEqual({ challenges: [{ scheme: 'uma', params: {} }], issues: ['malformed'] }),
  )
  test('H-5: a challenge with a token68 takes no parameters', () => {
    expect(parse('Negotiate abc=, realm="x"')).toEqual({
      challenges: [{ scheme: 'negotiate', token68: 'abc=', params: {} }],
      issues: ['orphan-param'],
    })
    expect(parse(`UMA ticket=, ${good}`).challenges).toEqual([{ scheme: 'uma', params: {} }])
  })
  test('H-5: UMA as the token68 of another scheme is not a challenge', () => {
    expect(parse(`Negotiate UMA, ${good}`)).toEqual({
      challenges: [{ scheme: 'negotiate', token68: 'UMA', params: {} }],
      issues: ['orphan-param'],
    })
  })
  test('H-5: followed by anything but a comma or the end it is a parameter or a scheme', () => {
    expect(parse('Bearer a=b').challenges).toEqual([{ scheme: 'bearer', params: { a: 'b' } }])
    expect(parse('Bearer a==b').challenges).toEqual([{ scheme: 'bearer', params: { a: '=b' } }])
    expect(parse('Bearer a= b').challenges).toEqual([{ scheme: 'bearer', params: { a: 'b' } }])
    expect(schemes('Bearer a b="c"')).toEqual(['bearer', 'a'])
    expect(parse('Bearer a/b c')).toEqual({
      challenges: [
        { scheme: 'bearer', params: {} },
        { scheme: 'c', params: {} },
      ],
      issues: ['malformed', 'missing-comma'],
    })
  })
})

describe('parameters', () => {
  test('H-2: names in any case are one name; values keep theirs', () => {
    expect(parse('UMA TICKET="A", ticket="a"')).toEqual({
      challenges: [{ scheme: 'uma', params: { ticket: 'A' }, conflict: ['ticket'] }],
      issues: ['duplicate-param:ticket'],
    })
  })
  test('H-3: a conflict names its parameter once, whatever comes after it', () => {
    expect(parse('UMA a="1", a="2", a="1", a="3", b=1, b=1, c=1, c=""')).toEqual({
      challenges: [{ scheme: 'uma', params: { a: '1', b: '1', c: '1' }, conflict: ['a', 'c'] }],
      issues: ['duplicate-param:a', 'duplicate-param:b', 'duplicate-param:c'],
    })
  })
  test('H-3: every challenge has its own names and conflicts', () => {
    const twice = 'UMA ticket="a", ticket="b"'
    expect(parse(`${twice}, ${twice}, UMA ticket="c"`).challenges.map(({ conflict }) => conflict)).toEqual([
      ['ticket'],
      ['ticket'],
      undefined,
    ])
  })
  test.each(['', '""'])('H-3: an empty value is a value: ticket=%s', (empty) => {
    expect(parse(`UMA ticket="a", ticket=${empty}`).challenges[0]?.conflict).toEqual(['ticket'])
  })
  test('H-8: whitespace around = may be long, and tabs', () => {
    expect(parse('UMA ticket \t = \t\t "a" , as_uri\t=\tb')).toEqual({
      challenges: [{ scheme: 'uma', params: { ticket: 'a', as_uri: 'b' } }],
      issues: [],
    })
  })
  test('H-13: an unquoted value runs to a comma or whitespace', () => {
    expect(parse('UMA as_uri=https://a/?b=c;d ticket=x"y,z=\u00e9 w=1')).toEqual({
      challenges: [{ scheme: 'uma', params: { as_uri: 'https://a/?b=c;d', ticket: 'x"y', z: '\u00e9', w: '1' } }],
      issues: ['non-token-unquoted-value', 'missing-comma'],
    })
  })
  test.each(['UMA as_uri="a", ticket=', 'UMA as_uri="a", ticket= ,, ', 'UMA ticket=,as_uri="a"'])(
    'H-18: %j has an empty ticket, and it is reported',
    (value) => {
      const { challenges, issues } = parse(value)
      expect(challenges[0]?.params.ticket ?? '').toBe('')
      expect(issues.length).toBeGreaterThan(0)
    },
  )
  test.each(['as_uri="a", ticket="t"', ', as_uri="a"', 'ticket=', 'a=b c=d', '="x", a="b"', 'ticket ="t"'])(
    'H-17: %j is an orphan: no challenge',
    (value) => {
      expect(parse(value).challenges).toEqual([])
      expect(parse(value).issues).toContain('orphan-param')
      expect(parse(`${value.replace(/=$/, '="t"')}, UMA ${good}`).challenges).toEqual([
        { scheme: 'uma', params: goodParams },
      ])
    },
  )
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype'])(
    'H-15: %s is a name',
    (name) => {
      const [challenge] = parse(`UMA ${name}="x", Bearer a="b"`).challenges
      expect(Object.getPrototypeOf(challenge?.params)).toBe(null)
      expect(Object.entries(challenge?.params ?? {})).toEqual([[name.toLowerCase(), 'x']])
      expect(({} as Record<string, unknown>).x).toBeUndefined()
      expect(parse(`UMA ${good}`).challenges[0]?.params[name]).toBeUndefined()
      expect(parse(`${name} a=b`).challenges).toEqual([{ scheme: name.toLowerCase(), params: { a: 'b' } }])
      expect(parse(`UMA ${name}="x", ${name}="y"`).challenges[0]?.conflict).toEqual([name.toLowerCase()])
    },
  )
})

describe('quoted strings', () => {
  test.each([
    ['""', ''],
    ['"\\""', '"'],
    ['"\\\\"', '\\'],
    ['"\\\\\\""', '\\"'],
    ['"\\a\\,\\ \\\t"', 'a, \t'],
    ['"a,b=c UMA d"', 'a,b=c UMA d'],
    ['"\u00e9\u{1f600}\ud800"', '\u00e9\u{1f600}\ud800'],
    ['"\\\u2028"', '\u2028'],
  ])('H-7: %j', (written, value) => {
    expect(parse(`A b=${written}, c=d`)).toEqual({
      challenges: [{ scheme: 'a', params: { b: value, c: 'd' } }],
      issues: [],
    })
  })
  test.each(['"', '"abc', '"abc\\', '"abc\\"', '"\\\\\\"', `"x, UMA ${good.replaceAll('"', '\\"')}`])(
    'H-16: %j is not terminated: the parameter is dropped, and nothing is read out of it',
    (written) => {
      expect(parse(`UMA as_uri="a", ticket=${written}`)).toEqual({
        challenges: [{ scheme: 'uma', params: { as_uri: 'a' } }],
        issues: ['unterminated-quoted-string'],
      })
    },
  )
  test('H-16: an open quote ends at the next one, on whichever line: the challenge there is not read', () => {
    expect(schemes(['Bearer realm="x', `UMA ${good}`])).not.toContain('uma')
  })
  test.each([
    'Bearer realm="UMA as_uri=\\"https://evil.example\\", ticket=\\"t\\""',
    `Bearer realm='UMA, x="UMA as_uri=evil, ticket=t"`,
    'Bearer "x, UMA as_uri=https://evil.example, ticket=t"',
    'Bearer "x\\", UMA as_uri=https://evil.example, ticket=t"',
    'Bearer x"y, UMA as_uri=https://evil.example, ticket=t"',
    '"UMA", as_uri="https://evil.example", ticket="t"',
    '"UMA" as_uri="https://evil.example", ticket="t"',
    '"UMA as_uri="https://evil.example", ticket="t"',
  ])('H-20: no UMA challenge in %j', (value) => {
    expect(parse(value).challenges.filter(({ scheme, params }) => scheme === 'uma' || params.ticket)).toEqual([])
  })
  test('H-13: what follows a stray quoted-string or other rubbish is no parameter of the challenge before it', () => {
    for (const rubbish of ['"x"', '"x" "y"', ';', '@b', '=', '= "x"', '="x"', '[]', 'a@b="c"', 'a"b"']) {
      const { challenges, issues } = parse(`UMA as_uri="a", ${rubbish}, ticket="t", Bearer realm="r"`)
      expect(challenges).toEqual([
        { scheme: 'uma', params: { as_uri: 'a' } },
        { scheme: 'bearer', params: { realm: 'r' } },
      ])
      expect(issues).toEqual(['malformed', 'orphan-param'])
    }
  })
  test('H-13: quotes that were not escaped make the challenge unusable, not another one', () => {
    expect(parse(`UMA realm="My "best" photos", ${good}`)).toEqual({
      challenges: [{ scheme: 'uma', params: { realm: 'My ' } }],
      issues: ['malformed', 'orphan-param'],
    })
  })
})

describe('the field', () => {
  test('H-6: empty elements anywhere', () => {
    expect(parse(`,\t, ,Foo,,UMA ,, ${good}, ,Bar , ,`)).toEqual({
      challenges: [
        { scheme: 'foo', params: {} },
        { scheme: 'uma', params: goodParams },
        { scheme: 'bar', params: {} },
      ],
      issues: [],
    })
  })
  test.each([
    [['Bearer realm="a"', `UMA ${good}`]],
    [['Bearer', '', ' ', `UMA ${good}`, 'Negotiate abc==']],
    [['UMA as_uri="https://as.example.com"', 'ticket="t"']],
  ])('H-9: lines are as one line: %j', (lines) => {
    expect(parse(lines)).toEqual(parse(lines.join(', ')))
    expect(parse(Object.freeze(lines))).toEqual(parse(lines.join(',')))
    expect(schemes(lines)).toContain('uma')
  })
  test.each(['\0', '\r', '\n', '\r\n', '\r\n\r\n ', '\n ', '\r ', '\u0001', '\v', '\f', '\u001f', '\u007f', '\b'])(
    'H-10: %j anywhere rejects the field',
    (char) => {
      const rejected = { challenges: [], issues: ['control-character'] }
      for (const value of [
        `${char}x`,
        `UMA ${good}, a="${char}"`,
        `UMA${char}x ${good}`,
        `UMA ${good}, a=\\${char}b`,
        `UMA ${good}, a="\\${char}b"`,
      ]) {
        expect(parse(value)).toEqual(rejected)
        expect(parse(['Bearer', value])).toEqual(rejected)
      }
    },
  )
  test('H-10: a line break is not made a fold by the line that comes after it', () => {
    expect(parse(['UMA as_uri="a",\r\n', ' ticket="t"']).issues).toEqual(['control-character'])
    expect(parse(['UMA as_uri="a",\r', '\n ticket="t"']).issues).toEqual(['control-character'])
  })
  test('H-10: an obs-fold is a space, in a quoted-string as well', () => {
    expect(parse('UMA\r\n\tas_uri\r\n =\r\n \r\n "a\r\n b",\r\n\tticket=t')).toEqual({
      challenges: [{ scheme: 'uma', params: { as_uri: 'a b', ticket: 't' } }],
      issues: [],
    })
  })
  test('H-14: too long is 16384 characters, or what the caller says', () => {
    const start = `UMA ${good}, a="`
    const long = (length: number) => `${start}${'x'.repeat(length - start.length - 1)}"`
    expect(schemes(long(16384))).toEqual(['uma'])
    expect(parse(long(16385))).toEqual({ challenges: [], issues: ['too-long'] })
    expect(parse([long(16382), ''])).toMatchObject({ challenges: [{ scheme: 'uma' }], issues: [] })
    expect(parse([long(16383), ''])).toEqual({ challenges: [], issues: ['too-long'] })
    expect(parse(long(16385), Infinity).issues).toEqual([])
    expect(parse('UMA', 2).issues).toEqual(['too-long'])
  })
  test('H-14: of more than 64 challenges the first 64 are read, or as many as the caller says', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `S${i} a="b"`).join(', ')
    expect(parse(many(64)).issues).toEqual([])
    const { challenges, issues } = parse(`${many(64)}, UMA ${good}`)
    expect([challenges.length, challenges[63], issues]).toEqual([
      64,
      { scheme: 's63', params: { a: 'b' } },
      ['too-many-challenges'],
    ])
    expect(parse(many(200), undefined, Infinity).challenges.length).toBe(200)
  })
  test('no state stays behind', () => {
    parse('UMA ticket="a", ticket="b", x="')
    expect(parse(`UMA ${good}`)).toEqual({ challenges: [{ scheme: 'uma', params: goodParams }], issues: [] })
  })
})

describe('writing', () => {
  test('one line, everything quoted, in the order given', () => {
    expect(serialiseChallenge('UMA', { realm: 'a"b\\c', as_uri: 'https://as.example.com', ticket: '' })).toBe(
      'UMA realm="a\\"b\\\\c",as_uri="https://as.example.com",ticket=""',
    )
    expect(serialiseChallenge('Bearer', {})).toBe('Bearer')
  })
  test.each(['\0', '\r', '\n', '\r\n ', '\u001f', '\u007f', '\u0080', '\u00e9', '\u2028', '\u{1f600}', '\ud800'])(
    'refuses %j in a value',
    (char) => {
      for (const value of [char, `a${char}`, `${char}a`]) {
        expect(() => serialiseChallenge('UMA', { realm: value })).toThrow(TypeError)
      }
    },
  )
  test.each(['', ' ', 'a b', 'a,', 'a=', '"a"', 'a\n', 'a:', 'é', 'a/b'])(
    'refuses %j as a scheme or a name',
    (word) => {
      expect(() => serialiseChallenge(word, {})).toThrow(TypeError)
      expect(() => serialiseChallenge('UMA', { [word]: 'x' })).toThrow(TypeError)
    },
  )
  test('H-3: refuses one name in two cases', () => {
    expect(() => serialiseChallenge('UMA', { ticket: 'a', Ticket: 'a' })).toThrow(TypeError)
  })
})
