/** Reading what a client pushes as claim_token. Foreign signatures are not verified: the policy sees what was claimed and by whom. */
import { json, jwtPayload, verifyJwt } from './keys.ts'
import { ID_TOKEN_FORMAT, type State } from './state.ts'
import type { PushedClaims } from './types.ts'

export type ClaimsRead = { ok: true; claims: PushedClaims[] } | { ok: false; error: string }

/** SolidLab's JSON form pushes several claim tokens at once; the front hands them on under this format. */
export const SEVERAL = 'urn:uma-bench:several'

export function readClaims(state: State, parameters: URLSearchParams): ClaimsRead {
  const token = parameters.get('claim_token')
  const format = parameters.get('claim_token_format')
  if (token === null && format === null) return { ok: true, claims: [] }
  if (!token || !format) return { ok: false, error: 'claim_token and claim_token_format go together' }
  const pairs =
    format === SEVERAL
      ? (JSON.parse(token) as { claim_token: string; claim_token_format: string }[])
      : [{ claim_token: token, claim_token_format: format }]
  const claims: PushedClaims[] = []
  for (const pair of pairs) {
    const read = readClaim(state, pair.claim_token, pair.claim_token_format)
    if (read === undefined) return { ok: false, error: `not a claim token of the format ${pair.claim_token_format}` }
    claims.push(read)
  }
  return { ok: true, claims }
}

function readClaim(state: State, token: string, format: string): PushedClaims | undefined {
  const jwt = jwtPayload(token)
  if (jwt !== undefined) {
    const own = verifyJwt(state.keys, token)
    // a token that says it is ours and is not: refused
    if (!own && (jwt['iss'] === state.issuer || jwt['iss'] === state.base)) return undefined
    return { format, token, payload: jwt, ownSignature: own }
  }
  if (format === ID_TOKEN_FORMAT) return undefined
  const payload = json(Buffer.from(token, 'base64url').toString()) ?? { value: decoded(token) }
  return { format, token, payload, ownSignature: false }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
