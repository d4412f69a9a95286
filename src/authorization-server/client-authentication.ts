import type { Client, AuthorizationServer as OAuthServer } from 'oauth4webapi'

/** For whom, at whom and about what an authorization server is called. Handed to everything that a caller supplies. */
export interface FlowContext {
  /** Whose wallet it is, as given to `createRequester` or `requester.as`. */
  requestingParty: string | undefined
  /** The issuer that is being talked to: always one that was configured. */
  issuer: string
  /** URL of the resource that is being asked for. */
  resource: string
  /** Aborts when nobody waits for the outcome any more, or time is up. */
  signal: AbortSignal
}

/**
 * Client authentication at the token endpoint: oauth4webapi's `ClientAuth` with the flow's context as fifth argument, so that
 * oauth4webapi's own functions fit as they are. It sets parameters of the body or headers.
 */
export type ClientAuth = (
  as: OAuthServer,
  client: Client,
  body: URLSearchParams,
  headers: Headers,
  context: FlowContext,
) => void | Promise<void>

/**
 * Identifies the requesting party to the authorization server by an access token of its own, sent as `Authorization: Bearer`:
 * Keycloak's way, and the AAT of UMA 1. The token is asked for at each token request.
 *
 * @param accessToken gives the access token of `context.requestingParty`; what it throws, the request rejects with
 */
export function bearer(accessToken: (context: FlowContext) => string | Promise<string>): ClientAuth {
  return async (_as, _client, _body, headers, context) => {
    headers.set('authorization', `Bearer ${await accessToken(context)}`)
  }
}

/** A public client: sends `client_id` and nothing else (RFC 6749 §3.2.1). */
export function none(): ClientAuth {
  return (_as, client, body) => body.set('client_id', client.client_id)
}

export {
  ClientSecretBasic as clientSecretBasic,
  ClientSecretPost as clientSecretPost,
  PrivateKeyJwt as privateKeyJwt,
} from 'oauth4webapi'
