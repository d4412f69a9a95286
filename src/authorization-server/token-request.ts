import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  type AuthorizationServer as OAuthServer,
} from 'oauth4webapi'
import { isUmaError, TokenRequestError } from '../errors.ts'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import { readTokenAnswer, type TokenAnswer } from '../protocol/token-answer.ts'
import { type Caller, call } from './call.ts'
import type { ClientAuth, FlowContext } from './client-authentication.ts'

/** Parameters of a token request; several values of one name are sent one after the other (Keycloak's `permission`). */
export type TokenParameters = Record<string, string | readonly string[] | undefined>

/** A client at an authorization server. */
export interface RegisteredClient {
  id: string
  auth: ClientAuth
}

/**
 * One token request. It is never sent again: what it carries may be spent the moment that it arrives (Grant §5.5). Nor is it
 * aborted with the flow, so that a token that is under way is not lost; the time-out ends it.
 *
 * @throws TokenRequestError (`token_request_failed`) on a network fault, UmaTimeoutError, or what the client authentication throws
 */
export async function requestToken(
  caller: Caller,
  metadata: AuthorizationServerMetadata,
  client: RegisteredClient,
  grantType: string,
  parameters: TokenParameters,
  context: FlowContext,
): Promise<TokenAnswer> {
  const { issuer } = metadata
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one as string]))
  let authenticated = false
  try {
    const { status, text } = await call(caller, issuer, (fetch) =>
      genericTokenEndpointRequest(
        metadata as OAuthServer,
        { client_id: client.id },
        async (as, oauthClient, body, headers) => {
          await client.auth(as, oauthClient, body, headers, context)
          authenticated = true
        },
        grantType,
        pairs,
        // The endpoint was checked with the metadata: https, or http on this machine.
        { [allowInsecureRequests]: true, [customFetch]: fetch as never },
      ),
    )
    return readTokenAnswer(status, text)
  } catch (cause) {
    if (!authenticated || isUmaError(cause)) throw cause
    throw new TokenRequestError(`The token request did not reach ${issuer}; its ticket counts as spent`, {
      code: 'token_request_failed',
      cause,
      issuer,
    })
  }
}
