import { beginCodeFlow, finishCodeFlow, refreshTokens } from '../../authorization-server/sign-in/code-flow.ts'
import type { SignInParts } from '../../authorization-server/sign-in/identity.ts'
import type { Connection } from '../../authorization-server/token-request.ts'
import { cappedText } from '../../protocol/http/capped-text.ts'
import { readObject } from '../../protocol/http/read-object.ts'
import { type PumaOptions, withState } from './options.ts'

/** The code flow, with the state also in the redirect URI, because some managers do not echo a state. */
export function pumaSignIn({ scope = '' }: PumaOptions): SignInParts {
  return {
    begin: (connection, { redirectUri, state }) =>
      beginCodeFlow(connection, { redirectUri: redirectUri && withState(redirectUri, state), scope, state }),
    finish: (connection, memo, back) => finishCodeFlow(asBearer(connection), memo, withOneState(back)),
    refresh: (connection, { refreshToken }) => refreshTokens(asBearer(connection), refreshToken),
  }
}

/** The URL with one state instead of several equal ones: a manager may have echoed the state after all. */
function withOneState(back: string): string {
  if (!URL.canParse(back)) return back
  const url = new URL(back)
  const [state, ...others] = url.searchParams.getAll('state')
  const same = state !== undefined && others.every((other) => other === state)
  if (same && others.length > 0) url.searchParams.set('state', state)
  return url.href
}

/**
 * The connection, with token answers whose `token_type` is missing or `artifact` read as bearer tokens. The tokens of
 * these managers are presented as bearer tokens in each of these cases.
 */
function asBearer(connection: Connection): Connection {
  const { caller } = connection
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const plainFetch = caller.fetch()
    const response = await plainFetch(url, init)
    const text = await cappedText(response, 2 ** 20)
    const { token_type: type, ...answer } = readObject(text) ?? {}
    const isBearer = answer.access_token && (type === undefined || /^artifact$/i.test(`${type}`))
    const body = (isBearer ? JSON.stringify({ ...answer, token_type: 'bearer' }) : text) || null
    return new Response(body, { status: response.status || 502 })
  }
  return { ...connection, caller: { ...caller, fetch: () => fetch } }
}
