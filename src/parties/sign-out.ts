import { raiseEpoch } from './epoch.ts'
import type { Party } from './party.ts'
import { finishedKey, identitiesKey, redirectsKey } from './record-keys.ts'
import { type RevocableToken, type Revoker, revokeAll, signInTokens, tokensOf } from './revoke.ts'
import { readIdentities } from './sign-ins.ts'

/**
 * Forgets everything that is kept for a party, and makes the redirects under way void. Then revokes the party's RPTs,
 * PCTs and the tokens of its sign-ins where the authorization server can. A token that cannot be revoked is forgotten,
 * too.
 *
 * @param endFlows ends the flows of the party that are under way
 */
export async function signOut(revoker: Revoker, party: Party, endFlows: () => void): Promise<void> {
  await readIdentities(party)
  await party.stored?.readAll()
  const tokens = heldTokens(party)
  endFlows()
  await raiseEpoch(party)
  await party.stored?.erase()
  await party.records.delete(identitiesKey(party.name))
  await forgetReturns(party)
  await revokeAll(revoker, party, tokens)
}

/** Deletes the counts of redirects and the marks of returns, as far as the storage can list its keys. */
async function forgetReturns(party: Party): Promise<void> {
  for (const prefix of [redirectsKey(party.name, ''), finishedKey(party.name, '')]) {
    for (const key of await party.records.keys(prefix)) await party.records.delete(key)
  }
}

function heldTokens(party: Party): RevocableToken[] {
  const tokens = party.wallet.all().flatMap(({ authority, host, grant }) => tokensOf(grant, authority, host))
  for (const [authority, identity] of party.identities) tokens.push(...signInTokens(identity, authority))
  for (const [authority, token] of party.pcts) tokens.push({ authority, token, hint: 'pct' })
  return tokens
}
