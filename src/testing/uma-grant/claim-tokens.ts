/**
 * Reading the claim tokens that a client pushes (Grant §3.3.1). Signatures of other issuers are not verified: the policy
 * sees the claims and the issuer.
 */
import { base64url } from 'jose'
import type { ServerState } from '../authorization-server/state.ts'
import type { ClaimTokenPair, TokenRequestBody } from '../authorization-server/token-request.ts'
import { ID_TOKEN_FORMAT } from '../policies/policies.ts'
import type { PushedClaims } from '../policies/policy.ts'
import { jwtPayload } from '../wire/keys.ts'
import { jsonObject } from '../wire/request.ts'

export type ReadClaims = { ok: true; claims: PushedClaims[] } | { ok: false; error: string }

export async function readClaims(state: ServerState, body: TokenRequestBody): Promise<ReadClaims> {
  const pairs = pushedPairs(body)
  if (pairs === undefined) return { ok: false, error: 'claim_token and claim_token_format go together' }
  const claims: PushedClaims[] = []
  for (const pair of pairs) {
    const read = await readClaim(state, pair)
    if (read === undefined) return { ok: false, error: `not a claim token of the format ${pair.claim_token_format}` }
    claims.push(read)
  }
  return { ok: true, claims }
}

/** undefined: one of the two parameters is missing */
function pushedPairs({ parameters, claimTokens }: TokenRequestBody): ClaimTokenPair[] | undefined {
  if (claimTokens !== undefined) return claimTokens
  const claim_token = parameters.get('claim_token')
  const claim_token_format = parameters.get('claim_token_format')
  if (claim_token === null && claim_token_format === null) return []
  return claim_token && claim_token_format ? [{ claim_token, claim_token_format }] : undefined
}

async function readClaim(state: ServerState, pair: ClaimTokenPair): Promise<PushedClaims | undefined> {
  const { claim_token: token, claim_token_format: format } = pair
  const jwt = jwtPayload(token)
  if (jwt === undefined) {
    if (format === ID_TOKEN_FORMAT) return undefined
    return { format, token, payload: readOther(token), ownSignature: false }
  }
  const ownSignature = await state.key.verify(token)
  const namesThisServer = jwt.iss === state.issuer || jwt.iss === state.base
  return namesThisServer && !ownSignature ? undefined : { format, token, payload: jwt, ownSignature }
}

/** A JSON object in base64url, or any text. */
function readOther(token: string): Record<string, unknown> {
  try {
    const object = jsonObject(new TextDecoder().decode(base64url.decode(token)))
    if (object !== undefined) return object
  } catch {
    // The token is not base64url.
  }
  return { value: percentDecoded(token) }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
