import { beginCodeFlow, finishCodeFlow, refreshTokens } from '../authorization-server/code-flow.ts'
import type { SignIn } from '../authorization-server/identity.ts'
import { type PumaOptions, withState } from './puma-options.ts'

/** The code flow with our state in the redirect URI too, for managers that do not echo one (checklist P-5, P-16). */
export function pumaSignIn({ scope = '' }: PumaOptions): SignIn {
  return {
    begin: (connection, { redirectUri, state }) =>
      beginCodeFlow(connection, { redirectUri: redirectUri && withState(redirectUri, state), scope, state }),
    finish: (connection, memo, back) => finishCodeFlow(connection, memo, once(back)),
    refresh: (connection, { refreshToken }) => refreshTokens(connection, refreshToken),
  }
}

/** One state of several equal ones: the manager may have echoed it after all. */
function once(back: string): string {
  const url = new URL(back)
  const [state, ...others] = url.searchParams.getAll('state')
  if (state !== undefined && others.length && others.every((other) => other === state))
    url.searchParams.set('state', state)
  return url.href
}
