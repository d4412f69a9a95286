import type { FlowContext } from '../authorization-server/client-authentication.ts'
import type { Identity } from '../authorization-server/sign-in/identity.ts'
import { NobodySignedInError } from '../errors/index.ts'
import { identityOf } from '../parties/identity-of.ts'
import type { Revoker } from '../parties/revoke.ts'
import { jwtExpiry } from '../protocol/oauth/token-answer.ts'
import type { FlowTarget } from './flow-target.ts'

/** Whether a JWT has expired. A token that is no JWT never counts as expired. */
const hasExpired = (token: string): boolean => (jwtExpiry(token) ?? Number.POSITIVE_INFINITY) * 1000 <= Date.now()

/**
 * The context of a flow, which everything that the application supplies receives: the party's own tokens are at hand,
 * so that one person's flow can never use another person's token.
 *
 * @param onToken is told which access token was asked for
 */
export function flowContext(
  access: Omit<Revoker, 'tell'>,
  { party, authority, place, tell }: FlowTarget,
  signal: AbortSignal,
  onToken: (token: string) => void,
): FlowContext {
  const { issuer } = authority.server
  const identity = async (notThisToken?: string): Promise<Identity> => {
    const found = await identityOf({ ...access, tell }, party, authority, notThisToken)
    if (!found) throw new NobodySignedInError(issuer)
    return found
  }
  const accessToken = async (): Promise<string> => {
    const { accessToken } = await identity()
    onToken(accessToken)
    return accessToken
  }
  const idToken = async (): Promise<string | undefined> => {
    const { accessToken, idToken } = await identity()
    if (!idToken || !hasExpired(idToken)) return idToken
    const { idToken: fresh } = await identity(accessToken)
    // A refresh need not bring a new ID token (OpenID Connect Core §12.2).
    if (fresh && hasExpired(fresh)) throw new NobodySignedInError(issuer)
    return fresh
  }
  const plain = { requestingParty: party.name, issuer, resource: place.url, signal }
  // Not enumerable: a context that is logged or copied is plain data.
  return Object.defineProperties(plain as FlowContext, {
    accessToken: { value: accessToken },
    idToken: { value: idToken },
  })
}
