/** Headers that are set over plain ones. */
import { describe, expect, test } from 'vitest'
import { isPlain, setHeaders } from '../../../src/request/capture.ts'

test.each([
  [{}, true],
  [{ accept: 'a' }, true],
  [Object.create(null), true],
  [new Headers(), false],
  [[['accept', 'a']], false],
] as [HeadersInit, boolean][])('isPlain(%o)', (headers, expected) => expect(isPlain(headers)).toBe(expected))

describe('setHeaders', () => {
  test.each(['authorization', 'Authorization', 'AUTHORIZATION'])('%s is replaced, not doubled', (name) => {
    const set = setHeaders({ accept: 'a', [name]: 'Basic own' }, { authorization: 'Bearer rpt' })
    expect(set).toEqual({ accept: 'a', authorization: 'Bearer rpt' })
    expect(new Headers(set).get('authorization')).toBe('Bearer rpt')
  })

  test('two spellings of one name are both replaced', () => {
    const own = { Authorization: 'Basic one', authorization: 'Basic two' }
    expect(setHeaders(own, { AUTHORIZATION: 'Bearer rpt' })).toEqual({ AUTHORIZATION: 'Bearer rpt' })
  })

  test('a name of the same length stays', () => {
    expect(setHeaders({ 'x-mine': 'own' }, { 'x-ours': 'set' })).toEqual({ 'x-mine': 'own', 'x-ours': 'set' })
  })

  test('neither object is changed', () => {
    const own = Object.freeze({ Authorization: 'Basic own' })
    const patch = Object.freeze({ authorization: 'Bearer rpt' })
    expect(setHeaders(own, patch)).not.toBe(own)
  })

  test('names of Object.prototype are names like others', () => {
    expect(setHeaders({ constructor: 'own' }, { authorization: 'Bearer rpt' })).toEqual({
      constructor: 'own',
      authorization: 'Bearer rpt',
    })
  })
})
