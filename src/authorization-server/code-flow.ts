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
  isUmaError,
  RedirectError,
  TokenRequestError,
} from '../errors.ts'
import { secureUrl } from '../protocol/secure-url.ts'
import { call } from './call.ts'
import type { Connection } from './token-request.ts'

/** What a token endpoint gave; plain JSON. */
export interface Tokens {
  accessToken: string
  /** Milliseconds since 1970; undefined: not known. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
  /** Its claims were checked (OpenID Connect Core §3.1.3.7); its signature is vouched for by TLS. */
  idToken?: string | undefined
  scope?: string | undefined
}

/** What waits while a person is away; plain JSON, to be kept as a secret. */
export interface CodeFlowMemo {
  state: string
  verifier: string
  redirectUri: string
  nonce?: string
}

/** What an authorization request is made of. */
export interface CodeFlowFacts {
  redirectUri: string | undefined
  scope: string
  state: string
  parameters?: Record<string, string | undefined> | undefined
}

/**
 * The URL of an authorization request with PKCE (RFC 6749 §4.1.1, RFC 7636), with a nonce where the scope has `openid`.
 *
 * @throws RedirectError when there is no usable endpoint or no redirect URI
 */
export async function beginCodeFlow(
  { metadata, client }: Connection,
  { redirectUri, scope, state, parameters }: CodeFlowFacts,
): Promise<{ url: string; memo: CodeFlowMemo }> {
  const { issuer } = metadata
  // The metadata reader has thrown out endpoints over plain http where that is not allowed.
  const url = secureUrl(metadata.authorization_endpoint, true)
  if (!url) throw new RedirectError(`${issuer} has no usable authorization_endpoint`, { issuer })
  if (!redirectUri) throw new RedirectError('To sign in, a person needs a way back: redirectUri is missing', { issuer })
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
 * Redeems the code that a person came back with: state first, then `iss` (RFC 9207), or else the redirect URI that they came back
 * to, `error`, and nothing twice.
 *
 * @throws InvalidStateError, RedirectError, TokenRequestError, InvalidTokenResponseError, UmaTimeoutError
 */
export async function finishCodeFlow(connection: Connection, memo: unknown, back: string): Promise<Tokens> {
  const { metadata, client } = connection
  const { issuer } = metadata
  const { state, verifier, redirectUri, nonce } = memo as CodeFlowMemo
  const parameters = URL.canParse(back) ? new URL(back).searchParams : new URLSearchParams()
  if (parameters.getAll('state').join(' ') !== state)
    throw new InvalidStateError('This way back belongs to no redirect that is under way', { issuer })
  const fail = (reason: string): RedirectError =>
    Object.assign(new RedirectError(`The way back from ${issuer} is not usable: ${reason}`, { issuer }), { reason })
  const iss = parameters.get('iss')
  if (iss !== issuer && (iss !== null || metadata.authorization_response_iss_parameter_supported)) throw fail('iss')
  // Where a server does not say who it is, where it sent the person does (RFC 9700 §4.4.2.2).
  if (iss === null && placeOf(back) !== placeOf(redirectUri)) throw fail('redirect_uri')
  const error = parameters.get('error')
  if (error) throw fail(/^[a-z_]{1,64}$/.test(error) ? error : 'error')
  if (parameters.getAll('code').length !== 1 || !parameters.get('code')) throw fail('code')
  const as = oauthServer(metadata)
  const self = { client_id: client.id }
  let checked: URLSearchParams
  try {
    checked = validateAuthResponse(as, self, parameters, state)
  } catch {
    throw fail('parameters')
  }
  return request(connection, async (auth, options) => {
    const answer = await authorizationCodeGrantRequest(as, self, auth, checked, redirectUri, verifier, options)
    return processAuthorizationCodeResponse(as, self, answer, nonce ? { expectedNonce: nonce } : {})
  })
}

const placeOf = (url: string): string => new URL(url).origin + new URL(url).pathname

/** New tokens for a refresh token (RFC 6749 §6). @throws TokenRequestError, InvalidTokenResponseError, UmaTimeoutError */
export async function refreshTokens(connection: Connection, refreshToken: string | undefined): Promise<Tokens> {
  const { metadata, client } = connection
  const as = oauthServer(metadata)
  const self = { client_id: client.id }
  return request(connection, async (auth, options) =>
    processRefreshTokenResponse(
      as,
      self,
      await refreshTokenGrantRequest(as, self, auth, refreshToken as string, options),
    ),
  )
}

/** UMA's metadata need not say how ID tokens are signed. It does not matter either: TLS vouches for them, and `none` is none of these. */
function oauthServer(metadata: Connection['metadata']): OAuthServer {
  const algorithms = ['RS', 'PS', 'ES'].flatMap((family) => [`${family}256`, `${family}384`, `${family}512`])
  return { id_token_signing_alg_values_supported: [...algorithms, 'EdDSA', 'Ed25519'], ...metadata } as OAuthServer
}

type Auth = Parameters<typeof refreshTokenGrantRequest>[2]
type Options = NonNullable<Parameters<typeof refreshTokenGrantRequest>[4]>

/** One token request through our own caller, its outcome in our own words: what oauth4webapi throws may quote the answer. */
async function request(
  { caller, client, context, metadata: { issuer } }: Connection,
  send: (auth: Auth, options: Options) => Promise<TokenEndpointResponse>,
): Promise<Tokens> {
  let answered: number | undefined
  try {
    const answer = await send((as, self, body, headers) => client.auth(as, self, body, headers, context), {
      // Whether plain http will do was decided when the metadata was read.
      [allowInsecureRequests]: true,
      [customFetch]: async (url, { method, headers, body }) => {
        const { status, text } = await call(caller, issuer, url, { method, headers, body: body as BodyInit }).catch(
          (cause: unknown) => {
            if (isUmaError(cause)) throw cause
            throw new TokenRequestError(`${issuer} was not reached`, { code: 'token_request_failed', cause, issuer })
          },
        )
        answered = status
        // A server that is not well has refused nothing.
        if (status < 200 || status >= 500) {
          throw new TokenRequestError(`${issuer} is not well: status ${status}`, {
            code: 'token_request_failed',
            issuer,
          })
        }
        // Old servers have media types of their own; SolidLab's answers 201.
        const type = { 'content-type': 'application/json' }
        return new Response(text || null, { status: status === 201 ? 200 : status, headers: type })
      },
    })
    const { access_token: accessToken, token_type: type, expires_in: seconds, scope } = answer
    // Visible ASCII only: anything else could split a header.
    if (type !== 'bearer' || !/^[\x21-\x7e]+$/.test(accessToken)) throw undefined
    return {
      accessToken,
      ...(seconds && { expiresAt: Date.now() + seconds * 1000 }),
      ...(answer.refresh_token && { refreshToken: answer.refresh_token }),
      ...(answer.id_token && { idToken: answer.id_token }),
      ...(scope && { scope }),
    }
  } catch (error) {
    if (isUmaError(error)) throw error
    if (error instanceof ResponseBodyError && /^[a-z_]{1,64}$/.test(error.error))
      throw new TokenRequestError(`${issuer} refuses the token request: ${error.error}`, { code: error.error, issuer })
    const unusable = new InvalidTokenResponseError(`Token answer of ${issuer} is not usable`, { issuer })
    throw Object.assign(unusable, { status: answered })
  }
}

/** Whether this error of `refreshTokens` ends the refresh token: some servers refuse without a code. All else may pass. */
export function isRefusal(error: unknown): boolean {
  const { status } = Object(error) as InvalidTokenResponseError
  return isUmaError(error) && /^(invalid_grant|unauthorized_client|40[013])$/.test(`${status ?? error.code}`)
}
