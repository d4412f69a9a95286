/** Access tokens of oidc-provider, as the simulated authorization server sees them, with its deviations for PATs. */
import type Provider from 'oidc-provider'
import type { AccessTokenStore } from '../../../src/testing/authorization-server/access-tokens.ts'
import type { Deviations } from '../../../src/testing/dialects/deviations.ts'

interface GrantSuccess {
  status: number
  body: { access_token?: string } | null
  oidc: { client: { clientId: string }; params: { grant_type?: string } }
}

export function accessTokensOf(provider: Provider, deviations: () => Deviations): AccessTokenStore {
  const revoked = new Set<string>()
  const last = new Map<string, string>()
  provider.on('grant.success', (ctx: GrantSuccess) => {
    if (ctx.oidc.params.grant_type !== 'client_credentials') return
    const { clientId } = ctx.oidc.client
    const previous = last.get(clientId)
    if (deviations().onePatPerClient && previous !== undefined) revoked.add(previous)
    if (ctx.body?.access_token !== undefined) last.set(clientId, ctx.body.access_token)
    if (deviations().patStatus !== 200) ctx.status = deviations().patStatus
  })
  return {
    async find(value) {
      if (revoked.has(value)) return undefined
      const token = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value))
      // A token that is bound to a DPoP key is no Bearer token (RFC 9449 §7.2).
      if (token === undefined || token.isExpired || token.jkt !== undefined) return undefined
      return { clientId: token.clientId, scope: token.scope ?? '', account: token.accountId }
    },
  }
}
