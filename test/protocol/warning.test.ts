import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { saysAuthorizationServerUnreachable } from '../../src/protocol/http/warning.ts'
import { repetitions } from '../helpers/long.ts'

const text = 'UMA Authorization Server Unreachable'
const quoted = `"${text}"`

describe('D, Warning: the authorization server is unreachable', () => {
  test.each([
    `199 - ${quoted}`,
    `199 - ${quoted.toUpperCase()}`,
    `199 - ${quoted.toLowerCase()}`,
    `110 cache "Response is Stale", 199 - ${quoted}`,
    `110 cache "Response is Stale",199 - ${quoted},214 p "x"`,
    `199 rs.example.com:8080 ${quoted} "Fri, 01 Jan 2016 00:00:00 GMT"`,
    `110 - "a" "Fri, 01 Jan 2016 00:00:00 GMT", 199 [::1]:80 ${quoted}`,
    `110 - "with \\" and , and \\\\", 199 - ${quoted}`,
    `199 - "Miscellaneous", 199 - ${quoted}`,
    `199 - "UMA \\Authorization Server Unreachable"`,
    ` , ,\t199\t-  ${quoted} , `,
  ])('yes: %s', (warning) => {
    expect(saysAuthorizationServerUnreachable(warning)).toBe(true)
    expect(saysAuthorizationServerUnreachable(warning)).toBe(true)
  })

  test.each([
    null,
    '',
    ' ',
    '199',
    '199 -',
    '199 - "Miscellaneous"',
    `299 - ${quoted}`,
    `1199 - ${quoted}`,
    `0199 - ${quoted}`,
    `199- ${quoted}`,
    `199 ${quoted}`,
    `199 - ${text}`,
    `199 - '${text}'`,
    `199 - "${text}`,
    `199 - "${text}\\"`,
    `199 - " ${text}"`,
    `199 - "${text}."`,
    `199 - "${text}" x`,
    `199 - "the server said: ${text}"`,
    `299 - "x, 199 - ${text}"`,
    `299 - "x, 199 - \\"${text}\\""`,
    `299 - "x\\", 199 - \\"${text}", 110 - "y"`,
    `299 - "x" "y, 199 - ${text}"`,
    `299 - "199 - \\"${text}\\", "`,
    `299 - "open, 199 - \\"${text}\\"`,
    `rubbish, 199 - ${quoted}`,
  ])('no: %s', (warning) => expect(saysAuthorizationServerUnreachable(warning)).toBe(false))

  test('never throws, and text in another warning’s text does not count', () => {
    const piece = fc.constantFrom(
      '199',
      '299',
      ' ',
      '-',
      '"',
      '\\',
      ',',
      text,
      quoted,
      `199 - ${quoted}`,
      'x',
      '\n',
      '\u00e9',
    )
    const any = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(any, (said) => {
        expect(typeof saysAuthorizationServerUnreachable(said)).toBe('boolean')
        const within = `299 - "${said.replace(/["\\]/g, '\\$&')}"`
        expect(saysAuthorizationServerUnreachable(within)).toBe(false)
        expect(saysAuthorizationServerUnreachable(`${within.replace(/\n/g, ' ')}, 199 - ${quoted}`)).toBe(true)
      }),
      { numRuns: repetitions(100, 1000) },
    )
  })
})
