import { InvalidTokenResponseError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'

/** Seconds that clocks may differ. */
const tolerance = 60

/**
 * Checks an ID token that came straight from the token endpoint over TLS, where its signature need not be checked (OpenID Connect
 * Core §3.1.3.7, 6): issuer, audience, times, nonce.
 *
 * @returns the token; undefined if there is none and none was asked for
 * @throws InvalidTokenResponseError
 */
export function checkIdToken(
  token: unknown,
  { issuer, clientId, nonce }: { issuer: string; clientId: string; nonce?: string | undefined },
): string | undefined {
  if (token === undefined && nonce === undefined) return undefined
  const fail = (what: string): InvalidTokenResponseError =>
    new InvalidTokenResponseError(`ID token of ${issuer}: ${what}`, { issuer })
  if (typeof token !== 'string') throw fail('there is none')
  const [header, payload] = token.split('.', 2).map(part)
  if (!header || !payload) throw fail('not a JWT')
  // One that says that it is not signed is nobody's word.
  if (typeof header.alg !== 'string' || /^none$/i.test(header.alg)) throw fail('alg')
  if (payload.iss !== issuer) throw fail('iss')
  const audience = [payload.aud].flat()
  if (!audience.includes(clientId)) throw fail('aud')
  if (audience.length > 1 && payload.azp !== clientId) throw fail('azp')
  const now = Date.now() / 1000
  if (!(Number(payload.exp) > now - tolerance)) throw fail('exp')
  if (Number(payload.nbf ?? payload.iat ?? now) > now + tolerance) throw fail('iat')
  if (nonce !== undefined && payload.nonce !== nonce) throw fail('nonce')
  return token
}

function part(text: string): Record<string, unknown> | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0))
    return readObject(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
