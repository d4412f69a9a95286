/** Token endpoint answers: by status and members, not only by `error` (Grant §3.3.5, §3.3.6). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jwtExpiry, readTokenAnswer } from '../../src/protocol/oauth/token-answer.ts'

const read = (status: number, body: unknown) =>
  readTokenAnswer(status, typeof body === 'string' ? body : JSON.stringify(body))
const granted = { access_token: 'sbjsbhs(/SSJHBSUSSJHVhjsgvhsgvshgsv', token_type: 'Bearer' }
const grant = {
  kind: 'granted',
  token: granted.access_token,
  type: 'bearer',
  expiresIn: undefined,
  refreshToken: undefined,
  pct: undefined,
  upgraded: false,
}

describe('success (Grant §3.3.5)', () => {
  test.each([
    ["the specification's example, whose token is no b64token (G-3.4-b)", {}, {}],
    ['a PCT', { pct: 'c2F2ZWRjb25zZW50' }, { pct: 'c2F2ZWRjb25zZW50' }],
    ['upgraded', { upgraded: true }, { upgraded: true }],
    ['upgraded as a string (G-3.3.5-d)', { upgraded: 'true' }, {}],
    ['upgraded as a number', { upgraded: 1 }, {}],
    ['expires_in', { expires_in: 60 }, { expiresIn: 60 }],
    ['expires_in as a string', { expires_in: '60' }, { expiresIn: 60 }],
    ['a refresh token', { refresh_token: 'r' }, { refreshToken: 'r' }],
    ['members of the wrong type', { pct: 7, refresh_token: null, expires_in: null }, {}],
    ['a scope (G-3.3.5-e)', { scope: ['read'], permissions: [] }, {}],
  ])('%s', (_what, more, expected) => {
    expect(read(200, { ...granted, ...more })).toEqual({ ...grant, ...expected })
  })

  test.each([-1, 0, Number.NaN, 1e18, 'soon', '', '-5', true, [], {}, [60]])(
    'expires_in %j counts as absent',
    (expires_in) => {
      expect(read(200, { ...granted, expires_in })).toEqual(grant)
    },
  )

  test('201 (UMA servers before 2.0) is a success', () => {
    expect(read(201, granted)).toEqual(grant)
  })

  test.each([
    ['no access_token', { ...granted, access_token: undefined }],
    ['CR', { ...granted, access_token: 'a\rb' }],
    ['LF at the end', { ...granted, access_token: 'ab\n' }],
    ['NUL', { ...granted, access_token: 'a\0b' }],
    ['a space', { ...granted, access_token: 'a b' }],
    ['DEL', { ...granted, access_token: 'a\x7fb' }],
    ['not ASCII', { ...granted, access_token: 'ä' }],
    ['no token_type', { ...granted, token_type: undefined }],
    ['an unknown token_type', { ...granted, token_type: 'mac' }],
    ['N_A', { ...granted, token_type: 'N_A' }],
    ['an array', [granted]],
    ['null', 'null'],
    ['a string', '"x"'],
    ['HTML', '<html>'],
    ['nothing', ''],
  ])('%s: invalid, and not quoted', (_what, body) => {
    const answer = read(200, body)
    expect(answer).toMatchObject({ kind: 'error', code: 'invalid_token_response', reason: expect.any(String) })
    expect(JSON.stringify(answer)).not.toMatch(/a\\|html|mac|ä/)
  })
})

describe('need_info (G-3.3.6-c, G-3.3.6-h)', () => {
  const claim = {
    claim_token_format: ['http://openid.net/specs/openid-connect-core-1_0.html#IDToken'],
    claim_type: 'urn:oid:0.9.2342.19200300.100.1.3',
    friendly_name: 'email',
    issuer: ['https://example.com/idp'],
    name: 'email23423453ou453',
  }
  test.each([403, 400, 401])('with status %i', (status) => {
    expect(read(status, { error: 'need_info', ticket: 't2', required_claims: [claim] })).toEqual({
      kind: 'need_info',
      ticket: 't2',
      requiredClaims: [{ ...claim, raw: claim }],
      redirectUser: undefined,
    })
  })
  test('redirect_user', () => {
    expect(
      read(403, { error: 'need_info', ticket: 't2', redirect_user: 'https://as.example.com/rqp_claims?id=2346576421' }),
    ).toMatchObject({
      requiredClaims: [],
      redirectUser: 'https://as.example.com/rqp_claims?id=2346576421',
    })
  })
  test('without `error` (SolidLab)', () => {
    expect(read(403, { ticket: 't2', required_claims: { claim_token_format: 'f', issuer: 'i' } })).toMatchObject({
      kind: 'need_info',
      requiredClaims: [{ claim_token_format: ['f'], issuer: ['i'] }],
    })
  })
  test.each([
    [[null, 7, true, []], 4],
    ['format', 1],
    [undefined, 0],
    [null, 0],
  ])('odd required_claims %j are read without a fault', (required_claims, count) => {
    const answer = read(403, { error: 'need_info', ticket: 't2', required_claims }) as { requiredClaims: unknown[] }
    expect(answer.requiredClaims.length).toBeGreaterThanOrEqual(count === 4 ? 3 : count)
  })
  test('without a ticket (G-3.3.6-g): invalid', () => {
    expect(read(403, { error: 'need_info', redirect_user: 'x' })).toMatchObject({ code: 'invalid_token_response' })
  })
})

describe('request_submitted (G-3.3.6-e)', () => {
  test.each([
    [{ error: 'request_submitted', ticket: 't2', interval: 5 }, 't2', 5],
    [{ error: 'request_submitted', ticket: 't2', interval: '5' }, 't2', 5],
    [{ error: 'request_submitted', ticket: 't2', interval: -1 }, 't2', undefined],
    [{ error: 'request_submitted' }, undefined, undefined],
    [{ error: 'access_denied', error_description: 'request_submitted' }, undefined, undefined],
  ])('%j', (body, ticket, interval) => {
    expect(read(403, body)).toEqual({ kind: 'request_submitted', ticket, interval })
  })
})

describe('refusals', () => {
  test.each([
    [403, { error: 'request_denied' }],
    [403, { error: 'access_denied', error_description: 'not_authorized' }],
    [403, { error: 'forbidden_by_policy' }],
    [403, { error: 'not_authorised' }],
    [403, { error: 'not_authorized_permission' }],
    [400, { error: 'invalid_grant', error_description: 'Policy conditions are not met for actual request parameters' }],
    [403, { status: 403, description: 'no', message: 'no' }],
  ])('%i %j: request_denied', (status, body) => {
    expect(read(status, body)).toEqual({ kind: 'error', code: 'request_denied' })
  })
  test.each([
    [400, { error: 'invalid_grant' }, 'invalid_grant'],
    [401, { error: 'invalid_client' }, 'invalid_client'],
    [400, { error: 'invalid_scope' }, 'invalid_scope'],
    [403, { error: 'invalid_rpt' }, 'invalid_rpt'],
    [400, { status: 400, message: 'The provided ticket is not valid.' }, 'invalid_ticket'],
  ])('%i %j: %s', (status, body, code) => {
    expect(read(status, body)).toEqual({ kind: 'error', code })
  })
  test.each([
    [500, {}],
    [503, { error: 'need_info', ticket: 't' }],
    [302, {}],
    [401, {}],
    [400, { error: 'Not A Code' }],
    [400, { error: `x${'y'.repeat(99)}` }],
    [418, {}],
    [400, { status: 400, message: 'x' }],
  ])('%i %j: invalid', (status, body) => {
    expect(read(status, body)).toMatchObject({ kind: 'error', code: 'invalid_token_response' })
  })
})

test('whatever comes: never throws, and quotes nothing but well-formed codes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
      const answer = readTokenAnswer(status, text)
      if (answer.kind === 'error') expect(answer.code).toMatch(/^[a-z_]{1,64}$/)
    }),
  )
})

describe('exp of a JWT', () => {
  const jwt = (payload: string): string => `e30.${Buffer.from(payload).toString('base64url')}.s`
  test.each([
    ['{"exp":1700000000}', 1700000000],
    ['{"exp":"1700000000"}', 1700000000],
    ['{"sub":"ä😀","exp":5}', 5],
    ['{}', undefined],
    ['{"exp":"x"}', undefined],
    ['null', undefined],
    ['[]', undefined],
    ['{', undefined],
  ])('%s: %s', (payload, exp) => {
    expect(jwtExpiry(jwt(payload))).toBe(exp)
  })
  test('of anything at all: never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void jwtExpiry(text)))
  })
})
