import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  customFetch,
  generateRandomCodeVerifier,
  generateRandomNonce,
  type AuthorizationServer as OAuthServer,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  ResponseBodyError,
  refreshTokenGrantRequest,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import {
  InvalidStateError,
  InvalidTokenResponseError,
  RedirectError,
  TokenRequestError,
  UmaError,
} from '../errors/index.ts'
import { secureUrl } from '../protocol/http/secure-url.ts'
import { describeAnswer } from './sent-secrets.ts'
import { type Connection, submit } from './token-request.ts'
import type { Tokens } from './tokens.ts'

export type { Tokens } from './tokens.ts'

/** The facts that wait while a person is away; plain JSON. They are secret. */
export interface CodeFlowMemo {
  state: string
  verifier: string
  redirectUri: string
  nonce?: string
}

/** The facts of an authorization request. */
export interface CodeFlowFacts {
  redirectUri: string | undefined
  scope: string
  state: string
  /** Further parameters. A parameter that is undefined is not sent. */
  parameters?: Record<string, string | undefined> | undefined
}

/** Whether a text looks like an error code of OAuth. Any other text is not repeated in an error. */
const isErrorCode = (text: string): boolean => /^[a-z_]{1,64}$/.test(text)

/**
 * Builds the URL of an authorization request with PKCE (RFC 6749 §4.1.1, RFC 7636), and with a nonce if the scope has
 * `openid`.
 *
 * @throws RedirectError if there is no usable endpoint or no redirect URI
 */
export async function beginCodeFlow(
  { metadata, client }: Connection,
  { redirectUri, scope, state, parameters }: CodeFlowFacts,
): Promise<{ url: string; memo: CodeFlowMemo }> {
  const { issuer } = metadata
  // The reader of the metadata has removed endpoints over plain http, unless the scheme allows these.
  const url = secureUrl(metadata.authorization_endpoint, true)
  if (!url) throw new RedirectError(`${issuer} has no usable authorization_endpoint`, { issuer })
  if (!redirectUri) {
    throw new RedirectError('A person cannot come back from the sign-in: redirectUri is missing', { issuer })
  }
  const verifier = generateRandomCodeVerifier()
  const nonce = /(^| )openid( |$)/.test(scope) ? generateRandomNonce() : undefined
  const all = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: scope || undefined,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value)
  return { url: url.href, memo: { state, verifier, redirectUri, ...(nonce && { nonce }) } }
}

/**
 * Redeems the code that a person came back with (RFC 6749 §4.1.3). First the state is checked, then `iss` (RFC 9207) or
 * the redirect URI, then `error`. The code is sent once.
 *
 * @param memo the memo of `beginCodeFlow`
 * @param back the URL that the person came back on
 * @throws InvalidStateError, RedirectError, TokenRequestError, InvalidTokenResponseError, UmaTimeoutError
 */
export async function finishCodeFlow(connection: Connection, memo: unknown, back: string): Promise<Tokens> {
  const { metadata, client } = connection
  const { verifier, redirectUri, nonce } = memo as CodeFlowMemo
  const server = oauthServer(metadata)
  const self = { client_id: client.id }
  const parameters = checkedReturn(connection, memo as CodeFlowMemo, back)
  return requestTokens(connection, async (auth, options) => {
    const answer = await authorizationCodeGrantRequest(server, self, auth, parameters, redirectUri, verifier, options)
    return processAuthorizationCodeResponse(server, self, answer, nonce ? { expectedNonce: nonce } : {})
  })
}

/** The parameters of a return, after all checks. */
function checkedReturn(
  { metadata, client }: Connection,
  { state, redirectUri }: CodeFlowMemo,
  back: string,
): URLSearchParams {
  const { issuer } = metadata
  const parameters = URL.canParse(back) ? new URL(back).searchParams : new URLSearchParams()
  if (parameters.getAll('state').join(' ') !== state) {
    throw new InvalidStateError('This return belongs to no redirect that is under way', { issuer })
  }
  const iss = parameters.get('iss')
  const issIsMissing = iss === null && metadata.authorization_response_iss_parameter_supported === true
  if (issIsMissing || (iss !== null && iss !== issuer)) throw unusableReturn(issuer, 'iss')
  // Without `iss`, the redirect URI is the only sign of the server that sent the person back (RFC 9700 §4.4.2.2).
  if (iss === null && placeOf(back) !== placeOf(redirectUri)) throw unusableReturn(issuer, 'redirect_uri')
  const error = parameters.get('error')
  if (error) throw unusableReturn(issuer, isErrorCode(error) ? error : 'error')
  if (parameters.getAll('code').length !== 1 || !parameters.get('code')) throw unusableReturn(issuer, 'code')
  try {
    return validateAuthResponse(oauthServer(metadata), { client_id: client.id }, parameters, state)
  } catch {
    // The error of oauth4webapi may quote a parameter.
    throw unusableReturn(issuer, 'parameters')
  }
}

const unusableReturn = (issuer: string, reason: string): RedirectError =>
  new RedirectError(`The return from ${issuer} is not usable: ${reason}`, { issuer, reason })

const placeOf = (url: string): string => new URL(url).origin + new URL(url).pathname

/**
 * New tokens for a refresh token (RFC 6749 §6). The refresh token is sent once.
 *
 * @throws TokenRequestError, InvalidTokenResponseError, UmaTimeoutError
 */
export async function refreshTokens(connection: Connection, refreshToken: string | undefined): Promise<Tokens> {
  const { metadata, client } = connection
  const server = oauthServer(metadata)
  const self = { client_id: client.id }
  return requestTokens(connection, async (auth, options) => {
    const answer = await refreshTokenGrantRequest(server, self, auth, refreshToken ?? '', options)
    return processRefreshTokenResponse(server, self, answer)
  })
}

/**
 * The metadata as oauth4webapi reads it. UMA's metadata need not name the algorithms of ID tokens. All algorithms with
 * public keys are accepted; TLS authenticates the server.
 */
function oauthServer(metadata: Connection['metadata']): OAuthServer {
  const algorithms = ['RS', 'PS', 'ES'].flatMap((family) => [`${family}256`, `${family}384`, `${family}512`])
  return { id_token_signing_alg_values_supported: [...algorithms, 'EdDSA', 'Ed25519'], ...metadata } as OAuthServer
}

type Auth = Parameters<typeof refreshTokenGrantRequest>[2]
type Options = NonNullable<Parameters<typeof refreshTokenGrantRequest>[4]>
type Fetch = NonNullable<Options[typeof customFetch]>

/** The result of the one HTTP request that oauth4webapi makes. */
interface Exchange {
  /** Undefined if there was no answer. */
  status?: number
  description?: string | undefined
}

/**
 * One token request through this package's own caller. Errors of oauth4webapi are translated, because they may quote the
 * server's answer.
 */
async function requestTokens(
  connection: Connection,
  ask: (auth: Auth, options: Options) => Promise<TokenEndpointResponse>,
): Promise<Tokens> {
  const { client, context, metadata } = connection
  const exchange: Exchange = {}
  const auth: Auth = (as, self, body, headers) => client.auth(as, self, body, headers, context)
  const options: Options = {
    // Whether plain http is allowed was decided when the metadata was read.
    [allowInsecureRequests]: true,
    [customFetch]: ((url, init) => exchangeOnce(connection, url, init, exchange)) as Fetch,
  }
  let answer: TokenEndpointResponse
  try {
    answer = await ask(auth, options)
  } catch (error) {
    throw tokenError(error, metadata.issuer, exchange)
  }
  if (!isUsable(answer)) throw unusableAnswer(metadata.issuer, exchange)
  return tokensOf(answer)
}

/** Sends the request, notes the result, and gives oauth4webapi an answer that it understands. */
async function exchangeOnce(
  { caller, metadata: { issuer } }: Connection,
  url: string,
  init: { headers: Record<string, string>; body: URLSearchParams },
  exchange: Exchange,
): Promise<Response> {
  const headers = new Headers(init.headers)
  const answer = await submit(caller, issuer, url, headers, init.body)
  const { status, text } = answer
  exchange.status = status
  exchange.description = describeAnswer(answer, init.body, headers).description
  // A server error says nothing about the code or the refresh token.
  if (status < 200 || status >= 500) {
    throw new TokenRequestError(`${issuer} has a problem: status ${status}`, {
      code: 'token_request_failed',
      issuer,
      retryable: status >= 500,
      description: exchange.description,
    })
  }
  // Old servers use media types of their own, and SolidLab's server answers with 201.
  return new Response(text || null, {
    status: status === 201 ? 200 : status,
    headers: { 'content-type': 'application/json' },
  })
}

function tokenError(error: unknown, issuer: string, exchange: Exchange): unknown {
  if (error instanceof UmaError) return error
  // Nothing was answered, so this is the error of the application's client authentication.
  if (exchange.status === undefined) return error
  if (error instanceof ResponseBodyError && isErrorCode(error.error)) {
    const { description } = exchange
    return new TokenRequestError(`${issuer} refuses the token request: ${error.error}`, {
      code: error.error,
      issuer,
      description,
    })
  }
  return unusableAnswer(issuer, exchange)
}

const unusableAnswer = (issuer: string, { status, description }: Exchange): InvalidTokenResponseError =>
  new InvalidTokenResponseError(`Token answer of ${issuer} is not usable`, { issuer, status, description })

/** Only visible ASCII characters: any other character could split a header. */
const isUsable = ({ access_token: token, token_type: type }: TokenEndpointResponse): boolean =>
  type === 'bearer' && /^[\x21-\x7e]+$/.test(token)

function tokensOf(answer: TokenEndpointResponse): Tokens {
  const { access_token: accessToken, expires_in: seconds, refresh_token: refreshToken, id_token: idToken } = answer
  return {
    accessToken,
    ...(seconds && { expiresAt: Date.now() + seconds * 1000 }),
    ...(refreshToken && { refreshToken }),
    ...(idToken && { idToken }),
    ...(answer.scope && { scope: answer.scope }),
  }
}
