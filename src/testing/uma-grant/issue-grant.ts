/** The answer that grants access: an RPT, and a PCT if the server learned something (Grant §3.3.5). */
import type { ServerState } from '../authorization-server/state.ts'
import { dressError } from '../dialects/refusals.ts'
import type { Permission } from '../permission-api/types.ts'
import type { PushedClaims } from '../policies/policy.ts'
import { type Answer, oauthError } from '../wire/answer.ts'
import type { AuthorizationProcess } from './tickets.ts'
import { mergePermissions, type Pct, type Rpt } from './tokens.ts'

export interface GrantFacts {
  clientId: string
  permissions: Permission[]
  process: AuthorizationProcess
  /** pushed in this process so far */
  claims: PushedClaims[]
  /** the RPT that can be upgraded */
  rpt: Rpt | undefined
  pct: Pct | undefined
  bearerSubject: string | undefined
}

export async function issueGrant(state: ServerState, facts: GrantFacts): Promise<Answer> {
  const { rpt: old, process, permissions, clientId } = facts
  const { resourceServer } = process
  const upgraded = old?.resourceServer === resourceServer ? old : undefined
  const subject = process.account ?? facts.bearerSubject ?? facts.pct?.account
  const rpt = upgraded
    ? await upgrade(state, upgraded, facts, subject)
    : await state.tokens.issueRpt({ clientId, resourceServer, subject, permissions: mergePermissions(permissions) })
  const body = tokenBody(state, rpt)
  if (state.deviations.refreshTokens) body.refresh_token = state.tokens.issueRefreshToken(rpt).value
  const saysUpgraded = upgraded !== undefined || (old !== undefined && state.deviations.upgrade === 'true-always')
  if (saysUpgraded) body.upgraded = true
  const pct = newPct(state, facts)
  if (pct !== undefined) body.pct = pct
  return { status: 200, headers: { 'cache-control': 'no-store' }, body }
}

async function upgrade(state: ServerState, old: Rpt, facts: GrantFacts, subject: string | undefined): Promise<Rpt> {
  const { deviations, clock, tokens } = state
  const permissions = mergePermissions(old.permissions, facts.permissions)
  if (deviations.upgrade === 'same-string') {
    return Object.assign(old, { permissions, expiresAt: clock.now() + deviations.rptLifetimeMs })
  }
  // Marked before the new RPT is signed: an upgrade that runs at the same time sees the mark.
  if (deviations.upgrade === 'new') Object.assign(old, { superseded: true, revoked: true })
  const { clientId, process } = facts
  return tokens.issueRpt({ clientId, resourceServer: process.resourceServer, subject, permissions })
}

function newPct(state: ServerState, { clientId, process, claims, pct }: GrantFacts): string | undefined {
  const learned = process.claims.length < claims.length || process.account !== undefined
  const isFirst = pct === undefined && claims.length > 0
  if (state.deviations.pctOff || !(learned || isFirst)) return undefined
  return state.tokens.issuePct({
    clientId,
    claims: [...(pct?.claims ?? []), ...claims],
    account: process.account ?? pct?.account,
    sharesName: process.sharesName || pct?.sharesName === true,
  }).value
}

function tokenBody({ deviations }: ServerState, rpt: Rpt): Record<string, unknown> {
  const body: Record<string, unknown> = { access_token: rpt.value, token_type: deviations.tokenType }
  if (deviations.omitExpiresIn) return body
  const seconds = Math.ceil(deviations.rptLifetimeMs / 1000)
  return { ...body, expires_in: deviations.expiresIn === undefined ? seconds : deviations.expiresIn }
}

/** Grant §3.6: a new RPT with the permissions of the old one, never more. */
export async function refreshRpt(state: ServerState, clientId: string, value: string): Promise<Answer> {
  const { deviations, tokens, stats, issuer } = state
  const token = tokens.refreshTokens.get(value)
  if (token?.spent) stats.refreshTokensReplayed += 1
  if (token === undefined || token.spent || token.rpt.clientId !== clientId || token.rpt.superseded) {
    return dressError(deviations, issuer, oauthError(400, 'invalid_grant', 'refresh token not valid'))
  }
  // Marked before the new RPT is signed: the same token that arrives at the same time is refused.
  token.spent = deviations.rotateRefresh
  const { resourceServer, subject, permissions } = token.rpt
  const rpt = await tokens.issueRpt({ clientId, resourceServer, subject, permissions })
  const body = tokenBody(state, rpt)
  if (deviations.rotateRefresh) body.refresh_token = tokens.issueRefreshToken(rpt).value
  else token.rpt = rpt
  return { status: 200, headers: { 'cache-control': 'no-store' }, body }
}
