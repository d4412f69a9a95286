import { type GrantedAnswer, jwtExpiry } from './token-answer.ts'

/** The credential that a flow ends with; plain JSON. */
export interface Grant {
  token: string
  /** `token_type` in lower case. */
  type: string
  /** When the token expires, in milliseconds since 1970; `undefined` if that is not known. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
}

/**
 * The part of a token answer that is kept. If the server does not say how long the token lasts, the `exp` of a JWT
 * counts.
 *
 * @example if (answer.kind === 'granted') return { kind: 'granted', grant: toGrant(answer), upgraded: answer.upgraded }
 */
export function toGrant({ token, type, expiresIn, refreshToken }: GrantedAnswer): Grant {
  if (expiresIn) return { token, type, refreshToken, expiresAt: Date.now() + expiresIn * 1000 }
  const exp = jwtExpiry(token)
  return { token, type, refreshToken, expiresAt: exp && exp * 1000 }
}
