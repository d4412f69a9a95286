/** Challenges of UMA before 2.0: vectors W08 to W12, and tickets in the body. */
import { describe, expect, test } from 'vitest'
import { olderChallenges, withTicketOf } from '../../src/protocol/uma1/challenge.ts'

describe('in the header', () => {
  test.each([
    [
      'W08 UMA 1.0: no comma before error',
      'UMA realm="example",\r\n  as_uri="https://as.example.com"\r\n  error="insufficient_scope"',
      'as_uri',
      { server: 'https://as.example.com' },
    ],
    [
      'W09 -00: commas missing, ticket in the header',
      'UMA realm="example"\r\n   host_id="photoz.example.com"\r\n   am_uri="http://am.example.com",\r\n   ticket="5454345rdsaa4543"',
      'am_uri',
      { server: 'http://am.example.com', hostId: 'photoz.example.com', ticket: '5454345rdsaa4543' },
    ],
    [
      'W10 -03: no ticket',
      'UMA realm="example",\r\n host_id="photoz.example.com",\r\n am_uri="http://am.example.com"',
      'am_uri',
      { server: 'http://am.example.com', hostId: 'photoz.example.com' },
    ],
    [
      'W11 Puma',
      'UMA realm="Puma Host One", host_id="pumahostone.appspot.com", am_uri="http://www.smartam.net", ticket="016f84e8"',
      'am_uri',
      { server: 'http://www.smartam.net', hostId: 'pumahostone.appspot.com', ticket: '016f84e8' },
    ],
    [
      'W12 UMA 1.0.1',
      'UMA realm="example", as_uri="https://as.example.com", error="insufficient_scope", ticket="016f84e8"',
      'as_uri',
      { server: 'https://as.example.com', ticket: '016f84e8' },
    ],
  ] as const)('%s', (_what, header, name, expected) => {
    expect(olderChallenges(header, name)).toEqual([{ hostId: undefined, ticket: undefined, ...expected }])
  })

  test.each([
    ['of the other era', 'UMA as_uri="https://as.example.com", ticket="t"'],
    ['of another scheme', 'Bearer am_uri="https://am.example.com"'],
    ['with an empty server', 'UMA am_uri=" ", ticket="t"'],
    ['with two servers', 'UMA am_uri="https://a.example", am_uri="https://b.example"'],
    ['with two tickets', 'UMA am_uri="https://a.example", ticket="a", ticket="b"'],
    ['with two host ids', 'UMA am_uri="https://a.example", host_id="a", host_id="b"'],
  ])('none %s', (_what, header) => {
    expect(olderChallenges(header, 'am_uri')).toEqual([])
  })
})

describe('in the body', () => {
  const one = { server: 'https://as.example.com' }

  test('the header comes first', () => {
    const both = [{ ...one, ticket: 'header' }]
    expect(withTicketOf('{"ticket":"body"}', both)).toEqual(both)
  })

  test('of a single challenge', () => {
    expect(withTicketOf('{"ticket":"body"}', [one])).toEqual([{ ...one, ticket: 'body' }])
  })

  test('not of several: whose would it be?', () => {
    expect(withTicketOf('{"ticket":"body"}', [one, one])).toEqual([one, one])
  })

  test.each(['', '[]', '{"ticket":1}', '{"ticket":" "}', '{"ticket":["t"]}', '<html>', '{"error":"no"}'])(
    'no ticket: %j',
    (body) => {
      expect(withTicketOf(body, [one])).toEqual([one])
    },
  )
})
