/** Ways back from UMA before 2.0. */
import { describe, expect, test } from 'vitest'
import { readPumaReturn } from '../../src/protocol/puma/return.ts'
import { readUma1Return } from '../../src/protocol/uma1/return.ts'

const at = (query: string) => `https://app.example.com/callback?${query}`

describe('UMA 1 (U1-3.6.3-b)', () => {
  const read = (query: string, rotates = false) => readUma1Return(at(query), { state: 's', ticket: 'sent', rotates })

  test.each(['claims_submitted', 'not_authorized', 'need_info', 'request_submitted'])('%s', (outcome) => {
    expect(read(`&state=s&authorization_state=${outcome}`)).toEqual({ outcome })
  })

  test('need_info with the ticket that was sent', () => {
    expect(read('state=s&authorization_state=need_info&ticket=sent')).toEqual({ outcome: 'need_info' })
  })

  test.each(['claims_submitted', 'need_info', 'not_authorized'])('U1-7.1-a %s with another ticket', (outcome) => {
    expect(read(`state=s&authorization_state=${outcome}&ticket=other`)).toEqual({ problem: 'ticket' })
  })

  test('U1-7.1-a an empty ticket is another', () => {
    expect(read('state=s&authorization_state=need_info&ticket=')).toEqual({ problem: 'ticket' })
  })

  test.each(['invalid_request', 'server_error', 'temporarily_unavailable'])('U1-3.6.3-c %s', (code) => {
    expect(read(`state=s&error=${code}`)).toEqual({ problem: 'error', code })
  })

  test.each([
    ['state=other&authorization_state=claims_submitted', 'state'],
    ['authorization_state=claims_submitted', 'state'],
    ['state=other&error=server_error', 'state'],
    ['state=s&state=s&authorization_state=claims_submitted', 'repeated'],
    ['state=s&authorization_state=claims_submitted&authorization_state=not_authorized', 'repeated'],
    ['state=s', 'authorization_state'],
    ['state=s&authorization_state=Claims_submitted', 'authorization_state'],
    ['state=s&ticket=new', 'authorization_state'],
  ])('%s: %s', (query, problem) => {
    expect(read(query)).toEqual({ problem })
  })

  test('not a URL', () => {
    expect(readUma1Return('', { state: 's', ticket: 't', rotates: false })).toEqual({ problem: 'state' })
  })

  describe('claims-sec-1.0', () => {
    test('a new ticket', () => {
      expect(read('state=s&authorization_state=claims_submitted&ticket=new', true)).toEqual({
        outcome: 'claims_submitted',
        ticket: 'new',
      })
    })

    test.each(['', '&ticket=sent'])('not without one: %j', (more) => {
      expect(read(`state=s&authorization_state=claims_submitted${more}`, true)).toEqual({ problem: 'ticket' })
    })

    test('a no needs none', () => {
      expect(read('state=s&authorization_state=not_authorized', true)).toEqual({ outcome: 'not_authorized' })
    })
  })
})

describe('Puma (P-13)', () => {
  const read = (query: string) => readPumaReturn(at(query), { state: 's' })

  test.each([
    ['state=s&x-oauth_access_granted=1', 'granted'],
    ['state=s&x-oauth_access_granted=anything', 'granted'],
    ['state=s&x-oauth_access_req=1', 'submitted'],
    ['state=s&x-oauth_access_granted=1&x-oauth_access_req=1&claim_status=no', 'granted'],
    ['state=s&x-oauth_access_req=1&claim_status=ok', 'submitted'],
    ['state=s&x-oauth_access_granted=&x-oauth_access_req=1', 'submitted'],
    ...['ok', 'SUCCESS', 'Granted', 'true', '1'].map((value) => [`state=s&claim_status=${value}`, 'granted']),
    ...['failed', 'no', '0', 'false'].map((value) => [`state=s&claim_status=${value}`, 'unclear']),
    ['state=s&claim_status=ok&state=s', 'granted'],
  ])('%s: %s', (query, outcome) => {
    expect(read(query)).toEqual({ outcome })
  })

  test.each([
    ['x-oauth_access_granted=1', { problem: 'state' }],
    ['state=other&x-oauth_access_granted=1', { problem: 'state' }],
    ['state=s&state=other&x-oauth_access_granted=1', { problem: 'state' }],
    ['state=s', { problem: 'parameters' }],
    ['state=s&claim_status=', { problem: 'parameters' }],
    ['state=s&error=access_denied', { problem: 'error', code: 'access_denied' }],
  ])('P-16 %s', (query, expected) => {
    expect(read(query)).toEqual(expected)
  })
})
