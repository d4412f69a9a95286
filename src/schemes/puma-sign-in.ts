import { beginCodeFlow, finishCodeFlow, refreshTokens } from '../authorization-server/code-flow.ts'
import type { SignIn } from '../authorization-server/identity.ts'
import type { Connection } from '../authorization-server/token-request.ts'
import { cappedText } from '../protocol/capped-text.ts'
import { readObject } from '../protocol/read-object.ts'
import { type PumaOptions, withState } from './puma-options.ts'

/** The code flow with our state in the redirect URI too, for managers that do not echo one (checklist P-5, P-16). */
export function pumaSignIn({ scope = '' }: PumaOptions): SignIn {
  return {
    begin: (connection, { redirectUri, state }) =>
      beginCodeFlow(connection, { redirectUri: redirectUri && withState(redirectUri, state), scope, state }),
    finish: (connection, memo, back) => finishCodeFlow(lenient(connection), memo, once(back)),
    refresh: (connection, { refreshToken }) => refreshTokens(lenient(connection), refreshToken),
  }
}

/** One state of several equal ones: the manager may have echoed it after all. */
function once(back: string): string {
  if (!URL.canParse(back)) return back
  const url = new URL(back)
  const [state, ...others] = url.searchParams.getAll('state')
  const same = state !== undefined && others.every((other) => other === state)
  if (same && others.length) url.searchParams.set('state', state)
  return url.href
}

/** Tokens of these managers are used as Bearer whether they say so, say nothing, or say `artifact`, as their configuration does. */
function lenient(connection: Connection): Connection {
  const { caller } = connection
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const plain = caller.fetch()
    const response = await plain(url, init)
    const text = await cappedText(response, 2 ** 20)
    const { token_type: type, ...answer } = readObject(text) ?? {}
    const bearer = answer.access_token && (type === undefined || /^artifact$/i.test(`${type}`))
    const body = (bearer ? JSON.stringify({ ...answer, token_type: 'bearer' }) : text) || null
    return new Response(body, { status: response.status || 502 })
  }
  return { ...connection, caller: { ...caller, fetch: () => fetch } }
}
