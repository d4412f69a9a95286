import { bearerToken } from '../authorization-server/client-authentication.ts'
import type { HeaderPatch } from '../bindings/binding.ts'
import { NobodySignedInError } from '../errors/index.ts'
import { flowContext } from '../flow/flow-context.ts'
import type { Revoker } from '../parties/revoke.ts'
import type { Authority } from '../trust/authority.ts'
import type { Trust } from '../trust/trust.ts'
import type { RequestRun } from './request-run.ts'

/** The parts of a requester that the party's own token comes from. */
export interface OwnTokenAccess extends Omit<Revoker, 'tell' | 'trust'> {
  trust: Trust
}

/** The facts of a request that the party's own token is looked up for. */
export type OwnTokenRun = Pick<RequestRun<unknown>, 'driver' | 'host' | 'tell' | 'party' | 'place'>

const neverAborts = new AbortController().signal

/**
 * The header with the party's own access token, for a request without an RPT to a host whose server has
 * `sendAccessToken`. The caller's own `Authorization` is never replaced.
 *
 * @returns undefined if the request carries no such token, or if nobody is signed in
 */
export async function ownTokenHeaders(access: OwnTokenAccess, run: OwnTokenRun): Promise<HeaderPatch | undefined> {
  if (run.driver.authorized) return undefined
  const authority = await access.trust.tokenSenderFor(run.host)
  if (!authority) return undefined
  const token = await ownToken(access, run, authority)
  return token ? { authorization: `Bearer ${token}` } : undefined
}

/** The token that `bearer(…)` gives, or else the token of the party's sign-in. */
async function ownToken(access: OwnTokenAccess, run: OwnTokenRun, authority: Authority): Promise<string | undefined> {
  const target = { ...run, authority, uma: {} }
  const context = flowContext(access, target, run.driver.signal ?? neverAborts, () => {})
  const giveToken = bearerToken(authority.server.client.auth) ?? (() => context.accessToken())
  try {
    return await giveToken(context)
  } catch (error) {
    if (error instanceof NobodySignedInError) return undefined
    throw error
  }
}
