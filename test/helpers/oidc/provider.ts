/** oidc-provider, configured as the sign-in part of the simulated authorization server. */
import Provider from 'oidc-provider'
import type { SimulatedAuthorizationServer } from '../../../src/testing/authorization-server/authorization-server.ts'
import { UMA_TICKET_GRANT } from '../../../src/testing/authorization-server/state.ts'
import { type PlainKeys, random } from '../as/keys.ts'
import type { MemoryAdapter } from './memory-adapter.ts'

export interface ProviderOptions {
  /** the issuer without a trailing slash */
  base: string
  keys: PlainKeys
  adapter: (model: string) => MemoryAdapter
  /** asked when a request arrives */
  server: () => SimulatedAuthorizationServer
}

export function makeProvider({ base, keys, adapter, server }: ProviderOptions): Provider {
  const mount = new URL(base).pathname.replace(/\/$/, '')
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
  const provider = new Provider(base, {
    adapter,
    jwks: { keys: [keys.privateJwk] },
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
      dPoP: { enabled: true },
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
      const account = server().accounts[id]
      return account && { accountId: id, claims: async () => ({ sub: id, ...account }) }
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `${mount}/interaction/${interaction.uid}` },
    issueRefreshToken: async (
      _ctx: unknown,
      client: { grantTypeAllowed(type: string): boolean },
      code: { scopes: Set<string> },
    ) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    pkce: { required: () => true },
    rotateRefreshToken: () => server().deviations.rotateRefresh,
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

  const { clientJwtAuthExpectedAudience } = provider.OIDCContext.prototype
  provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = function (this: object) {
    return new Set([...Reflect.apply(clientJwtAuthExpectedAudience, this, []), server().issuer, `${base}/token`])
  }

  // Registered, so that clients may name the grant in their metadata. Requests of this grant never get here.
  provider.registerGrantType(UMA_TICKET_GRANT, () => Promise.reject(new Error('the front answers this grant')))
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
