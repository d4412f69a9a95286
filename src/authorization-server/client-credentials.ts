import { InvalidTokenResponseError, TokenRequestError } from '../errors.ts'
import type { Tokens } from './code-flow.ts'
import { type Connection, requestToken } from './token-request.ts'

/**
 * A token by client credentials (RFC 6749 §4.4). A server that answers 201 (SolidLab) is understood.
 *
 * @throws TokenRequestError with the server's own code, InvalidTokenResponseError, UmaTimeoutError
 */
export async function clientCredentials(connection: Connection, scope: string | undefined): Promise<Tokens> {
  const { issuer } = connection.metadata
  const answer = await requestToken(connection, { grant_type: 'client_credentials', scope })
  if (answer.kind === 'granted') {
    const { token, expiresIn, refreshToken } = answer
    return { accessToken: token, expiresAt: expiresIn && Date.now() + expiresIn * 1000, refreshToken }
  }
  const code = answer.kind === 'error' ? answer.code : answer.kind
  if (code === 'invalid_token_response') {
    throw new InvalidTokenResponseError(`Token answer of ${issuer} is not usable`, { issuer })
  }
  throw new TokenRequestError(`${issuer} refuses client credentials: ${code}`, { code, issuer })
}
