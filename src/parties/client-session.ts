import type { Caller } from '../authorization-server/call.ts'
import type { Discovery } from '../authorization-server/discovery.ts'
import type { Connection } from '../authorization-server/token-request.ts'
import { NobodySignedInError } from '../errors/index.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { Authority } from '../trust/authority.ts'
import type { Party } from './party.ts'

/** How authorization servers are reached. */
export interface ServerAccess {
  caller: Caller
  discovery: Discovery
}

/** The metadata of an authority. @throws DiscoveryError, UmaTimeoutError */
export function metadataOf(
  { discovery }: ServerAccess,
  { server, scheme, publicOnly }: Authority,
): Promise<AuthorizationServerMetadata> {
  return discovery({ ...server, scheme, publicOnly }, scheme.wellKnown, scheme.readMetadata)
}

/**
 * A session of the client itself, for requests that obtain, refresh or revoke the party's own tokens: nothing in this
 * session authenticates by such a token.
 *
 * @param resource an absolute URL at the host, if the session is about one
 */
export async function clientSession(
  access: ServerAccess,
  party: Party,
  authority: Authority,
  resource?: string,
): Promise<Connection> {
  const { issuer } = authority.server
  const nobody = async (): Promise<never> => {
    throw new NobodySignedInError(issuer)
  }
  return {
    caller: access.caller,
    metadata: await metadataOf(access, authority),
    client: authority.own,
    context: {
      requestingParty: party.name,
      issuer,
      ...(resource !== undefined && { resource }),
      // The call itself is bounded by its own time-out.
      signal: new AbortController().signal,
      accessToken: nobody,
      idToken: nobody,
    },
  }
}
