/** The UMA grant (urn:ietf:params:oauth:grant-type:uma-ticket): from a ticket to an RPT, to the next round, or to a refusal. */
import type { Answer } from '../http.ts'
import { readClaims } from './claim-tokens.ts'
import { badRpt, badTicket, denied, dressError, needInfo, oauthError, submitted } from './dialects.ts'
import type { State } from './state.ts'
import type { Process } from './tickets.ts'
import { mergePermissions, type Pct, type Rpt } from './tokens.ts'
import type { Decision, Permission, PolicyRequest } from './types.ts'

export interface UmaRequest {
  clientId: string
  parameters: URLSearchParams
  bearerSubject?: string | undefined
}

export async function umaGrant(state: State, request: UmaRequest): Promise<Answer> {
  const answer = await decide(state, request)
  if (answer.status >= 400) return dressError(state.quirks, state.issuer, answer)
  const changed = state.quirks.tokenAnswer?.(answer.body as Record<string, unknown>)
  if (changed === undefined) return answer
  if (isAnswer(changed)) return changed
  if (typeof changed === 'string') return { ...answer, headers: { 'content-type': 'application/json' }, body: changed }
  return { ...answer, body: changed }
}

export const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Answer).status === 'number' &&
  ('body' in value || 'headers' in value)

async function decide(state: State, { clientId, parameters, bearerSubject }: UmaRequest): Promise<Answer> {
  const { quirks, tickets } = state
  const ticket = parameters.get('ticket')
  if (!ticket) return badTicket(quirks, 'missing')
  // single use: spent from here on, whatever comes of it
  const taken = tickets.take(ticket)
  if (!taken.ok) return badTicket(quirks, taken.why)
  const { process } = taken

  const pushed = readClaims(state, parameters)
  if (!pushed.ok)
    return oauthError(400, quirks.denial === 'gluu' ? 'invalid_claim_token' : 'invalid_request', pushed.error)
  if (quirks.requireClaimsUpFront && process.round === 1 && pushed.claims.length === 0)
    return oauthError(400, 'invalid_grant')

  const pctValue = parameters.get('pct')
  const pct = pctValue === null || quirks.pctOff ? undefined : state.tokens.activePct(pctValue, clientId)
  if (pctValue !== null && pct === undefined && quirks.badPct === 'invalid_pct-401')
    return oauthError(401, 'invalid_pct')

  const old = oldRpt(state, clientId, parameters.get('rpt'))
  if (old === 'bad') return badRpt(quirks)

  const scope = (parameters.get('scope') ?? '').split(' ').filter((s) => s !== '')
  const wanted = withScopes(state, process.permissions, scope)
  if (wanted === undefined) return oauthError(400, 'invalid_scope')

  const claims = [...process.claims, ...pushed.claims]
  const next: Process = { ...process, round: process.round + 1, claims }
  const decision = await state.policy(
    policyRequest({ process: { ...process, claims }, wanted, scope, clientId, bearerSubject, pct, parameters }),
  )
  if (typeof decision === 'object' && 'needInfo' in decision)
    return askForMore(state, decision.needInfo, ticket, next, clientId)
  if (typeof decision === 'object' && 'submitted' in decision) {
    return submitted(quirks, () => tickets.rotate(ticket, next), decision.submitted.interval)
  }
  if (typeof decision === 'object' && 'error' in decision)
    return oauthError(decision.status ?? 400, decision.error, decision.description)
  if (decision === 'deny') return denied(quirks)

  const permissions = decision === 'grant' ? wanted : decision.grant
  const subject = process.account ?? bearerSubject ?? pct?.account
  const newFacts = {
    claims,
    account: process.account ?? pct?.account,
    sharesName: process.sharesName || (pct?.sharesName ?? false),
  }
  return grant(state, { clientId, permissions, process, old, subject, pct, newFacts })
}

interface PolicyFacts {
  process: Process
  wanted: Permission[]
  scope: string[]
  clientId: string
  bearerSubject: string | undefined
  pct: Pct | undefined
  parameters: URLSearchParams
}

function policyRequest({
  process,
  wanted,
  scope,
  clientId,
  bearerSubject,
  pct,
  parameters,
}: PolicyFacts): PolicyRequest {
  const account = process.account ?? pct?.account
  const pctSubject = pct?.account ?? pct?.claims.map((c) => c.payload['sub']).find((sub) => typeof sub === 'string')
  return {
    permissions: wanted,
    scope,
    clientId,
    claims: [...process.claims, ...(pct?.claims ?? [])],
    sharesName: process.sharesName || (pct?.sharesName ?? false),
    round: process.round,
    age: Date.now() - process.startedAt,
    parameters,
    ...(account === undefined ? {} : { account }),
    ...(bearerSubject === undefined ? {} : { bearerSubject }),
    ...(typeof pctSubject === 'string' ? { pctSubject } : {}),
  }
}

/** The RPT sent along, if it can be upgraded; 'bad' if the request must be refused for it. */
function oldRpt(state: State, clientId: string, value: string | null): Rpt | 'bad' | undefined {
  const { quirks, tokens, stats } = state
  if (value === null || quirks.upgrade === 'never') return undefined
  const rpt = tokens.rpts.get(value)
  if (rpt?.superseded) {
    stats.supersededRptsPresented += 1
    if (quirks.supersededRpt === 'accept') return rpt
  }
  if (rpt === undefined || rpt.revoked || rpt.clientId !== clientId)
    return quirks.badRpt === 'ignore' ? undefined : 'bad'
  return rpt
}

/** Grant §3.3.4: scopes asked for with `scope` join those of the ticket, where a resource of the ticket has them. */
function withScopes(state: State, permissions: Permission[], scope: string[]): Permission[] | undefined {
  const unmatched = new Set(scope)
  const wanted = permissions.map((permission) => {
    const registered = new Set(
      state.resources.get(permission.resource_id)?.resource_scopes ?? permission.resource_scopes,
    )
    const more = scope.filter((s) => registered.has(s))
    for (const s of more) unmatched.delete(s)
    return { ...permission, resource_scopes: [...new Set([...permission.resource_scopes, ...more])] }
  })
  return unmatched.size > 0 ? undefined : wanted
}

type NeedInfoDecision = Extract<Decision, { needInfo: unknown }>['needInfo']

function askForMore(state: State, asked: NeedInfoDecision, ticket: string, next: Process, clientId: string): Answer {
  const { redirectUser, requiredClaims } = asked
  return needInfo(state.quirks, {
    ticket: state.tickets.rotate(ticket, next),
    clientId,
    ...(requiredClaims === undefined ? {} : { requiredClaims }),
    ...(redirectUser ? { redirectUser: redirectUser === true ? `${state.base}/rqp_claims` : redirectUser } : {}),
  })
}

interface GrantFacts {
  clientId: string
  permissions: Permission[]
  process: Process
  old: Rpt | undefined
  subject: string | undefined
  pct: Pct | undefined
  newFacts: Omit<Pct, 'value' | 'expiresAt' | 'clientId'>
}

function grant(state: State, { clientId, permissions, process, old, subject, pct, newFacts }: GrantFacts): Answer {
  const { quirks, tokens } = state
  const { resourceServer } = process
  const upgrades = old !== undefined && old.resourceServer === resourceServer
  let rpt: Rpt
  if (upgrades && quirks.upgrade === 'same-string') {
    rpt = old
    rpt.permissions = mergePermissions(rpt.permissions, permissions)
    rpt.expiresAt = Date.now() + quirks.rptLifetimeMs
  } else {
    rpt = tokens.issueRpt({
      clientId,
      resourceServer,
      subject,
      permissions: upgrades ? mergePermissions(old.permissions, permissions) : mergePermissions(permissions),
    })
    if (upgrades && quirks.upgrade === 'new') {
      old.superseded = true
      old.revoked = true
    }
  }
  const body = tokenBody(state, rpt)
  if (upgrades || (old !== undefined && quirks.upgrade === 'true-always')) body['upgraded'] = true
  const learned = process.claims.length < newFacts.claims.length || process.account !== undefined
  if (!quirks.pctOff && (learned || (pct === undefined && newFacts.claims.length > 0))) {
    body['pct'] = tokens.issuePct({ clientId, ...newFacts, claims: [...(pct?.claims ?? []), ...newFacts.claims] }).value
  }
  return { status: 200, headers: { 'cache-control': 'no-store' }, body }
}

function tokenBody(state: State, rpt: Rpt): Record<string, unknown> {
  const { quirks, tokens } = state
  const body: Record<string, unknown> = { access_token: rpt.value, token_type: quirks.tokenType }
  if (!quirks.omitExpiresIn)
    body['expires_in'] = quirks.expiresIn !== undefined ? quirks.expiresIn : Math.ceil(quirks.rptLifetimeMs / 1000)
  if (quirks.refreshTokens) body['refresh_token'] = tokens.issueRefreshToken(rpt).value
  return body
}

/** Grant §3.6: a new RPT with the permissions of the old one, never more. */
export function refreshRpt(state: State, clientId: string, value: string): Answer {
  const { quirks, tokens, stats } = state
  const token = tokens.refreshTokens.get(value)
  if (token?.spent) stats.refreshTokensReplayed += 1
  if (token === undefined || token.spent || token.rpt.clientId !== clientId || token.rpt.superseded) {
    return dressError(quirks, state.issuer, oauthError(400, 'invalid_grant', 'refresh token not valid'))
  }
  const { resourceServer, subject, permissions } = token.rpt
  const rpt = tokens.issueRpt({ clientId, resourceServer, subject, permissions })
  const body = tokenBody({ ...state, quirks: { ...quirks, refreshTokens: false } }, rpt)
  if (quirks.rotateRefresh) {
    token.spent = true
    body['refresh_token'] = tokens.issueRefreshToken(rpt).value
  } else {
    token.rpt = rpt
  }
  return { status: 200, headers: { 'cache-control': 'no-store' }, body }
}
