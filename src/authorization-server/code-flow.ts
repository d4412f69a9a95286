import {
  AuthorizationResponseError,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  type AuthorizationServer as OAuthServer,
  processRefreshTokenResponse,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { InvalidStateError, InvalidTokenResponseError, RedirectError, TokenRequestError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'
import { checkIdToken } from './id-token.ts'
import { type Connection, post, type TokenParameters } from './token-request.ts'

/** Tokens of an OAuth 2.0 grant; plain JSON. */
export interface Tokens {
  accessToken: string
  /** Milliseconds since 1970; undefined: not known. */
  expiresAt?: number | undefined
  refreshToken?: string | undefined
  idToken?: string | undefined
  scope?: string | undefined
}

/** What has to be remembered while the person is away; plain JSON. */
export interface CodeFlowMemo {
  state: string
  /** The PKCE code verifier. */
  verifier: string
  redirectUri?: string | undefined
  /** Where an ID token is asked for. */
  nonce?: string | undefined
}

/** What an authorization request is made of. */
export interface CodeFlowFacts {
  redirectUri: string | undefined
  scope: string
  state: string
  /** More of them: `acr_values`, `prompt`, `login_hint`, … */
  parameters?: Record<string, string | undefined>
}

/**
 * Begins an authorization code flow with PKCE (RFC 6749 §4.1.1, RFC 7636, RFC 9700 §2.1).
 *
 * @returns where to send the person, and what to remember meanwhile
 * @throws RedirectError when the server has no usable authorization endpoint
 */
export async function beginCodeFlow(
  { metadata, client }: Pick<Connection, 'metadata' | 'client'>,
  { redirectUri, scope, state, parameters = {} }: CodeFlowFacts,
): Promise<{ url: string; memo: CodeFlowMemo }> {
  const { issuer, authorization_endpoint: endpoint } = metadata
  if (!endpoint || !URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new RedirectError(`${issuer} has no usable authorization_endpoint`, { issuer })
  }
  const verifier = generateRandomCodeVerifier()
  const nonce = /(^| )openid( |$)/.test(scope) ? generateRandomNonce() : undefined
  const url = new URL(endpoint)
  const all = {
    ...parameters,
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: scope || undefined,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value)
  return { url: url.href, memo: { state, verifier, redirectUri, nonce } }
}

/**
 * Ends it: checks the way back (state, `iss`, error), and exchanges the code, once.
 *
 * @throws InvalidStateError, RedirectError, TokenRequestError, InvalidTokenResponseError, UmaTimeoutError
 */
export async function finishCodeFlow(connection: Connection, memo: CodeFlowMemo, callbackUrl: string): Promise<Tokens> {
  const { metadata, client } = connection
  const { issuer } = metadata
  const { state, verifier, redirectUri, nonce } = memo
  const parameters = URL.canParse(callbackUrl) ? new URL(callbackUrl).searchParams : new URLSearchParams()
  const states = parameters.getAll('state')
  if (states.length !== 1 || states[0] !== state) {
    throw new InvalidStateError('This way back belongs to no sign-in that is under way', { issuer })
  }
  let code: string | null
  try {
    code = validateAuthResponse(metadata as OAuthServer, { client_id: client.id }, parameters, state).get('code')
  } catch (error) {
    const named = error instanceof AuthorizationResponseError ? error.error : undefined
    const reason = named ? (/^[a-z_]{1,64}$/.test(named) ? named : 'error') : 'iss'
    const unusable = new RedirectError(`The way back from ${issuer} is not usable: ${named ? 'error' : 'iss'}`, {
      issuer,
    })
    throw Object.assign(unusable, { reason })
  }
  if (!code) throw Object.assign(new RedirectError(`No code came back from ${issuer}`, { issuer }), { reason: 'code' })
  return askForTokens(
    connection,
    { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
    nonce,
  )
}

/**
 * Refreshes (RFC 6749 §6). What the answer leaves out stays as it was: the refresh token itself.
 *
 * @throws TokenRequestError, InvalidTokenResponseError, UmaTimeoutError
 */
export async function refreshTokens(connection: Connection, refreshToken: string | undefined): Promise<Tokens> {
  const { issuer } = connection.metadata
  if (!refreshToken) throw new TokenRequestError('There is no refresh token', { code: 'invalid_grant', issuer })
  const tokens = await askForTokens(connection, { grant_type: 'refresh_token', refresh_token: refreshToken })
  return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken }
}

/** Client credentials (RFC 6749 §4.4). @throws TokenRequestError, InvalidTokenResponseError, UmaTimeoutError */
export function clientCredentials(connection: Connection, { scope }: { scope?: string | undefined }): Promise<Tokens> {
  return askForTokens(connection, { grant_type: 'client_credentials', scope })
}

/** One token request. The server's words are read by oauth4webapi; one that says 201 (SolidLab) is understood all the same. */
async function askForTokens(connection: Connection, parameters: TokenParameters, nonce?: string): Promise<Tokens> {
  const { metadata, client } = connection
  const { issuer, token_endpoint: endpoint } = metadata
  const { status, text } = await post(connection, endpoint, parameters)
  if (status < 200 || status > 299) {
    const { error } = readObject(text) ?? {}
    const code = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'token_request_failed'
    throw new TokenRequestError(`${issuer} refuses the token request: ${code} (status ${status})`, { code, issuer })
  }
  const { id_token, ...rest } = readObject(text) ?? {}
  let read: TokenEndpointResponse
  try {
    const answer = new Response(JSON.stringify(rest), { headers: { 'content-type': 'application/json' } })
    read = await processRefreshTokenResponse(metadata as OAuthServer, { client_id: client.id }, answer)
    // RFC 6749 §7.1: a type that is not understood is not used. Visible ASCII only: anything else could split a header.
    if (read.token_type !== 'bearer' || !/^[\x21-\x7e]+$/.test(read.access_token)) throw undefined
  } catch {
    // Without the cause: it quotes the answer.
    throw new InvalidTokenResponseError(`Token answer of ${issuer}: no usable access_token`, { issuer })
  }
  const { access_token, expires_in, refresh_token, scope } = read
  const seconds = Number(expires_in)
  return {
    accessToken: access_token,
    expiresAt: seconds > 0 ? Date.now() + seconds * 1000 : undefined,
    refreshToken: refresh_token,
    idToken: checkIdToken(id_token, { issuer, clientId: client.id, nonce }),
    scope,
  }
}
