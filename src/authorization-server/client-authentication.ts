import type { Client, AuthorizationServer as OAuthServer } from 'oauth4webapi'

/** For whom, at whom and about what an authorization server is called. */
export interface CallContext {
  /** Whose wallet it is, as given to `createRequester` or `requester.as`. */
  requestingParty: string | undefined
  /** The issuer that is being talked to: always one that was configured. */
  issuer: string
  /** URL of the resource that is being asked for. */
  resource: string
  /** Aborts when nobody waits for the outcome any more, or time is up. */
  signal: AbortSignal
}

/** Handed to everything that a caller supplies, so that one person's flow can never run on another's token. */
export interface FlowContext extends CallContext {
  /**
   * The requesting party's own access token at this issuer (`signIn`), refreshed where it has ended. Where nobody is signed in it
   * throws; let it: the flow then sends the person to sign in, and calls again.
   *
   * @throws InteractionRequiredError
   */
  accessToken(): Promise<string>
  /** The ID token of that sign-in, if it brought one. @throws as `accessToken` does */
  idToken(): Promise<string | undefined>
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
 * Keycloak's way. The token is asked for at each token request.
 *
 * @param accessToken gives the access token of `context.requestingParty`; what it throws, the request rejects with. Default: that of
 * its sign-in (`signIn`)
 */
export function bearer(accessToken?: (context: FlowContext) => string | Promise<string>): ClientAuth {
  return async (_as, _client, _body, headers, context) => {
    headers.set('authorization', `Bearer ${await (accessToken ? accessToken(context) : context.accessToken())}`)
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
