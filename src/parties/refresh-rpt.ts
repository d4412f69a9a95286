import { requestToken } from '../authorization-server/token-request.ts'
import { InvalidStateError } from '../errors/index.ts'
import type { Tell } from '../events.ts'
import { type Grant, toGrant } from '../protocol/oauth/grant.ts'
import { type Authority, issuerOf } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import { isExpired, type Rpt } from '../wallet/rpt.ts'
import { clientSession, type ServerAccess } from './client-session.ts'
import { flowLockKey, type Party } from './party.ts'
import { presentHeaders } from './present-headers.ts'
import { revokeAll, tokensOf } from './revoke.ts'

/** The parts of a requester that refreshes RPTs. */
export interface RptRefresher extends ServerAccess {
  trust: Pick<Trust, 'find'>
  tell: Tell
}

/**
 * Refreshes an expired RPT (UMA Grant §3.6), once for all requests that ask at the same time. The record stays, with a
 * new token and the next revision. If the RPT cannot be refreshed, it is dropped, and a flow obtains another.
 *
 * @returns whether the RPT can be presented again
 * @throws InvalidStateError if the party was signed out meanwhile
 */
export function refreshRpt(refresher: RptRefresher, party: Party, rpt: Rpt): Promise<boolean> {
  return party.lock(flowLockKey(rpt.authority, rpt.host), async () => {
    const authority = await findAuthority(refresher, rpt)
    // The application's function could not tell now: this says nothing about the RPT.
    if (authority === 'unknown') return false
    if (authority) await party.stored?.sync(authority, rpt.host)
    if (!isExpired(rpt) || !rpt.held) return rpt.held
    const { refreshToken } = rpt.grant
    const fresh =
      authority && refreshToken
        ? await exchangeRefreshToken(refresher, { party, rpt, authority, refreshToken })
        : undefined
    if (!authority || !fresh) {
      await dropExpired(refresher, party, rpt)
      return false
    }
    party.wallet.renew(rpt, fresh, presentHeaders(authority, fresh))
    await party.stored?.save(rpt.authority, rpt.host)
    if (!rpt.held) return false
    refresher.tell({ type: 'rpt-refreshed', issuer: authority.server.issuer, host: rpt.host })
    return true
  })
}

async function findAuthority({ trust }: RptRefresher, rpt: Rpt): Promise<Authority | undefined | 'unknown'> {
  try {
    const authority = await trust.find(issuerOf(rpt.authority), rpt.host)
    return authority?.key === rpt.authority ? authority : undefined
  } catch {
    return 'unknown'
  }
}

/** The exchange of a refresh token for another RPT. */
interface Exchange {
  party: Party
  rpt: Rpt
  authority: Authority
  refreshToken: string
}

/** Sends the refresh token once. It is stored as used before it is sent, because it may be good for one use only. */
async function exchangeRefreshToken(refresher: RptRefresher, exchange: Exchange): Promise<Grant | undefined> {
  const { party, rpt, authority, refreshToken } = exchange
  const { key } = authority
  const { epoch } = party
  const { refreshToken: _used, ...withoutRefreshToken } = rpt.grant
  rpt.grant = withoutRefreshToken
  rpt.saved = false
  await party.stored?.save(key, rpt.host)
  const grant = await requestGrant(refresher, exchange)
  if (!grant) return undefined
  const fresh = { ...grant, refreshToken: grant.refreshToken ?? refreshToken }
  // The stored epoch may have risen meanwhile, in another process.
  await party.stored?.sync(authority, rpt.host)
  if (party.epoch === epoch) return fresh
  await revokeAll(refresher, party, tokensOf(fresh, key, rpt.host))
  throw new InvalidStateError('Signed out meanwhile', { issuer: authority.server.issuer })
}

/** If the refresh fails for whatever reason, a flow obtains another RPT. */
async function requestGrant(
  refresher: RptRefresher,
  { party, rpt, authority, refreshToken }: Exchange,
): Promise<Grant | undefined> {
  try {
    const session = await clientSession(refresher, party, authority, rpt.host)
    const answer = await requestToken(session, { grant_type: 'refresh_token', refresh_token: refreshToken })
    return answer.kind === 'granted' ? toGrant(answer) : undefined
  } catch {
    return undefined
  }
}

async function dropExpired({ tell }: RptRefresher, party: Party, rpt: Rpt): Promise<void> {
  party.wallet.drop(rpt)
  await party.stored?.save(rpt.authority, rpt.host)
  tell({ type: 'rpt-dropped', issuer: issuerOf(rpt.authority), host: rpt.host, reason: 'expired' })
}
