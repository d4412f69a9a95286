import { findUmaError, InvalidTokenResponseError, TokenRequestError } from '../errors/index.ts'
import { readTokenAnswer } from '../protocol/oauth/token-answer.ts'
import { repeat } from './retry.ts'
import { type Connection, post, tokenEndpoint } from './token-request.ts'
import type { Tokens } from './tokens.ts'

/**
 * A token by client credentials (RFC 6749 §4.4). The request uses nothing up, so it is repeated after a network fault,
 * and after 429 or 503 with `Retry-After`. `context.signal` ends the waiting. Each attempt authenticates anew, because
 * a client assertion is accepted once.
 *
 * @param scope the scope to ask for; undefined: the server's default
 * @throws TokenRequestError with the server's own code, InvalidTokenResponseError, UmaTimeoutError
 */
export async function clientCredentials(connection: Connection, scope: string | undefined): Promise<Tokens> {
  const { issuer } = connection.metadata
  const endpoint = tokenEndpoint(connection.metadata)
  const { signal } = connection.context
  const parameters = { grant_type: 'client_credentials', scope }
  const { status, text, description } = await repeat(() => post(connection, endpoint, parameters, { signal }), {
    isNetworkFault: isUnreached,
    signal,
  })
  const answer = readTokenAnswer(status, text)
  if (answer.kind === 'granted') {
    const { token, expiresIn, refreshToken } = answer
    return { accessToken: token, expiresAt: expiresIn && Date.now() + expiresIn * 1000, refreshToken }
  }
  const code = answer.kind === 'error' ? answer.code : answer.kind
  if (code === 'invalid_token_response') {
    throw new InvalidTokenResponseError(`Token answer of ${issuer} is not usable`, { issuer, description })
  }
  throw new TokenRequestError(`${issuer} refuses client credentials: ${code}`, { code, issuer, description })
}

/** Whether the server was not reached, although this program did send the request. */
function isUnreached(error: unknown): boolean {
  const unreached = findUmaError(error, 'token_request_failed')
  return unreached !== undefined && unreached.reason !== 'not_sent'
}
