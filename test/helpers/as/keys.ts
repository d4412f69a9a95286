/** ES256 keys made at start, and compact JWTs signed with them. */
import {
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'

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

export function verifyJwt(keys: PlainKeys, jwt: string): boolean {
  const [head, body, signature] = jwt.split('.')
  if (head === undefined || body === undefined || signature === undefined) return false
  const key = { key: keys.publicKey, dsaEncoding: 'ieee-p1363' as const }
  return verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
}

/** The payload of a compact JWT, not verified; undefined if it is none. */
export function jwtPayload(jwt: string): Record<string, unknown> | undefined {
  const parts = jwt.split('.')
  if (parts.length !== 3) return undefined
  return json(Buffer.from(parts[1] ?? '', 'base64url').toString())
}

export function json(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
