import type {
  Client,
  ModifyAssertionOptions,
  ClientAuth as OAuthClientAuth,
  AuthorizationServer as OAuthServer,
  PrivateKey,
} from 'oauth4webapi'
import { loadPart } from '../errors/index.ts'

/** The facts of one call to an authorization server. */
export interface CallContext {
  /** The requesting party, as it was given to `createRequester` or `requester.as`. */
  requestingParty: string | undefined
  /** The issuer that is called. It is always a configured one. */
  issuer: string
  /**
   * The URL of the resource that a request asks for: an absolute URL at the host. Absent if the call belongs to no
   * request, such as the revocation of a token.
   */
  resource?: string | undefined
  /** Aborts when nobody waits for the outcome any more, or when the time is up. */
  signal: AbortSignal
}

/**
 * The context that functions of the application receive. It names the requesting party, so that a flow of one party
 * never uses the token of another.
 */
export interface FlowContext extends CallContext {
  /**
   * The requesting party's own access token at this issuer (option `signIn`), refreshed if it has ended.
   *
   * @throws InteractionRequiredError if nobody is signed in. Do not catch this error: the flow then sends the person to
   * sign in and calls the function again.
   */
  accessToken(): Promise<string>
  /**
   * The ID token of that sign-in; undefined if the sign-in brought none.
   *
   * @throws InteractionRequiredError as `accessToken` does
   */
  idToken(): Promise<string | undefined>
}

/**
 * Client authentication at the token endpoint (RFC 6749 §2.3). It sets parameters of the body, or headers. The
 * functions of oauth4webapi fit, because the context of the flow is an additional fifth argument.
 */
export type ClientAuth = (
  as: OAuthServer,
  client: Client,
  body: URLSearchParams,
  headers: Headers,
  context: FlowContext,
) => void | Promise<void>

/**
 * Authenticates token requests with an access token of the requesting party, sent as `Authorization: Bearer`, as
 * Keycloak expects it. The token is asked for before each token request.
 *
 * @param accessToken gives the access token of `context.requestingParty`. If it throws, the request rejects with that
 * error. @default the access token of the party's sign-in (option `signIn`)
 *
 * @example { issuer, hosts, client: { id: 'album', auth: bearer(() => keycloak.token) } }
 */
export function bearer(accessToken?: (context: FlowContext) => string | Promise<string>): ClientAuth {
  const giveToken: GiveToken = accessToken ?? ((context) => context.accessToken())
  const auth: ClientAuth = async (_as, _client, _body, headers, context) => {
    headers.set('authorization', `Bearer ${await giveToken(context)}`)
  }
  bearerTokens.set(auth, giveToken)
  return auth
}

type GiveToken = (context: FlowContext) => string | Promise<string>

/** The functions that `bearer()` was given, by the client authentication that it made. */
const bearerTokens = new WeakMap<ClientAuth, GiveToken>()

/** The function that gives the access token, if `bearer()` made this client authentication. */
export const bearerToken = (auth: ClientAuth | undefined): GiveToken | undefined => auth && bearerTokens.get(auth)

/**
 * A public client: it sends `client_id` and nothing else (RFC 6749 §3.2.1).
 *
 * @example { issuer, hosts, client: { id: 'album', auth: none() } }
 */
export function none(): ClientAuth {
  return (_as, client, body) => body.set('client_id', client.client_id)
}

const loadOAuth = () => import('./oauth-client-authentication.ts')

/** Makes a client authentication of oauth4webapi. The library is loaded for the first token request. */
function oauthAuth(name: string, make: (oauth: Awaited<ReturnType<typeof loadOAuth>>) => OAuthClientAuth): ClientAuth {
  let auth: OAuthClientAuth | undefined
  return async (as, client, body, headers) => {
    auth ??= make(await loadPart(name, loadOAuth))
    await auth(as, client, body, headers)
  }
}

/** @throws TypeError if there is no secret */
function checkSecret(name: string, secret: unknown): void {
  if (typeof secret !== 'string' || secret === '') throw new TypeError(`${name}: give it the client secret, a string`)
}

/**
 * A client with a secret, sent by HTTP Basic authentication (RFC 6749 §2.3.1).
 *
 * @throws TypeError if there is no secret
 *
 * @example { issuer, hosts, client: { id: 'album', auth: clientSecretBasic(secret) } }
 */
export function clientSecretBasic(secret: string): ClientAuth {
  checkSecret('clientSecretBasic', secret)
  return oauthAuth('clientSecretBasic', ({ ClientSecretBasic }) => ClientSecretBasic(secret))
}

/**
 * A client with a secret, sent in the body (RFC 6749 §2.3.1).
 *
 * @throws TypeError if there is no secret
 *
 * @example { issuer, hosts, client: { id: 'album', auth: clientSecretPost(secret) } }
 */
export function clientSecretPost(secret: string): ClientAuth {
  checkSecret('clientSecretPost', secret)
  return oauthAuth('clientSecretPost', ({ ClientSecretPost }) => ClientSecretPost(secret))
}

/**
 * A client with a private key, which signs an assertion for each token request (RFC 7523 §2.2).
 *
 * @param key a private `CryptoKey`, or one with its key id
 * @param options `oauth4webapi`'s: changes the assertion before it is signed
 * @throws TypeError if there is no key
 *
 * @example { issuer, hosts, client: { id: 'album', auth: privateKeyJwt({ key, kid: '2026' }) } }
 */
export function privateKeyJwt(key: CryptoKey | PrivateKey, options?: ModifyAssertionOptions): ClientAuth {
  if (typeof key !== 'object' || key === null) throw new TypeError('privateKeyJwt: give it a private CryptoKey')
  return oauthAuth('privateKeyJwt', ({ PrivateKeyJwt }) => PrivateKeyJwt(key, options))
}
