import { revokeToken } from '../authorization-server/token-request.ts'
import { InvalidStateError } from '../errors.ts'
import { ownConnection } from './connection.ts'
import { identitiesKey, identitiesOf } from './identities.ts'
import type { Party } from './party.ts'
import { nextEpoch } from './pending.ts'
import type { Services } from './services.ts'
import { issuerOf } from './trust.ts'

/**
 * Forgets all that is kept for a party, drops its pending redirects, and revokes its RPTs, PCTs and the tokens of its sign-ins where
 * the authorization server can (Grant §3.7, RFC 7009). What cannot be revoked is forgotten all the same.
 */
export async function signOut(services: Services, party: Party): Promise<void> {
  await identitiesOf(services, party)
  await party.ledger?.readAll()
  const tokens = party.wallet.all().flatMap(({ authority, host, grant }) => [
    { authority, host, token: grant.token, hint: 'access_token' },
    { authority, host, token: grant.refreshToken, hint: 'refresh_token' },
  ])
  for (const [authority, { accessToken, refreshToken }] of party.identities) {
    tokens.push({ authority, host: '', token: accessToken, hint: 'access_token' })
    tokens.push({ authority, host: '', token: refreshToken, hint: 'refresh_token' })
  }
  for (const [authority, token] of party.pcts) tokens.push({ authority, host: '', token, hint: 'pct' })
  party.forget()
  for (const { controller } of party.flights.values()) controller.abort(new InvalidStateError('Signed out meanwhile'))
  party.flights.clear()
  await nextEpoch(services, party)
  await party.ledger?.erase()
  await services.store.delete(identitiesKey(party.name))
  const { trust, tell } = services
  await Promise.all(
    tokens.map(async ({ authority, host, token, hint }) => {
      const issuer = issuerOf(authority)
      try {
        if (!token) return
        const known = await trust.find(issuer, host)
        if (known?.key !== authority) throw undefined
        await revokeToken(await ownConnection(services, party, known, host), token, hint)
      } catch {
        tell({ type: 'revocation-failed', issuer })
      }
    }),
  )
}
