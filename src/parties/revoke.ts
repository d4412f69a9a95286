import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { revokeToken } from '../authorization-server/token-request.ts'
import type { Tell } from '../events.ts'
import type { Grant } from '../protocol/oauth/grant.ts'
import { type Authority, issuerOf } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import { clientSession, type ServerAccess } from './client-session.ts'
import type { Party } from './party.ts'

/** A token to revoke (RFC 7009 §2.1). */
export interface RevocableToken {
  /** The key of the authority that issued the token. */
  authority: string
  token: string | undefined
  hint: 'access_token' | 'refresh_token' | 'pct'
  /** An absolute URL at the host, for a token of one host. */
  resource?: string | undefined
}

/** The parts of a requester that a revocation uses. */
export interface Revoker extends ServerAccess {
  trust: Pick<Trust, 'find'>
  tell: Tell
}

/** The tokens of a sign-in. */
export function signInTokens({ accessToken, refreshToken }: Identity, authority: string): RevocableToken[] {
  return [
    { authority, token: accessToken, hint: 'access_token' },
    { authority, token: refreshToken, hint: 'refresh_token' },
  ]
}

/** The tokens of a grant. */
export function tokensOf(grant: Grant, authority: string, host: string): RevocableToken[] {
  return [
    { authority, token: grant.token, hint: 'access_token', resource: host },
    { authority, token: grant.refreshToken, hint: 'refresh_token', resource: host },
  ]
}

/**
 * Revokes tokens where the authorization server can (UMA Grant §3.7, RFC 7009). A token that cannot be revoked gives
 * the event `revocation-failed`; nothing is thrown.
 */
export async function revokeAll(revoker: Revoker, party: Party, tokens: readonly RevocableToken[]): Promise<void> {
  await Promise.all(tokens.map((token) => revokeOne(revoker, party, token)))
}

async function revokeOne(revoker: Revoker, party: Party, revocable: RevocableToken): Promise<void> {
  const { authority: key, token, hint, resource } = revocable
  if (!token) return
  const issuer = issuerOf(key)
  const fail = (): void => revoker.tell({ type: 'revocation-failed', issuer })
  try {
    const authority: Authority | undefined = await revoker.trust.find(issuer, resource, key.slice(issuer.length + 1))
    if (authority?.key !== key) return fail()
    await revokeToken(await clientSession(revoker, party, authority, resource), token, hint)
  } catch {
    fail()
  }
}
