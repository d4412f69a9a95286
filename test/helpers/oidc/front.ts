/** oidc-provider in front of the simulated authorization server: sign-in, refresh of a person's token, PATs, registration. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { SimulatedAuthorizationServer } from '../../../src/testing/authorization-server/authorization-server.ts'
import { mountOf, UMA_TICKET_GRANT } from '../../../src/testing/authorization-server/state.ts'
import { parseTokenRequest } from '../../../src/testing/authorization-server/token-request.ts'
import { oauthError } from '../../../src/testing/wire/answer.ts'
import { pathBelow } from '../../../src/testing/wire/request.ts'
import { answerWith } from '../fetch-listener.ts'
import { readBody, replay, send } from '../http.ts'
import { signIn } from './sign-in.ts'

/** Paths that oidc-provider answers. */
const OIDC = /^\/(authorize|register|userinfo|interaction|\.well-known\/openid-configuration)(\/|$)/

interface Front {
  server: SimulatedAuthorizationServer
  provider: Provider
  oauth: RequestListener
  origin: string
  mount: string
}

export function oidcFront(server: SimulatedAuthorizationServer, provider: Provider, origin: string): RequestListener {
  const front: Front = { server, provider, oauth: provider.callback(), origin, mount: mountOf(server.state) }
  return (req, res) => {
    route(front, req, res).catch((error: unknown) => send(res, oauthError(500, 'server_error', String(error))))
  }
}

async function route(front: Front, req: IncomingMessage, res: ServerResponse): Promise<unknown> {
  const { server, provider, origin, mount } = front
  const path = pathBelow(mount, new URL(req.url ?? '/', origin).pathname) ?? ''
  const isPost = req.method === 'POST'
  if (isPost && (path === '/token' || path === '/revoke')) return divide(front, path, req, res)
  if (req.method === 'OPTIONS' || !OIDC.test(path))
    return answerWith(server.fetch, req, res, origin, await readBody(req))
  allowOrigins(server, res)
  if (path.startsWith('/interaction/')) return signIn({ accounts: server.accounts, mount, provider }, req, res)
  return toProvider(front, req, res)
}

/** The token and the revocation endpoint: oidc-provider answers what is not UMA's. */
async function divide(front: Front, path: string, req: IncomingMessage, res: ServerResponse): Promise<unknown> {
  const { server, origin } = front
  const body = await readBody(req)
  const { parameters } = parseTokenRequest(body.toString(), req.headers['content-type'] ?? '')
  const tokens = server.state.tokens
  const type = parameters.get('grant_type')
  const isUma =
    path === '/revoke'
      ? tokens.knows(parameters.get('token') ?? '')
      : type === UMA_TICKET_GRANT ||
        (type === 'refresh_token' && tokens.refreshTokens.has(parameters.get('refresh_token') ?? ''))
  if (isUma) return answerWith(server.fetch, req, res, origin, body)
  if (type === 'client_credentials') server.stats.patRequests += 1
  if (type === 'refresh_token') server.stats.refreshRequests += 1
  allowOrigins(server, res)
  const copy = replay(req, Buffer.from(parameters.toString()), {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  return toProvider(front, copy, res)
}

/** oidc-provider finds its mount path by comparing `url` with `originalUrl`. */
function toProvider({ oauth, mount }: Front, req: IncomingMessage, res: ServerResponse): unknown {
  Object.assign(req, { originalUrl: req.url })
  req.url = (req.url ?? '/').slice(mount.length) || '/'
  return oauth(req, res)
}

/** The CORS headers of oidc-provider are dropped if the simulated server is to send none. */
function allowOrigins({ deviations }: SimulatedAuthorizationServer, res: ServerResponse): void {
  if (deviations.cors) {
    res.setHeader('access-control-allow-origin', '*')
    res.setHeader('access-control-expose-headers', 'WWW-Authenticate, Location')
    return
  }
  const setHeader = res.setHeader.bind(res)
  res.setHeader = (name, value) => (name.toLowerCase().startsWith('access-control-') ? res : setHeader(name, value))
}
