import { UntrustedAuthorizationServerError } from '../../errors/index.ts'
import { bare, type TellFor } from '../../events.ts'
import { readEpoch } from '../../parties/epoch.ts'
import type { Party } from '../../parties/party.ts'
import { signInOf } from '../../trust/authority.ts'
import type { Trust } from '../../trust/trust.ts'
import type { FlowTarget } from '../flow-target.ts'
import type { Flows } from '../flows.ts'

/** The parts of a requester that an explicit sign-in uses. */
export interface SignInAtAccess {
  trust: Trust
  flows: Flows
  tellFor: TellFor
}

/**
 * Signs a party in at an authorization server, in a flow of its own. If somebody is signed in there, and the access
 * token has not ended or can be refreshed, nobody is sent away.
 *
 * @throws UntrustedAuthorizationServerError, TypeError if the server has no sign-in, or the error of the flow
 */
export async function signInAt(access: SignInAtAccess, party: Party, issuer: string): Promise<void> {
  const { trust, flows, tellFor } = access
  const found = URL.canParse(issuer) ? await trust.find(issuer) : undefined
  if (!found) {
    const named = bare(`${issuer}`)
    throw new UntrustedAuthorizationServerError(`signIn: ${named} is not among authorizationServers`, { issuer: named })
  }
  if (!signInOf(found)) {
    throw new TypeError(`signIn: ${found.server.issuer} has no sign-in; add signIn: codeFlow({ scope }) to the server`)
  }
  const authority = await trust.register(found)
  const { href: url, origin: host } = new URL(authority.server.issuer)
  const target: FlowTarget = {
    party,
    authority,
    place: { method: 'GET', url },
    host,
    uma: {},
    tell: tellFor(party.name),
  }
  // The party may have signed out in another process since it was last looked at.
  await readEpoch(party)
  await flows.signIn(target)
}
