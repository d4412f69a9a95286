/** oidc-provider in front of the simulated authorization server binds tokens to a DPoP key (RFC 9449). */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { startAuthorizationServer } from '../helpers/authorization-server.ts'
import { basic, bearer, post, wire } from './kit.ts'

test('a PAT with a DPoP proof is bound to its key, and no Bearer token; a proof for another URL is refused', async () => {
  const as = await startAuthorizationServer({ path: '/realms/photos' })
  onTestFinished(as.close)
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const proof = (htu: string) =>
    new SignJWT({ htm: 'POST', htu, jti: crypto.randomUUID() })
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey)
  const pat = async (headers: Record<string, string>) =>
    post(
      `${as.issuer}/token`,
      { grant_type: 'client_credentials', scope: 'uma_protection' },
      { ...basic('rs', 'rs-secret'), ...headers },
    )
  const list = async (token: string) => (await wire(`${as.issuer}/rreg/`, bearer(token))).status

  const unbound = await pat({})
  expect([unbound.json.token_type, await list(unbound.json.access_token)]).toEqual(['Bearer', 200])
  const bound = await pat({ dpop: await proof(`${as.issuer}/token`) })
  expect([bound.json.token_type, await list(bound.json.access_token)]).toEqual(['DPoP', 401])
  const refused = await pat({ dpop: await proof(`${as.issuer}/elsewhere`) })
  expect([refused.status, refused.json.error]).toEqual([400, 'invalid_dpop_proof'])
})
