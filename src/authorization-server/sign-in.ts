import { TokenRequestError } from '../errors.ts'
import type { ClientAuth } from './client-authentication.ts'
import { beginCodeFlow, finishCodeFlow, refreshTokens } from './code-flow.ts'
import type { SignIn } from './identity.ts'

/** Who an ID token is about: a refresh does not change it (OpenID Connect Core §12.2). It was checked when it came. */
const subjectOf = (idToken: string): unknown => {
  const [, payload = ''] = idToken.split('.')
  return (JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { sub?: unknown }).sub
}

/** Options of `codeFlow`. */
export interface CodeFlowOptions {
  /** Separated by spaces; with `openid`, there is an ID token too. */
  scope: string
  /** More parameters of the authorization request: `prompt`, `login_hint`, … */
  parameters?: Record<string, string | undefined>
  /**
   * Client authentication of these token requests. Default: the client's own; a client whose `auth` is `bearer()` is public here, unless
   * it has registered.
   */
  auth?: ClientAuth
}

/** Signs people in by the authorization code flow: PKCE, state, `iss`, and a nonce where there is an ID token (RFC 9700 §2.1). */
export function codeFlow({ scope, parameters, auth }: CodeFlowOptions): SignIn {
  const own = <C extends Parameters<typeof beginCodeFlow>[0]>(connection: C): C =>
    auth ? { ...connection, client: { ...connection.client, auth } } : connection
  return {
    begin: (connection, { redirectUri, state, acr }) =>
      beginCodeFlow(connection, {
        redirectUri,
        scope,
        state,
        parameters: { ...parameters, ...(acr && { acr_values: acr.join(' ') }) },
      }),
    // What is not said was granted as it was asked for (RFC 6749 §5.1).
    finish: async (connection, memo, back) => ({ scope, ...(await finishCodeFlow(own(connection), memo, back)) }),
    async refresh(connection, { refreshToken, idToken }) {
      const fresh = await refreshTokens(own(connection), refreshToken)
      if (idToken && fresh.idToken && subjectOf(idToken) !== subjectOf(fresh.idToken)) {
        const { issuer } = connection.metadata
        // As good as refused: nobody is to stay signed in as somebody else.
        throw new TokenRequestError(`${issuer} has refreshed somebody else's sign-in`, {
          code: 'invalid_grant',
          issuer,
        })
      }
      return fresh
    },
  }
}
