/** The OAuth 2.0 / OpenID Connect core: oidc-provider, with the UMA grant registered. */
import Provider, { type TokenContext } from 'oidc-provider'
import { type Answer, send } from '../http.ts'
import { oauthError } from './dialects.ts'
import { random } from './keys.ts'
import type { MemoryAdapter } from './memory-adapter.ts'
import { type State, UMA_TICKET_GRANT } from './state.ts'
import { refreshRpt, umaGrant } from './uma-grant.ts'

/** Client authentication is oidc-provider's; these inner grants let it authenticate refreshes and revocations of tokens that are not its own. */
export const INNER_REFRESH = 'urn:uma-bench:refresh'
export const INNER_REVOKE = 'urn:uma-bench:revoke'

export const formOf = new WeakMap<object, URLSearchParams>()

export function makeProvider(state: State, origin: string, adapter: (model: string) => MemoryAdapter): Provider {
  const mount = new URL(state.base).pathname.replace(/\/$/, '')
  const lifetimes = {
    AccessToken: 3600,
    AuthorizationCode: 60,
    ClientCredentials: 1800,
    Grant: 86_400,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: 86_400,
    Session: 86_400,
  }
  const provider = new Provider(state.base === origin ? origin : state.base, {
    adapter,
    jwks: { keys: [state.keys.privateJwk] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientBasedCORS: () => true,
    clockTolerance: 5,
    cookies: { keys: [random()] },
    scopes: ['openid', 'offline_access', 'uma_protection', 'uma_authorization'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    extraClientMetadata: {
      properties: ['claims_redirect_uris'],
      validator: (_ctx: unknown, _key: string, value: unknown, client: Record<string, unknown>) =>
        checkClaimsRedirectUris(value, client),
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      registration: { enabled: true, initialAccessToken: false },
      resourceIndicators: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx: unknown, client: { clientId: string }, token: { clientId: string }) =>
          client.clientId === token.clientId,
      },
      rpInitiatedLogout: { enabled: false },
    },
    async findAccount(_ctx: unknown, id: string) {
      const account = state.accounts[id]
      return account && { accountId: id, claims: async () => ({ sub: id, ...account }) }
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `${mount}/interaction/${interaction.uid}` },
    issueRefreshToken: async (
      _ctx: unknown,
      client: { grantTypeAllowed(type: string): boolean },
      code: { scopes: Set<string> },
    ) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    pkce: { required: () => true },
    rotateRefreshToken: () => state.quirks.rotateRefresh,
    routes: {
      authorization: '/authorize',
      token: '/token',
      revocation: '/revoke',
      registration: '/register',
      jwks: '/jwks',
      userinfo: '/userinfo',
    },
    ttl: lifetimes,
    renderError: (ctx: { type: string; body: unknown }, out: Record<string, unknown>) => {
      ctx.type = 'html'
      ctx.body = `<h1>${String(out['error'])}</h1>`
    },
  })

  const { grantTypeAllowed } = provider.Client.prototype
  provider.Client.prototype.grantTypeAllowed = function (this: object, type) {
    return type.startsWith('urn:uma-bench:') || Reflect.apply(grantTypeAllowed, this, [type])
  }
  const { clientJwtAuthExpectedAudience } = provider.OIDCContext.prototype
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = function (this: object) {
    return new Set([...Reflect.apply(clientJwtAuthExpectedAudience, this, []), state.issuer, `${state.base}/token`])
  }

  const grant = (
    type: string,
    parameters: string[],
    work: (clientId: string, form: URLSearchParams) => Answer | Promise<Answer>,
  ): void => {
    const handler = async (ctx: TokenContext): Promise<void> => {
      const answer = await work(ctx.oidc.client.clientId, formOf.get(ctx.req) ?? new URLSearchParams())
      ctx.respond = false
      if (state.quirks.crashOnToken === 'after' && type !== INNER_REVOKE) ctx.res.destroy()
      else send(ctx.res, answer)
    }
    provider.registerGrantType(type, handler, parameters)
  }
  grant(
    UMA_TICKET_GRANT,
    ['ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope'],
    (clientId, parameters) => umaGrant(state, { clientId, parameters }),
  )
  grant(INNER_REFRESH, ['refresh_token', 'scope'], (clientId, form) =>
    refreshRpt(state, clientId, form.get('refresh_token') ?? ''),
  )
  grant(INNER_REVOKE, ['token', 'token_type_hint'], (clientId, form) => {
    const token = form.get('token')
    if (token === null) return oauthError(400, 'invalid_request')
    state.tokens.revoke(token, clientId)
    return { status: 200 }
  })
  return provider
}

function checkClaimsRedirectUris(value: unknown, client: Record<string, unknown>): void {
  if (value === undefined) return
  const good = (uri: unknown): boolean => typeof uri === 'string' && URL.canParse(uri) && !uri.includes('#')
  if (Array.isArray(value) && value.length > 0 && value.every(good)) return
  throw Object.assign(new Error('invalid_redirect_uri'), {
    statusCode: 400,
    status: 400,
    expose: true,
    error: 'invalid_redirect_uri',
    error_description: `claims_redirect_uris of ${String(client['client_id'])} must be absolute URIs without a fragment`,
  })
}
