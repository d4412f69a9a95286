/** The server's description of its refusal, made safe to show (RFC 6749 §5.2). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanDescription } from '../../../src/protocol/oauth/error-description.ts'

describe('characters', () => {
  test.each([
    ['The ticket is spent.', 'The ticket is spent.'],
    ['  spaces around  ', 'spaces around'],
    ['a "quoted" back\\slash', 'a quoted backslash'],
    ['two\r\nlines\tand\0more', 'twolinesandmore'],
    ['ümläut', 'mlut'],
    ['!#[]~', '!#[]~'],
  ])('%j becomes %j', (text, clean) => {
    expect(cleanDescription(text, [])).toBe(clean)
  })

  test.each([undefined, '', ' ', '\n', '"\\', 'äöü'])('nothing is left of %j', (text) => {
    expect(cleanDescription(text, [])).toBeUndefined()
  })

  test('at most 200', () => {
    expect(cleanDescription('x'.repeat(201), [])).toBe('x'.repeat(200))
    expect(cleanDescription(`${'x'.repeat(198)}  tail`, [])).toBe('x'.repeat(198))
  })
})

describe('secrets', () => {
  test.each([
    ['ticket t1234 is spent', ['t1234'], 'ticket [redacted] is spent'],
    ['t1234, t1234', ['t1234'], '[redacted], [redacted]'],
    ['t1234 and r5678', ['r5678', 't1234'], '[redacted] and [redacted]'],
    ['no secrets', [undefined, ''], 'no secrets'],
    ['three characters: abc', ['abc'], 'three characters: abc'],
    ['four characters: abcd', ['abcd'], 'four characters: [redacted]'],
    ['the longest: abcdefgh', ['abcd', 'abcdefgh', 'cdef'], 'the longest: [redacted]'],
    ['not a pattern: axc+d', ['a.c+d'], 'not a pattern: axc+d'],
    ['meta: a.c+(d)[e]{2}|^$*?-/', ['a.c+(d)[e]{2}|^$*?-/'], 'meta: [redacted]'],
    ['it was redacted: t1234', ['t1234', 'redacted'], 'it was [redacted]: [redacted]'],
  ])('%s, %j', (text, secrets, clean) => {
    expect(cleanDescription(text, secrets)).toBe(clean)
  })

  test.each([
    ['a/b+c=d', 'a%2Fb%2Bc%3Dd'],
    ['a/b+c=d', 'a%2fb%2bc%3dd'],
    ['a/b+c=d', 'a/b%2Bc%3dd'],
    ['a~b-c', '%61%7E%62%2D%63'],
    ['one two', 'one%20two'],
    ['one two', 'one+two'],
    ['pässwörd', 'p%C3%A4ssw%C3%B6rd'],
    ['pässwörd', 'p%c3%a4sswörd'],
  ])('%s, percent-encoded as %s', (secret, encoded) => {
    expect(cleanDescription(`bad: ${encoded}!`, [secret])).toBe('bad: [redacted]!')
  })

  test.each([
    ['a forbidden character inside', 'se"cret-val\nue', 'secret-value'],
    ['a secret with forbidden characters', 'said: secretvalue', 'secret"val\\ue'],
    ['beyond 200 characters', `${'x'.repeat(195)}secret-value`, 'secret-value'],
  ])('%s does not hide a secret', (_what, text, secret) => {
    expect(cleanDescription(text, [secret])).not.toMatch(/secre/)
  })

  test('a secret that is forbidden characters but for three is not looked for', () => {
    expect(cleanDescription('abc abc', ['äöüabc'])).toBe('abc abc')
  })
})

test('for any text and secrets: never throws, keeps the rules, shows no secret', () => {
  const secret = fc.stringMatching(/^[\w~.-]{8,20}$/)
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.array(secret, { minLength: 1 }), (before, after, secrets) => {
      const clean = cleanDescription(before + secrets.join(' ') + after, secrets) ?? ''
      expect(clean).toMatch(/^[ !#-[\]-~]{0,200}$/)
      // Overlapping secrets can leave a rest, but never a whole secret.
      for (const one of secrets) expect(clean.replaceAll('[redacted]', '"')).not.toContain(one)
    }),
  )
})
