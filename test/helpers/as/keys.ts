/** ES256 keys made at start, and compact JWTs signed with them. */
import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface PlainKeys {
  privateKey: KeyObject
  publicKey: KeyObject
  /** for oidc-provider's `jwks` */
  privateJwk: JsonWebKey
  publicJwk: JsonWebKey
}

export const random = (bytes = 24): string => randomBytes(bytes).toString('base64url')

export function makeKeys(): PlainKeys {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = createPublicKey(privateKey)
  const extra = { use: 'sig', alg: 'ES256', kid: random(6) }
  return {
    privateKey,
    publicKey,
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...extra },
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...extra },
  }
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function signJwt(
  keys: PlainKeys,
  payload: Record<string, unknown>,
  header: Record<string, unknown> = {},
): string {
  const input = `${part({ alg: 'ES256', kid: keys.publicJwk['kid'], typ: 'JWT', ...header })}.${part(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
