/** RPTs, their refresh tokens, and PCTs. */
import { random, signJwt } from './keys.ts'
import type { State } from './state.ts'
import type { Permission, PushedClaims } from './types.ts'

export interface Rpt {
  value: string
  clientId: string
  resourceServer: string
  subject: string | undefined
  permissions: Permission[]
  issuedAt: number
  expiresAt: number
  revoked: boolean
  /** an upgrade put another RPT in its place */
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

type NewRpt = Pick<Rpt, 'clientId' | 'resourceServer' | 'subject' | 'permissions'>

export class TokenStore {
  readonly rpts = new Map<string, Rpt>()
  readonly pcts = new Map<string, Pct>()
  readonly refreshTokens = new Map<string, RefreshToken>()
  private readonly state: () => State

  constructor(state: () => State) {
    this.state = state
  }

  issueRpt(facts: NewRpt): Rpt {
    const { quirks, keys, issuer, stats } = this.state()
    const issuedAt = Date.now()
    const expiresAt = issuedAt + quirks.rptLifetimeMs
    const padding = 'x'.repeat(quirks.growRpt * facts.permissions.length)
    const payload = {
      iss: issuer,
      iat: Math.floor(issuedAt / 1000),
      exp: Math.ceil(expiresAt / 1000),
      jti: random(12),
      azp: facts.clientId,
      ...(facts.subject === undefined ? {} : { sub: facts.subject }),
      permissions: facts.permissions,
      ...(padding === '' ? {} : { padding }),
    }
    const value = quirks.rptFormat === 'jwt' ? signJwt(keys, payload) : random(32) + padding
    const rpt: Rpt = { ...facts, value, issuedAt, expiresAt, revoked: false, superseded: false }
    this.rpts.set(value, rpt)
    stats.rptsIssued += 1
    return rpt
  }

  issueRefreshToken(rpt: Rpt): RefreshToken {
    const token: RefreshToken = { value: random(32), rpt, spent: false }
    this.refreshTokens.set(token.value, token)
    return token
  }

  issuePct(facts: Omit<Pct, 'value' | 'expiresAt'>): Pct {
    const pct: Pct = { ...facts, value: random(32), expiresAt: Date.now() + this.state().quirks.pctLifetimeMs }
    this.pcts.set(pct.value, pct)
    return pct
  }

  activeRpt(value: string): Rpt | undefined {
    const rpt = this.rpts.get(value)
    return rpt !== undefined && !rpt.revoked && rpt.expiresAt > Date.now() ? rpt : undefined
  }

  activePct(value: string, clientId: string): Pct | undefined {
    const pct = this.pcts.get(value)
    return pct !== undefined && pct.clientId === clientId && pct.expiresAt > Date.now() ? pct : undefined
  }

  /** RFC 7009 for everything of ours; false if it is none of ours. Without a client id: whosever it is. */
  revoke(value: string, clientId?: string): boolean {
    const rpt = this.rpts.get(value)
    const refresh = this.refreshTokens.get(value)
    const pct = this.pcts.get(value)
    const owner = rpt?.clientId ?? refresh?.rpt.clientId ?? pct?.clientId
    if (owner === undefined) return false
    if (clientId !== undefined && owner !== clientId) return true
    if (rpt) rpt.revoked = true
    if (refresh) {
      refresh.rpt.revoked = true
      this.refreshTokens.delete(value)
    }
    this.pcts.delete(value)
    return true
  }

  knows(value: string): boolean {
    return this.rpts.has(value) || this.refreshTokens.has(value) || this.pcts.has(value)
  }
}

/** Old and new permissions in one list, one entry a resource. */
export function mergePermissions(...lists: Permission[][]): Permission[] {
  const byResource = new Map<string, Set<string>>()
  for (const { resource_id, resource_scopes } of lists.flat()) {
    const scopes = byResource.get(resource_id) ?? new Set()
    for (const scope of resource_scopes) scopes.add(scope)
    byResource.set(resource_id, scopes)
  }
  return [...byResource].map(([resource_id, scopes]) => ({ resource_id, resource_scopes: [...scopes] }))
}
