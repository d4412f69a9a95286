import { allowInsecureRequests, customFetch, type AuthorizationServer as OAuthServer, revocationRequest } from 'oauth4webapi'
import type { AuthorizationServerMetadata } from '../protocol/metadata.ts'
import { type Caller, call } from './call.ts'
import type { FlowContext } from './client-authentication.ts'
import type { RegisteredClient } from './token-request.ts'

/** Revokes a token (RFC 7009), if the server can. @throws when it did not get through or was refused */
export async function revokeToken(
  caller: Caller,
  metadata: AuthorizationServerMetadata,
  { id, auth }: RegisteredClient,
  token: string,
  hint: string,
  context: FlowContext,
): Promise<void> {
  if (!metadata.revocation_endpoint) return
  const { status } = await call(caller, metadata.issuer, (fetch) =>
    revocationRequest(
      metadata as OAuthServer,
      { client_id: id },
      (as, client, body, headers) => auth(as, client, body, headers, context),
      token,
      { additionalParameters: { token_type_hint: hint }, [allowInsecureRequests]: true, [customFetch]: fetch as never },
    ),
  )
  if (status !== 200) throw new Error(`status ${status}`)
}
