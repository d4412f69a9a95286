import { requestToken } from '../authorization-server/token-request.ts'
import { toGrant } from '../schemes/grant.ts'
import { ownConnection } from './connection.ts'
import type { Party } from './party.ts'
import type { Rpt } from './rpt.ts'
import { realm, type Services } from './services.ts'
import { type Authority, issuerOf } from './trust.ts'

export const expired = ({ grant }: Rpt): boolean => grant.expiresAt !== undefined && grant.expiresAt <= Date.now()

/**
 * Refreshes an expired RPT (Grant §3.6), once for all who ask at the same time; the record stays, with a new token. Whatever else
 * goes wrong, the RPT is dropped and a flow will do.
 *
 * @returns whether it can be presented again
 */
export function renew(services: Services, party: Party, rpt: Rpt): Promise<boolean> {
  const { trust, tell } = services
  const { host } = rpt
  const { ledger } = party
  const issuer = issuerOf(rpt.authority)
  return party.lock(realm({ authority: { key: rpt.authority }, host }), async () => {
    // A resolver that cannot tell now says nothing of the RPT.
    const found = await trust.find(issuer, host).catch(() => false as const)
    if (found === false) return false
    try {
      const authority = found as Authority
      const { scheme, key } = authority
      await ledger?.sync(authority, host)
      const { refreshToken } = rpt.grant
      if (!expired(rpt) || !rpt.held) return rpt.held
      if (!refreshToken || key !== rpt.authority) throw undefined
      const connection = await ownConnection(services, party, authority, host)
      // Sent once, whatever becomes of this process: it may be good for one use only.
      delete rpt.grant.refreshToken
      rpt.saved = false
      await ledger?.save(key, host)
      const answer = await requestToken(connection, { grant_type: 'refresh_token', refresh_token: refreshToken })
      if (answer.kind !== 'granted') throw undefined
      const fresh = toGrant(answer)
      rpt.grant = { ...fresh, refreshToken: fresh.refreshToken ?? refreshToken }
      rpt.headers = scheme.present(rpt.grant)
      rpt.saved = false
      await ledger?.save(key, host)
      tell({ type: 'rpt-refreshed', issuer, host })
      return true
    } catch {
      party.wallet.drop(rpt)
      await ledger?.save(rpt.authority, host)
      tell({ type: 'rpt-dropped', issuer, host, reason: 'expired' })
      return false
    }
  })
}
