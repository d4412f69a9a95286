import type { CodeFlowOptions } from './code-flow-sign-in.ts'
import { SignIn, type SignInParts } from './identity.ts'

/**
 * Signs people in by the authorization code flow (RFC 6749 §4.1) with PKCE, state, `iss`, and a nonce if there is an ID
 * token (RFC 9700 §2.1).
 *
 * @throws TypeError if `scope` is missing, or `parameters` would replace a value that protects the sign-in
 *
 * @example { issuer, hosts, client: { id: 'album' }, signIn: codeFlow({ scope: 'openid' }) }
 */
export function codeFlow(options: CodeFlowOptions): SignIn {
  const { scope, parameters, auth } = Object(options) as Partial<CodeFlowOptions>
  if (typeof scope !== 'string') throw new TypeError("codeFlow: scope is missing, such as { scope: 'openid' }")
  if (auth !== undefined && typeof auth !== 'function') {
    throw new TypeError('codeFlow: auth must be a client authentication, such as clientSecretBasic(secret)')
  }
  refuseProtected(Object.keys(parameters ?? {}))
  return new SignIn(async () => {
    const { codeFlowSignIn } = await import('./code-flow-sign-in.ts')
    return codeFlowSignIn(options)
  })
}

/** The values that protect a sign-in, and the client's own. */
const protectedNames = /^(response_type|redirect_uri|state|nonce|request|request_uri|code_challenge.*|client_.*)$/

/** Refuses parameters that would replace a value that protects the sign-in. */
function refuseProtected(names: readonly string[]): void {
  const name = names.find((each) => protectedNames.test(each))
  if (name !== undefined) throw new TypeError(`codeFlow: parameters must not contain ${name}, which the sign-in sets`)
}

/**
 * Makes a sign-in of your own functions, for an authorization server where people do not sign in by the code flow.
 *
 * @throws TypeError if `begin` or `finish` is missing
 *
 * @example
 * const signIn = defineSignIn({
 *   begin: async (connection, { redirectUri, state }) => ({ url: signInUrl(redirectUri, state), memo: {} }),
 *   finish: async (connection, memo, backUrl) => ({ accessToken: await tokenOf(backUrl) }),
 * })
 */
export function defineSignIn(parts: SignInParts): SignIn {
  const { begin, finish, refresh } = Object(parts) as Partial<SignInParts>
  if (typeof begin !== 'function' || typeof finish !== 'function') {
    throw new TypeError('defineSignIn: give it an object with functions begin and finish')
  }
  if (refresh !== undefined && typeof refresh !== 'function') {
    throw new TypeError('defineSignIn: refresh must be a function')
  }
  return new SignIn(async () => parts)
}
