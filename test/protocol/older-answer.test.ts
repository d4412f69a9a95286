/** Answers of authorization managers and UMA 1 servers. */
import { describe, expect, test } from 'vitest'
import { readPumaAnswer } from '../../src/protocol/puma/answer.ts'
import { readUma1Answer } from '../../src/protocol/uma1/answer.ts'

const uma1 = (status: number, body: unknown) => readUma1Answer(status, JSON.stringify(body))
const puma = (status: number, body: unknown) => readPumaAnswer(status, JSON.stringify(body))

describe('rpt_endpoint', () => {
  test('U1-3.5.3-a an RPT, without type and lifetime', () => {
    expect(uma1(200, { rpt: 'sbjsbhs(/SSJHBSUSSJHVhjsgvhsgvshgsv' })).toEqual({
      kind: 'granted',
      rpt: 'sbjsbhs(/SSJHBSUSSJHVhjsgvhsgvshgsv',
    })
  })

  test.each([
    [{ token: 't' }],
    [{ rpt: 'a b' }],
    [{ rpt: 'a\r\nb' }],
    [{ rpt: 1 }],
    [{}],
    [[]],
    [{ access_token: 't' }],
  ])('no usable RPT: %j', (body) => {
    expect(uma1(200, body)).toMatchObject({ kind: 'error', code: 'invalid_token_response' })
  })

  test('U1-3.5.4.1-a, U1-3.5.4.2-a need_info with everything', () => {
    const required = {
      name: 'email23423453ou453',
      friendly_name: 'email',
      claim_type: 'urn:oid:0.9.2342.19200300.100.1.3',
      claim_token_format: ['http://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken'],
      issuer: ['https://example.com/idp'],
    }
    const claims = { required_claims: [required], redirect_user: true, ticket: 'deprecated' }
    const acr = { required_acr: ['https://example.com/acrs/LOA3.14159'] }
    const expected = {
      kind: 'need_info',
      acr: acr.required_acr,
      requiredClaims: [{ ...required, raw: required }],
      redirectUser: true,
      hints: true,
    }
    const details = { authentication_context: acr, requesting_party_claims: claims }
    expect(uma1(403, { error: 'need_info', error_details: details })).toEqual(expected)
    const openam = { ...details, requesting_party_claims: [claims] }
    expect(uma1(403, { error: 'need_info', error_details: openam })).toEqual(expected)
  })

  test.each([undefined, null, 'text', [], { requesting_party_claims: 'x', authentication_context: 3 }])(
    'U1-3.5.4-a need_info with details %j',
    (details) => {
      expect(uma1(403, { error: 'need_info', error_details: details })).toMatchObject({
        kind: 'need_info',
        acr: [],
        requiredClaims: [],
        redirectUser: false,
      })
    },
  )

  test('redirect_user is a boolean here: a URL is not believed', () => {
    const details = { requesting_party_claims: { redirect_user: 'https://evil.example' } }
    expect(uma1(403, { error: 'need_info', error_details: details })).toMatchObject({ redirectUser: false })
  })

  test.each([400, 403, 409, 404])('U1-3.5.4-a request_submitted with any 4xx: %i', (status) => {
    expect(uma1(status, { error: 'request_submitted' })).toEqual({ kind: 'request_submitted' })
  })

  test.each(['not_authorized', 'not_authorised', 'access_denied'])('U1-3.5.4-a a no: %s', (error) => {
    expect(uma1(403, { error })).toEqual({ kind: 'error', code: 'request_denied' })
  })

  test.each(['invalid_ticket', 'expired_ticket', 'invalid_request'])('U1-3.5.4-a, U1-3.5.4-c %s', (error) => {
    expect(uma1(400, { error, error_description: 'secret' })).toEqual({ kind: 'error', code: error })
  })

  test('U1-3.5.4-b 401, whatever it says', () => {
    expect(uma1(401, { error: 'invalid_token' })).toEqual({ kind: 'unauthorized' })
    expect(readUma1Answer(401, '')).toEqual({ kind: 'unauthorized' })
    expect(uma1(401, { error: 'need_info' })).toEqual({ kind: 'unauthorized' })
  })

  test.each([
    [500, { error: 'not_authorized' }],
    [302, {}],
    [403, {}],
    [403, { error: 'Not Authorized!' }],
    [400, []],
  ])('nonsense: %i %j', (status, body) => {
    expect(uma1(status, body)).toMatchObject({ kind: 'error', code: 'invalid_token_response' })
  })
})

describe('an authorization manager', () => {
  const claim = { claim_type: 'redirect_required', claim_value: 'https://am.example/claims' }
  const wanted = { kind: 'claims', redirectUser: 'https://am.example/claims' }

  test.each([
    [200, [claim]],
    [401, [claim]],
    [403, [claim]],
    [200, { claims_requested: [claim] }],
    [403, { claims_requested: [{ claim_type: 'other' }, claim] }],
  ])('P-10 a list of claims: %i %j', (status, body) => {
    expect(puma(status, body)).toMatchObject(wanted)
  })

  test('P-10 claims, but nowhere to go', () => {
    expect(puma(200, [{ claim_type: 'openid' }])).toEqual({
      kind: 'claims',
      requiredClaims: [{ claim_type: 'openid', raw: { claim_type: 'openid' } }],
      redirectUser: undefined,
    })
  })

  test.each([
    [201, { token: 't' }],
    [200, { rpt: 't' }],
  ])('P-6, P-11 an RPT: %i %j', (status, body) => {
    expect(puma(status, body)).toEqual({ kind: 'granted', rpt: 't' })
  })

  test.each([200, 201, 204])('P-11 an empty %i', (status) => {
    expect(readPumaAnswer(status, '')).toEqual({ kind: 'granted', rpt: undefined })
    // No claim is needed (P-10).
    for (const text of ['[]', '{"claims_requested":[]}'])
      expect(readPumaAnswer(status, text)).toEqual({ kind: 'granted', rpt: undefined })
  })

  test.each([
    [200, '{}'],
    [200, '<html>'],
    [201, '{"token":"a b"}'],
    [500, '{"token":"t"}'],
    [302, ''],
  ])('nonsense: %i %s', (status, text) => {
    expect(readPumaAnswer(status, text)).toMatchObject({ kind: 'error', code: 'invalid_token_response' })
  })

  test.each([
    [400, 'invalid_requester_ticket', 'invalid_requester_ticket'],
    [400, 'expired_requester_ticket', 'expired_requester_ticket'],
    [403, 'not_authorized_permission', 'request_denied'],
    [403, 'need_claims', 'need_claims'],
    [400, 'invalid_request', 'invalid_request'],
  ])('P-15 %i %s', (status, error, code) => {
    expect(puma(status, { status: 'error', error })).toEqual({ kind: 'error', code })
  })

  test('401: the AAT', () => {
    expect(puma(401, { error: 'invalid_token' })).toEqual({ kind: 'unauthorized' })
  })
})
