/** The ES256 key of a simulated server, and JWTs signed with it. */
import {
  CompactSign,
  type CryptoKey,
  compactVerify,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import { random } from './random.ts'

export interface SigningKey {
  sign(payload: Record<string, unknown>): Promise<string>
  /** true if this key signed the JWT; claims are not checked */
  verify(jwt: string): Promise<boolean>
  publicJwk(): Promise<JWK>
}

/** @param privateJwk made on first use if it is left out */
export function createSigningKey(privateJwk?: JWK): SigningKey {
  let loaded: Promise<LoadedKey> | undefined
  const load = (): Promise<LoadedKey> => {
    loaded ??= loadKey(privateJwk)
    return loaded
  }
  return {
    async sign(payload) {
      const { privateKey, publicJwk } = await load()
      const header = { alg: 'ES256', typ: 'JWT', ...(publicJwk.kid === undefined ? {} : { kid: publicJwk.kid }) }
      return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader(header)
        .sign(privateKey)
    },
    async verify(jwt) {
      const { publicKey } = await load()
      try {
        await compactVerify(jwt, publicKey, { algorithms: ['ES256'] })
        return true
      } catch {
        return false
      }
    },
    publicJwk: async () => (await load()).publicJwk,
  }
}

interface LoadedKey {
  privateKey: CryptoKey
  publicKey: CryptoKey
  publicJwk: JWK
}

async function loadKey(given: JWK | undefined): Promise<LoadedKey> {
  const { d, ...rest } = given ?? (await newKey())
  const publicJwk: JWK = { use: 'sig', alg: 'ES256', ...rest }
  const privateKey = (await importJWK({ ...rest, ...(d === undefined ? {} : { d }) }, 'ES256')) as CryptoKey
  return { privateKey, publicKey: (await importJWK(publicJwk, 'ES256')) as CryptoKey, publicJwk }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: random(6) }
}

/** The payload of a compact JWT, not verified; undefined for any other text. */
export function jwtPayload(jwt: string): Record<string, unknown> | undefined {
  try {
    return decodeJwt(jwt)
  } catch {
    return undefined
  }
}
