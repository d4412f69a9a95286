import { type GrantedAnswer, jwtExpiry } from '../protocol/token-answer.ts'
import type { Grant } from './scheme.ts'

/** What is kept of a token answer. A server that does not say how long the token lasts may have made it a JWT, which does. */
export function toGrant({ token, type, expiresIn, refreshToken }: GrantedAnswer): Grant {
  const exp = expiresIn ? undefined : jwtExpiry(token)
  return { token, type, refreshToken, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : exp && exp * 1000 }
}
