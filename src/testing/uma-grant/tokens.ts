/** RPTs, their refresh tokens, and PCTs. */
import type { ServerContext } from '../authorization-server/context.ts'
import type { Permission } from '../permission-api/types.ts'
import type { PushedClaims } from '../policies/policy.ts'
import { random } from '../wire/random.ts'

export interface Rpt {
  value: string
  clientId: string
  resourceServer: string
  subject: string | undefined
  permissions: Permission[]
  /** milliseconds since 1970 */
  issuedAt: number
  expiresAt: number
  revoked: boolean
  /** an upgrade replaced this RPT */
  superseded: boolean
}

export interface Pct {
  value: string
  clientId: string
  claims: PushedClaims[]
  account: string | undefined
  sharesName: boolean
  expiresAt: number
}

export interface RefreshToken {
  value: string
  rpt: Rpt
  spent: boolean
}

export type NewRpt = Pick<Rpt, 'clientId' | 'resourceServer' | 'subject' | 'permissions'>

export class TokenStore {
  readonly rpts: Map<string, Rpt> = new Map()
  readonly refreshTokens: Map<string, RefreshToken> = new Map()
  private readonly pcts = new Map<string, Pct>()
  private readonly context: ServerContext

  constructor(context: ServerContext) {
    this.context = context
  }

  async issueRpt(facts: NewRpt): Promise<Rpt> {
    const { deviations, clock, stats } = this.context
    const issuedAt = clock.now()
    const times = { issuedAt, expiresAt: issuedAt + deviations.rptLifetimeMs }
    const value = await this.rptValue(facts, times)
    const rpt: Rpt = { ...facts, ...times, value, revoked: false, superseded: false }
    this.rpts.set(value, rpt)
    stats.rptsIssued += 1
    return rpt
  }

  private async rptValue(facts: NewRpt, { issuedAt, expiresAt }: Pick<Rpt, 'issuedAt' | 'expiresAt'>): Promise<string> {
    const { deviations, key, issuer } = this.context
    const padding = 'x'.repeat(deviations.growRpt * facts.permissions.length)
    if (deviations.rptFormat === 'opaque') return random(32) + padding
    return key.sign({
      iss: issuer,
      iat: Math.floor(issuedAt / 1000),
      exp: Math.ceil(expiresAt / 1000),
      jti: random(12),
      azp: facts.clientId,
      ...(facts.subject === undefined ? {} : { sub: facts.subject }),
      permissions: facts.permissions,
      ...(padding === '' ? {} : { padding }),
    })
  }

  issueRefreshToken(rpt: Rpt): RefreshToken {
    const token: RefreshToken = { value: random(32), rpt, spent: false }
    this.refreshTokens.set(token.value, token)
    return token
  }

  issuePct(facts: Omit<Pct, 'value' | 'expiresAt'>): Pct {
    const { clock, deviations } = this.context
    const pct: Pct = { ...facts, value: random(32), expiresAt: clock.now() + deviations.pctLifetimeMs }
    this.pcts.set(pct.value, pct)
    return pct
  }

  activeRpt(value: string): Rpt | undefined {
    const rpt = this.rpts.get(value)
    if (rpt === undefined || rpt.revoked) return undefined
    return rpt.expiresAt > this.context.clock.now() ? rpt : undefined
  }

  activePct(value: string, clientId: string): Pct | undefined {
    const pct = this.pcts.get(value)
    if (pct === undefined || pct.clientId !== clientId) return undefined
    return pct.expiresAt > this.context.clock.now() ? pct : undefined
  }

  /**
   * Revokes an RPT, its refresh token or a PCT (RFC 7009).
   * @param clientId leaves the tokens of other clients alone; without it, any client's token is revoked
   */
  revoke(value: string, clientId?: string): void {
    const rpt = this.rpts.get(value)
    const refresh = this.refreshTokens.get(value)
    const owner = (rpt ?? refresh?.rpt ?? this.pcts.get(value))?.clientId
    if (clientId !== undefined && owner !== clientId) return
    if (rpt) rpt.revoked = true
    if (refresh) refresh.rpt.revoked = true
    this.refreshTokens.delete(value)
    this.pcts.delete(value)
  }

  knows(value: string): boolean {
    return this.rpts.has(value) || this.refreshTokens.has(value) || this.pcts.has(value)
  }
}

/** All permissions in one list with one entry for each resource. */
export function mergePermissions(...lists: Permission[][]): Permission[] {
  const byResource = new Map<string, Set<string>>()
  for (const { resource_id, resource_scopes } of lists.flat()) {
    const scopes = byResource.get(resource_id) ?? new Set()
    for (const scope of resource_scopes) scopes.add(scope)
    byResource.set(resource_id, scopes)
  }
  return [...byResource].map(([resource_id, scopes]) => ({ resource_id, resource_scopes: [...scopes] }))
}
