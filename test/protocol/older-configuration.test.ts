/** Configurations of UMA before 2.0 (UMA 1.0.1 core §1.4; P-3). */
import { describe, expect, test } from 'vitest'
import { readPumaConfiguration } from '../../src/protocol/puma/configuration.ts'
import { readUma1Configuration } from '../../src/protocol/uma1/configuration.ts'

const issuer = 'https://example.com'

/** The example of UMA 1.0.1 core §1.4. */
const uma1 = {
  version: '1.0',
  issuer,
  pat_profiles_supported: ['bearer'],
  aat_profiles_supported: ['bearer'],
  rpt_profiles_supported: ['https://docs.kantarainitiative.org/uma/profiles/uma-token-bearer-1.0'],
  pat_grant_types_supported: ['authorization_code'],
  aat_grant_types_supported: ['authorization_code'],
  claim_token_profiles_supported: ['https://example.com/claims/formats/token1'],
  dynamic_client_endpoint: 'https://as.example.com/dyn_client_reg_uri',
  token_endpoint: 'https://as.example.com/token_uri',
  authorization_endpoint: 'https://as.example.com/authz_uri',
  requesting_party_claims_endpoint: 'https://as.example.com/rqp_claims_uri',
  resource_set_registration_endpoint: 'https://as.example.com/rs/rsrc_uri',
  introspection_endpoint: 'https://as.example.com/rs/status_uri',
  permission_registration_endpoint: 'https://as.example.com/rs/perm_uri',
  rpt_endpoint: 'https://as.example.com/client/rpt_uri',
}

/** What SMARTAM published. */
const smartam = {
  version: '1.0',
  issuer: 'http://www.smartam.net',
  dynamic_client_registration_supported: 'yes',
  token_types_supported: ['artifact'],
  host_grant_types_supported: ['authorization_code', 'client_credentials'],
  claim_types_supported: ['openid'],
  client_dynamic_registration_endpoint: 'http://www.smartam.net/api/oc/register',
  host_token_endpoint: 'http://www.smartam.net/oauth/token',
  host_user_endpoint: 'http://www.smartam.net/oauth/authorize',
  resource_set_registration_endpoint: 'http://www.smartam.net/api/uma/resource_reg',
  token_status_endpoint: 'http://www.smartam.net/api/uma/validation',
  permission_registration_endpoint: 'http://www.smartam.net/api/uma/permissions_reg',
  requester_token_endpoint: 'http://www.smartam.net/oauth/token',
  requester_user_endpoint: 'http://www.smartam.net/oauth/authorize',
  permission_request_endpoint: 'http://www.smartam.net/api/uma/permissions_grant/ticket',
}

const secure = JSON.parse(JSON.stringify(smartam).replaceAll('http://', 'https://'))

describe('UMA 1.0.1 (core §1.4)', () => {
  const read = (changes: object = {}, asked = issuer, tolerant = false) =>
    readUma1Configuration(JSON.stringify({ ...uma1, ...changes }), asked, tolerant)

  test('the example, with dynamic_client_endpoint where registration looks for it', () => {
    expect(read()).toMatchObject({
      rpt_endpoint: 'https://as.example.com/client/rpt_uri',
      registration_endpoint: 'https://as.example.com/dyn_client_reg_uri',
    })
  })

  test('the reserved word openid is no endpoint', () => {
    const document = read({ dynamic_client_endpoint: 'openid' })
    expect(document).toMatchObject({ openid_registration: true })
    expect(document).not.toHaveProperty('registration_endpoint')
  })

  test('OpenAM: a short name for the Bearer profile', () => {
    expect(read({ rpt_profiles_supported: ['bearer'] })).toBeTypeOf('object')
  })

  test.each([
    ['another version', { version: '2.0' }],
    ['a version that is no string', { version: 1.0 }],
    ['no AAT profiles', { aat_profiles_supported: undefined }],
    ['AATs of another profile only', { aat_profiles_supported: ['mac'] }],
    ['RPTs of another profile only', { rpt_profiles_supported: ['https://example.com/pop'] }],
    ['another issuer', { issuer: 'https://elsewhere.example' }],
    ['no issuer', { issuer: undefined }],
    ['a slash more', { issuer: `${issuer}/` }],
    ['no rpt_endpoint', { rpt_endpoint: undefined }],
    ['rpt_endpoint in the clear', { rpt_endpoint: 'http://as.example.com/rpt' }],
    ['no authorization_endpoint', { authorization_endpoint: undefined }],
    ['no token_endpoint', { token_endpoint: 'javascript:alert(1)' }],
  ])('not with %s', (_what, changes) => {
    expect(read(changes)).toBeTypeOf('string')
  })

  test('a slash more, where that is tolerated', () => {
    expect(read({ issuer: `${issuer}/` }, issuer, true)).toBeTypeOf('object')
  })

  test.each([
    ['Universal Money Address (G-2-h)', { umaMajorVersions: [0, 1], uma_request_endpoint: 'https://vasp.example/uma' }],
    ['a UMA 2.0 document', { issuer, token_endpoint: 'https://as.example.com/token', grant_types_supported: [] }],
    ['SMARTAM', secure],
    ['a list', [uma1]],
  ])('not a foreign document: %s', (_what, document) => {
    expect(readUma1Configuration(JSON.stringify(document), issuer)).toBeTypeOf('string')
  })

  test('not a page', () => {
    expect(readUma1Configuration('<!doctype html>', issuer)).toBe('not a JSON object')
  })
})

describe('SMARTAM (P-3)', () => {
  const at = 'http://www.smartam.net'

  test('P-16 in the clear only where that is asked for', () => {
    expect(readPumaConfiguration(JSON.stringify(smartam), at)).toBeTypeOf('string')
    expect(readPumaConfiguration(JSON.stringify(smartam), at, false, true)).toMatchObject({
      token_endpoint: smartam.requester_token_endpoint,
      authorization_endpoint: smartam.requester_user_endpoint,
      registration_endpoint: smartam.client_dynamic_registration_endpoint,
      permission_request_endpoint: smartam.permission_request_endpoint,
    })
  })

  test('over https without further ado', () => {
    expect(readPumaConfiguration(JSON.stringify(secure), 'https://www.smartam.net')).toMatchObject({
      token_endpoint: 'https://www.smartam.net/oauth/token',
    })
  })

  test.each([
    ['no version', { version: undefined }],
    ['no issuer', { issuer: undefined }],
    ['another issuer', { issuer: 'https://smartam.net' }],
    ['no requester_token_endpoint', { requester_token_endpoint: undefined }],
    ['no requester_user_endpoint', { requester_user_endpoint: undefined }],
    ['no permission_request_endpoint', { permission_request_endpoint: undefined }],
    ['an endpoint of the requester that is no http', { requester_token_endpoint: 'ftp://www.smartam.net/token' }],
  ])('not with %s', (_what, changes) => {
    expect(
      readPumaConfiguration(JSON.stringify({ ...secure, ...changes }), 'https://www.smartam.net', false, true),
    ).toBeTypeOf('string')
  })

  test.each([
    ['Universal Money Address (G-2-h)', { umaMajorVersions: [0, 1] }],
    ['UMA 1.0', uma1],
  ])('not a foreign document: %s', (_what, document) => {
    expect(readPumaConfiguration(JSON.stringify(document), issuer)).toBeTypeOf('string')
  })
})
