/** What stands before oidc-provider: routing, CORS, UMA's own endpoints, and the quirks of the token endpoint. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { type Answer, pause, readBody, replay, send } from '../http.ts'
import { SEVERAL } from './claim-tokens.ts'
import { claimsInteraction } from './claims-interaction.ts'
import { oauthError } from './dialects.ts'
import { json } from './keys.ts'
import { discovery } from './metadata.ts'
import { type Caller, introspectionEndpoint, permissionEndpoint, resourceRegistration } from './protection-api.ts'
import { formOf, INNER_REFRESH, INNER_REVOKE } from './provider.ts'
import { signIn } from './sign-in.ts'
import { type State, UMA_TICKET_GRANT } from './state.ts'
import type { ClientMetadata } from './types.ts'
import { umaGrant } from './uma-grant.ts'

const DISCOVERY = '/.well-known/uma2-configuration'

export function front(
  state: State,
  provider: Provider,
  findClient: (id: string) => Promise<ClientMetadata | undefined>,
): RequestListener {
  const mount = new URL(state.base).pathname.replace(/\/$/, '')
  const oauth = provider.callback()
  const claims = claimsInteraction(state, findClient)
  const pats = onePat(state, provider)

  const toOauth = (req: IncomingMessage, res: ServerResponse, form?: URLSearchParams): unknown => {
    Object.assign(req, { originalUrl: req.url })
    const url = (req.url ?? '/').slice(mount.length) || '/'
    if (form === undefined) {
      req.url = url
      return oauth(req, res)
    }
    const copy = replay(req, Buffer.from(form.toString()), {
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    formOf.set(copy, form)
    return oauth(copy, res)
  }

  async function caller(req: IncomingMessage): Promise<Caller> {
    const header = req.headers.authorization ?? ''
    const bearer = /^bearer +(\S+)$/i.exec(header)?.[1]
    const token =
      bearer === undefined || pats.revoked.has(bearer)
        ? undefined
        : ((await provider.ClientCredentials.find(bearer)) ?? (await provider.AccessToken.find(bearer)))
    if (token?.scope?.split(' ').includes('uma_protection')) return { resourceServer: token.clientId }
    return {
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      body: { error: 'invalid_token', error_description: 'Unknown PAT.' },
    }
  }

  async function basicCaller(req: IncomingMessage): Promise<Caller> {
    const [id = '', secret = ''] = Buffer.from(
      /^basic (.*)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '',
      'base64',
    )
      .toString()
      .split(':')
      .map(decodeURIComponent)
    const client = id === '' ? undefined : await provider.Client.find(id)
    if (client !== undefined && (await client.compareClientSecret(secret))) return { resourceServer: id }
    return { status: 401, headers: { 'www-authenticate': 'Basic' }, body: { error: 'invalid_client' } }
  }

  async function token(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
    const { quirks, stats, tokens } = state
    const body = await readBody(req)
    const form = readForm(req, body)
    const type = form.get('grant_type')
    const refreshes = type === 'refresh_token' && tokens.refreshTokens.has(form.get('refresh_token') ?? '')
    if (type === 'client_credentials') stats.patRequests += 1
    if (type === 'refresh_token') stats.refreshRequests += 1
    if (type !== UMA_TICKET_GRANT && !refreshes) return toOauth(req, res, form)

    if (type === UMA_TICKET_GRANT) stats.tokenRequests += 1
    stats.inFlight += 1
    stats.maxInFlight = Math.max(stats.maxInFlight, stats.inFlight)
    res.once('close', () => {
      stats.inFlight -= 1
    })
    if (quirks.crashOnToken === 'before') return res.destroy()
    // never answered in the same turn: requests that a client sends side by side do overlap here
    await (pause(quirks.delayMs.token) ?? new Promise((resolve) => setImmediate(resolve)))
    if (refreshes) {
      form.set('grant_type', INNER_REFRESH)
      return toOauth(req, res, form)
    }
    const bearer = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return deliver(res, await byBearer(bearer, form))
    if (quirks.clientAuth === 'bearer-only')
      return send(res, {
        ...oauthError(401, 'invalid_client', 'a Bearer access token is needed'),
        headers: { 'www-authenticate': 'Bearer' },
      })
    return toOauth(req, res, form)
  }

  /** Keycloak's way: an access token names both the client and the requesting party. */
  async function byBearer(bearer: string, form: URLSearchParams): Promise<Answer> {
    const access = (await provider.AccessToken.find(bearer)) ?? (await provider.ClientCredentials.find(bearer))
    if (access === undefined || access.isExpired) return oauthError(401, 'invalid_grant', 'Invalid bearer token')
    return umaGrant(state, {
      clientId: access.clientId,
      parameters: form,
      bearerSubject: access.accountId ?? `service-account-${access.clientId}`,
    })
  }

  function deliver(res: ServerResponse, answer: Answer): unknown {
    return state.quirks.crashOnToken === 'after' ? res.destroy() : send(res, answer)
  }

  async function revoke(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
    const form = readForm(req, await readBody(req))
    if (!state.tokens.knows(form.get('token') ?? '')) return toOauth(req, res, form)
    form.set('grant_type', INNER_REVOKE)
    req.url = `${mount}/token`
    return toOauth(req, res, form)
  }

  async function route(req: IncomingMessage, res: ServerResponse): Promise<unknown> {
    const url = new URL(req.url ?? '/', state.base)
    if (url.pathname === (state.quirks.insertedMetadata ? DISCOVERY + mount : mount + DISCOVERY))
      return send(res, await discovery(state))
    if (!url.pathname.startsWith(`${mount}/`)) return send(res, { status: 404, body: { error: 'not_found' } })
    const path = url.pathname.slice(mount.length)
    if (path === DISCOVERY) return send(res, { status: 404, body: { error: 'not_found' } })
    if (path === '/token' && req.method === 'POST') return token(req, res)
    if (path === '/revoke' && req.method === 'POST') return revoke(req, res)
    if (path === '/rreg' || path.startsWith('/rreg/'))
      return send(res, await resourceRegistration(state, req, decodeURIComponent(path.slice(6)), await caller(req)))
    if (path === '/perm') {
      await pause(state.quirks.delayMs.permission)
      return send(res, await permissionEndpoint(state, req, await caller(req)))
    }
    if (path === '/introspect') {
      await pause(state.quirks.delayMs.introspection)
      const who = state.quirks.introspection === 'keycloak' ? await basicCaller(req) : await caller(req)
      return send(res, await introspectionEndpoint(state, req, who))
    }
    if (path === '/rqp_claims' || path.startsWith('/rqp_claims/')) return send(res, await claims.handle(req, url))
    if (path.startsWith('/interaction/')) return signIn(state, provider, req, res)
    return toOauth(req, res)
  }

  return async (req, res) => {
    try {
      if (!cors(state, req, res)) await route(req, res)
    } catch (error) {
      if (!res.destroyed) send(res, { status: 500, body: { error: 'server_error', error_description: String(error) } })
    }
  }
}

/** True when it was a preflight and is answered. */
function cors(state: State, req: IncomingMessage, res: ServerResponse): boolean {
  if (!state.quirks.cors) {
    const setHeader = res.setHeader.bind(res)
    res.setHeader = (name, value) => (name.toLowerCase().startsWith('access-control-') ? res : setHeader(name, value))
    if (req.method === 'OPTIONS') send(res, { status: 405 })
    return req.method === 'OPTIONS'
  }
  res.setHeader('access-control-allow-origin', '*')
  res.setHeader('access-control-expose-headers', 'WWW-Authenticate, Location')
  if (req.method !== 'OPTIONS') return false
  const headers = {
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    'access-control-allow-headers': 'authorization, content-type, accept, dpop',
    'access-control-max-age': '0',
  }
  send(res, { status: 204, headers })
  return true
}

/** A form, or SolidLab's JSON (whose claim_token may be a list). */
function readForm(req: IncomingMessage, body: Buffer): URLSearchParams {
  const members = req.headers['content-type']?.includes('json') ? json(body.toString()) : undefined
  if (members === undefined) return new URLSearchParams(body.toString())
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(members)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
    if (name === 'claim_token' && Array.isArray(value)) form.set('claim_token_format', SEVERAL)
  }
  return form
}

/** Quirks of the PAT answer: its status, and a second PAT that revokes the first. */
function onePat(state: State, provider: Provider): { revoked: Set<string> } {
  const revoked = new Set<string>()
  const last = new Map<string, string>()
  provider.on(
    'grant.success',
    (ctx: {
      status: number
      body: { access_token?: string } | null
      oidc: { client: { clientId: string }; params: { grant_type?: string } }
    }) => {
      if (ctx.oidc.params.grant_type !== 'client_credentials') return
      const { clientId } = ctx.oidc.client
      const previous = last.get(clientId)
      if (state.quirks.onePatPerClient && previous !== undefined) revoked.add(previous)
      if (ctx.body?.access_token !== undefined) last.set(clientId, ctx.body.access_token)
      if (state.quirks.patStatus !== 200) ctx.status = state.quirks.patStatus
    },
  )
  return { revoked }
}
