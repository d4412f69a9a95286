import { TokenRequestError } from '../../errors/index.ts'
import { readObject } from '../../protocol/http/read-object.ts'
import type { ClientAuth } from '../client-authentication.ts'
import type { Connection } from '../token-request.ts'
import { beginCodeFlow, finishCodeFlow, refreshTokens } from './code-flow.ts'
import type { SignInParts } from './identity.ts'

/** Options of `codeFlow`. */
export interface CodeFlowOptions {
  /** The scope to ask for, its values separated by spaces. With `openid`, the sign-in brings an ID token. */
  scope: string
  /**
   * Further parameters of the authorization request: `prompt`, `login_hint`, … They cannot replace `response_type`,
   * `state`, `redirect_uri`, `nonce`, `request`, `request_uri`, `code_challenge…` or `client_…`.
   */
  parameters?: Record<string, string | undefined>
  /**
   * Client authentication of the token requests of the sign-in.
   * @default the client's own; a client whose `auth` is `bearer()` and that has not registered is public here
   */
  auth?: ClientAuth
}

/** The functions of a sign-in by the authorization code flow. */
export function codeFlowSignIn({ scope, parameters, auth }: CodeFlowOptions): SignInParts {
  const withAuth = (connection: Connection): Connection =>
    auth ? { ...connection, client: { ...connection.client, auth } } : connection
  return {
    begin(connection, { redirectUri, state, acr }) {
      const more = { ...parameters, ...(acr && { acr_values: acr.join(' ') }) }
      return beginCodeFlow(connection, { redirectUri, scope, state, parameters: more })
    },
    async finish(connection, memo, back) {
      const tokens = await finishCodeFlow(withAuth(connection), memo, back)
      // A scope that the answer does not name was granted as it was asked for (RFC 6749 §5.1).
      return { scope, ...tokens }
    },
    async refresh(connection, { refreshToken, idToken }) {
      const fresh = await refreshTokens(withAuth(connection), refreshToken)
      if (idToken && fresh.idToken && subjectOf(idToken) !== subjectOf(fresh.idToken)) {
        throw anotherSubject(connection.metadata.issuer)
      }
      return fresh
    },
  }
}

/**
 * The subject of an ID token. A refresh must not change the subject (OpenID Connect Core §12.2). The token was checked
 * when it was received.
 */
function subjectOf(idToken: string): unknown {
  const [, payload = ''] = idToken.split('.')
  return readObject(atob(payload.replace(/-/g, '+').replace(/_/g, '/')))?.sub
}

/** Counts as a refusal: nobody may stay signed in as another person. */
const anotherSubject = (issuer: string): TokenRequestError =>
  new TokenRequestError(`${issuer} answered a refresh with the tokens of another person`, {
    code: 'invalid_grant',
    issuer,
  })
