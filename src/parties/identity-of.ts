import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { loadPart } from '../errors/index.ts'
import { type Authority, signInOf } from '../trust/authority.ts'
import type { Party } from './party.ts'
import type { Revoker } from './revoke.ts'

const loadFreshIdentity = () => import('./fresh-identity.ts')

/**
 * The sign-in of a party at an authority, refreshed if it has ended: once for all callers that ask at the same time. The
 * code is loaded for the first server where people sign in.
 *
 * @param notThisToken an access token that the server has refused: the sign-in that holds it counts as ended
 * @returns undefined if nobody is signed in
 * @throws UmaError if the authorization server was not reached
 */
export async function identityOf(
  access: Revoker,
  party: Party,
  authority: Authority,
  notThisToken?: string,
): Promise<Identity | undefined> {
  if (!signInOf(authority)) return undefined
  const { freshIdentity } = await loadPart('sign-in', loadFreshIdentity)
  return freshIdentity(access, party, authority, notThisToken)
}
