import type { Connection } from '../authorization-server/token-request.ts'
import { InteractionRequiredError } from '../errors.ts'
import type { Party } from './party.ts'
import type { Services } from './services.ts'
import type { Authority } from './trust.ts'

/** Nobody is signed in: the interpreter catches it and sends the person to sign in. Whoever else meets it knows what is needed. */
export class NobodySignedIn extends InteractionRequiredError {}

export const nobodySignedIn = (issuer: string): NobodySignedIn =>
  new NobodySignedIn(`${issuer}: nobody is signed in (authorizationServers: signIn)`, { issuer })

/**
 * To an authorization server, for the client itself: where the party's token is what is being obtained or given back, it
 * authenticates nobody.
 */
export async function ownConnection(
  { caller, discovery }: Pick<Services, 'caller' | 'discovery'>,
  party: Party,
  authority: Authority,
  resource: string = authority.server.issuer,
): Promise<Connection> {
  const { server, scheme, own } = authority
  const { issuer } = server
  const nobody = async (): Promise<never> => {
    throw nobodySignedIn(issuer)
  }
  return {
    caller,
    metadata: await discovery(server, scheme.wellKnown, scheme.readMetadata),
    client: own,
    context: {
      requestingParty: party.name,
      issuer,
      resource,
      signal: AbortSignal.timeout(caller.timeout),
      accessToken: nobody,
      idToken: nobody,
    },
  }
}
