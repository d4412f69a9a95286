import {
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  validateAuthResponse,
} from 'oauth4webapi'
import { InvalidStateError, RedirectError } from '../../errors/index.ts'
import { secureUrl } from '../../protocol/http/secure-url.ts'
import { returnMessage } from '../../protocol/oauth/return-message.ts'
import { isErrorCode, oauthServer, requestTokens } from '../oauth-request.ts'
import type { Connection } from '../token-request.ts'
import type { Tokens } from '../tokens.ts'

export type { Tokens } from '../tokens.ts'

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
    ...parameters,
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: scope || parameters?.scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
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
  new RedirectError(returnMessage(issuer, reason, reason), { issuer, reason })

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
