/**
 * The OAuth 2.0 core of an authorization manager: sign-in page, code flow, refresh. Nothing is remembered of a person between pages:
 * each asks who is there.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { random } from '../as/keys.ts'
import { type Answer, html, page, readBody } from '../http.ts'
import type { Aat, AmClient, AmState } from './types.ts'

interface Code {
  client: AmClient
  redirectUri: string
  party: string
  scope: string
  challenge: string | null
  acr: string | undefined
}

export interface OauthCore {
  /** GET: the page; POST: what was chosen there. */
  authorize(req: IncomingMessage, url: URL): Promise<Answer>
  token(req: IncomingMessage, form: URLSearchParams): Answer
  /** who the request is from; undefined: no valid AAT */
  aat(req: IncomingMessage): Aat | undefined
  issue(facts: Omit<Aat, 'token' | 'expiresAt'>): Aat
}

export const form = (title: string, text: string, people: string[]): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  body: page(
    title,
    `<form method="post" action=""><p>${html(text)}</p><p><label>Account <select name="login">` +
      people.map((name) => `<option>${html(name)}</option>`).join('') +
      '</select></label></p><p><button name="action" value="allow">Allow</button> <button name="action" value="deny">Deny</button></p></form>',
  ),
})

/** Answers of a form's POST go out by redirect; parameters are added to what the URI has already. */
export function goTo(uri: string, parameters: Record<string, string>): Answer {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  return { status: 302, headers: { location: url.href, 'cache-control': 'no-store' } }
}

/** A registered URI, with any query of the client's own added (P-16). */
export const registered = ({ redirectUris }: AmClient, uri: string): boolean =>
  redirectUris.some((known) => uri === known || uri.startsWith(`${known}${known.includes('?') ? '&' : '?'}`))

export function oauthCore(state: AmState): OauthCore {
  const codes = new Map<string, Code>()

  const issue: OauthCore['issue'] = (facts) => {
    const aat = { ...facts, token: `aat-${random()}`, expiresAt: Date.now() + state.quirks.aatLifetimeMs }
    state.aats.set(aat.token, aat)
    return aat
  }

  async function authorize(req: IncomingMessage, url: URL): Promise<Answer> {
    const { quirks } = state
    const query = url.searchParams
    const client = state.clients.get(query.get('client_id') ?? '')
    const redirectUri = query.get('redirect_uri') ?? ''
    if (client === undefined) return { status: 400, body: 'unknown client' }
    if (!registered(client, redirectUri)) return { status: 400, body: 'redirect_uri is not registered' }
    const sent = query.get('state')
    const back = (parameters: Record<string, string>): Answer =>
      goTo(redirectUri, {
        ...parameters,
        ...(quirks.echoState && sent !== null ? { state: sent } : {}),
        ...(quirks.sendIss ? { iss: state.issuer } : {}),
      })
    if (query.get('response_type') !== 'code') return back({ error: 'unsupported_response_type' })
    const challenge = query.get('code_challenge')
    if (quirks.requirePkce && (challenge === null || query.get('code_challenge_method') !== 'S256'))
      return back({ error: 'invalid_request' })
    if (req.method === 'GET') return form('Allow access', `${client.id} would like to act for you.`, state.accounts)
    const fields = new URLSearchParams((await readBody(req)).toString())
    const party = fields.get('login') ?? ''
    if (fields.get('action') !== 'allow' || !state.accounts.includes(party)) return back({ error: 'access_denied' })
    const code = `code-${random()}`
    const acr = query.get('acr_values')?.split(' ')[0] ?? quirks.defaultAcr
    codes.set(code, { client, redirectUri, party, scope: query.get('scope') ?? '', challenge, acr })
    return back({ code })
  }

  function authenticate(req: IncomingMessage, fields: URLSearchParams): AmClient | undefined {
    const basic = /^basic (.*)$/i.exec(req.headers.authorization ?? '')?.[1]
    const [id, secret] = basic
      ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
      : [fields.get('client_id') ?? '', fields.get('client_secret') ?? undefined]
    const client = state.clients.get(id ?? '')
    return client && client.secret === secret ? client : undefined
  }

  function tokens(facts: Omit<Aat, 'token' | 'expiresAt'>): Answer {
    const { token } = issue(facts)
    const refresh = `refresh-${random()}`
    if (state.quirks.issueRefreshToken) state.refreshTokens.set(refresh, facts)
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: token,
        token_type: state.quirks.tokenType,
        expires_in: Math.ceil(state.quirks.aatLifetimeMs / 1000),
        ...(state.quirks.issueRefreshToken ? { refresh_token: refresh } : {}),
      },
    }
  }

  const refuse = (error: string, status = 400): Answer => ({ status, body: { error } })

  function token(req: IncomingMessage, fields: URLSearchParams): Answer {
    const client = authenticate(req, fields)
    if (!client) return refuse('invalid_client', 401)
    const type = fields.get('grant_type')
    if (type === 'refresh_token') {
      const old = fields.get('refresh_token') ?? ''
      const facts = state.refreshTokens.get(old)
      state.refreshTokens.delete(old)
      return facts?.clientId === client.id ? tokens(facts) : refuse('invalid_grant')
    }
    if (type !== 'authorization_code') return refuse('unsupported_grant_type')
    const code = codes.get(fields.get('code') ?? '')
    codes.delete(fields.get('code') ?? '')
    if (!code || code.client !== client || code.redirectUri !== fields.get('redirect_uri'))
      return refuse('invalid_grant')
    const verifier = fields.get('code_verifier') ?? ''
    if (code.challenge !== null && createHash('sha256').update(verifier).digest('base64url') !== code.challenge)
      return refuse('invalid_grant')
    return tokens({ party: code.party, clientId: client.id, scope: code.scope, acr: code.acr })
  }

  function aat(req: IncomingMessage): Aat | undefined {
    const known = state.aats.get(/^bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '')
    return known && known.expiresAt > Date.now() ? known : undefined
  }

  return { authorize, token, aat, issue }
}

/** What an endpoint says that wants an AAT and gets none that is good (U1-3.5.4-b). */
export const badAat: Answer = {
  status: 401,
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  body: { error: 'invalid_token' },
}
