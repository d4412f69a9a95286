/** Token requests that oauth4webapi builds and checks, and that this package sends. */
import {
  allowInsecureRequests,
  customFetch,
  type AuthorizationServer as OAuthServer,
  ResponseBodyError,
  type refreshTokenGrantRequest,
  type TokenEndpointResponse,
} from 'oauth4webapi'
import { InvalidTokenResponseError, TokenRequestError, UmaError } from '../errors/index.ts'
import { clientRefused } from '../protocol/oauth/client-refused.ts'
import { describeAnswer } from './sent-secrets.ts'
import { type Connection, submit } from './token-request.ts'
import type { Tokens } from './tokens.ts'

/** Whether a text looks like an error code of OAuth. Any other text is not repeated in an error. */
export const isErrorCode = (text: string): boolean => /^[a-z_]{1,64}$/.test(text)

/**
 * The metadata as oauth4webapi reads it. UMA's metadata need not name the algorithms of ID tokens. All algorithms with
 * public keys are accepted; TLS authenticates the server.
 */
export function oauthServer(metadata: Connection['metadata']): OAuthServer {
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
  /** How the client authenticated, if the server refused the request. */
  authentication?: string | undefined
}

/**
 * One token request through this package's own caller. Errors of oauth4webapi are translated, because they may quote
 * the server's answer.
 */
export async function requestTokens(
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
    throw tokenError(error, connection, exchange)
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
  const { description, authentication } = describeAnswer(answer, init.body, headers)
  Object.assign(exchange, { description, authentication })
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

function tokenError(error: unknown, { client, metadata }: Connection, exchange: Exchange): unknown {
  const { issuer } = metadata
  if (error instanceof UmaError) return error
  // Nothing was answered, so this is the error of the application's client authentication.
  if (exchange.status === undefined) return error
  if (error instanceof ResponseBodyError && isErrorCode(error.error)) {
    const { description, authentication } = exchange
    if (error.error === 'invalid_client')
      return clientRefused({ clientId: client.id, metadata, description, authentication })
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
