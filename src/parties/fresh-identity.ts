import { type FreshTokens, freshTokens, type TokenKeeper } from '../authorization-server/fresh-tokens.ts'
import type { Identity, SignIn } from '../authorization-server/sign-in/identity.ts'
import { isUmaError, loadPart } from '../errors/index.ts'
import { type Authority, signInOf } from '../trust/authority.ts'
import { clientSession } from './client-session.ts'
import type { Party } from './party.ts'
import { type Revoker, revokeAll, signInTokens } from './revoke.ts'
import { keepIdentity, readIdentities } from './sign-ins.ts'

/**
 * The sign-in of a party at an authority, refreshed if it has ended: once for all callers that ask at the same time.
 *
 * @param notThisToken an access token that the server has refused: the sign-in that holds it counts as ended
 * @returns undefined if nobody is signed in
 * @throws UmaError if the authorization server was not reached
 */
export async function freshIdentity(
  access: Revoker,
  party: Party,
  authority: Authority,
  notThisToken?: string,
): Promise<Identity | undefined> {
  const { issuer } = authority.server
  const fresh = await refreshIfEnded(access, party, authority, notThisToken)
  switch (fresh.kind) {
    case 'none':
      return undefined
    case 'held':
      return fresh.tokens
    case 'refreshed':
      access.tell({ type: 'sign-in-refreshed', issuer })
      return fresh.tokens
    case 'dropped':
      access.tell({ type: 'sign-in-dropped', issuer })
      return undefined
    case 'signed-out':
      await revokeAll(access, party, signInTokens(fresh.tokens, authority.key))
      return undefined
  }
}

async function refreshIfEnded(
  access: Revoker,
  party: Party,
  authority: Authority,
  notThisToken: string | undefined,
): Promise<FreshTokens> {
  const keeper = keeperOf(access, party, authority, notThisToken)
  try {
    return await freshTokens(keeper)
  } catch (error) {
    // A client that can register again does so; any other client signs the person in again.
    if (!isUmaError(error, 'invalid_client') || authority.dynamic) throw error
    await keeper.write(undefined)
    return { kind: 'dropped', error }
  }
}

function keeperOf(access: Revoker, party: Party, authority: Authority, notThisToken: string | undefined): TokenKeeper {
  const { key } = authority
  const signIn = signInOf(authority)
  // A sign-out between the last look and a write makes the write void.
  let epoch = party.epoch
  return {
    async read() {
      const identities = await readIdentities(party)
      epoch = party.epoch
      return identities.get(key)
    },
    write: (tokens) => keepIdentity(party, key, tokens, epoch),
    refresh: signIn && ((tokens) => refreshWith(signIn, access, party, authority, tokens)),
    lock: (task) => party.lock(`identity ${key}`, task),
    isEnded: ({ accessToken, expiresAt }) =>
      accessToken === notThisToken || (expiresAt !== undefined && expiresAt <= Date.now()),
  }
}

async function refreshWith(
  signIn: SignIn,
  access: Revoker,
  party: Party,
  authority: Authority,
  identity: Identity,
): Promise<Identity | undefined> {
  const parts = await loadPart('sign-in', () => signIn.load())
  return parts.refresh?.(await clientSession(access, party, authority), identity)
}
