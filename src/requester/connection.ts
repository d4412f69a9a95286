import type { Connection } from '../authorization-server/token-request.ts'
import { nobodySignedIn } from './nobody-signed-in.ts'
import type { Party } from './party.ts'
import type { Services } from './services.ts'
import type { Authority } from './trust.ts'

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
