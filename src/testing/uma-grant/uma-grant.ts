/** The UMA grant (Grant §3.3): from a ticket to an RPT, to the next round, or to a refusal. */
import type { ServerState } from '../authorization-server/state.ts'
import type { TokenRequestBody } from '../authorization-server/token-request.ts'
import { needInfo } from '../dialects/need-info.ts'
import {
  dressError,
  invalidClaimToken,
  invalidRpt,
  invalidTicket,
  requestDenied,
  requestSubmitted,
} from '../dialects/refusals.ts'
import type { Permission } from '../permission-api/types.ts'
import type { Decision, PolicyRequest, PushedClaims } from '../policies/policy.ts'
import { type Answer, isAnswer, oauthError } from '../wire/answer.ts'
import { readClaims } from './claim-tokens.ts'
import { issueGrant } from './issue-grant.ts'
import type { AuthorizationProcess } from './tickets.ts'
import type { Pct, Rpt } from './tokens.ts'

export interface UmaRequest {
  clientId: string
  body: TokenRequestBody
  /** the person of the Bearer token that authenticates the request */
  bearerSubject?: string | undefined
}

/** The parameters of the grant that may be sent only once. */
export const UMA_PARAMETERS: string[] = ['ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope']

export async function umaGrant(state: ServerState, request: UmaRequest): Promise<Answer> {
  const answer = await answerTicket(state, request)
  if (answer.status >= 400) return dressError(state.deviations, state.issuer, answer)
  const changed = state.deviations.tokenAnswer?.(answer.body as Record<string, unknown>)
  if (changed === undefined) return answer
  if (isAnswer(changed)) return changed
  if (typeof changed === 'string') return { ...answer, headers: { 'content-type': 'application/json' }, body: changed }
  return { ...answer, body: changed }
}

async function answerTicket(state: ServerState, request: UmaRequest): Promise<Answer> {
  const { deviations, tickets } = state
  const ticket = request.body.parameters.get('ticket')
  if (!ticket) return invalidTicket(deviations, 'missing')
  // Single use: from here on the ticket is spent, also if the request is refused.
  const taken = tickets.take(ticket)
  if (!taken.ok) return invalidTicket(deviations, taken.reason)

  const facts = await readFacts(state, request, taken.process)
  if ('refusal' in facts) return facts.refusal
  const decision = await state.policy(policyRequest(state, facts))
  return answerDecision(state, facts, ticket, decision)
}

/** Everything that a token request says, and that the server remembers about it. */
interface RequestFacts {
  clientId: string
  parameters: URLSearchParams
  bearerSubject: string | undefined
  process: AuthorizationProcess
  /** pushed in this process so far, this request included */
  claims: PushedClaims[]
  pct: Pct | undefined
  /** the RPT that can be upgraded */
  rpt: Rpt | undefined
  scope: string[]
  wanted: Permission[]
}

async function readFacts(
  state: ServerState,
  { clientId, body, bearerSubject }: UmaRequest,
  process: AuthorizationProcess,
): Promise<RequestFacts | { refusal: Answer }> {
  const { deviations, tokens } = state
  const { parameters } = body
  const pushed = await readClaims(state, body)
  if (!pushed.ok) return { refusal: invalidClaimToken(deviations, pushed.error) }
  if (deviations.requireClaimsUpFront && process.round === 1 && pushed.claims.length === 0)
    return { refusal: oauthError(400, 'invalid_grant') }

  const pctValue = parameters.get('pct')
  const pct = pctValue === null || deviations.pctOff ? undefined : tokens.activePct(pctValue, clientId)
  if (pctValue !== null && pct === undefined && deviations.badPct === 'invalid_pct-401')
    return { refusal: oauthError(401, 'invalid_pct') }

  const rpt = upgradableRpt(state, clientId, parameters.get('rpt'))
  if (rpt === 'bad') return { refusal: invalidRpt(deviations) }

  const scope = (parameters.get('scope') ?? '').split(' ').filter((name) => name !== '')
  const wanted = withScopes(state, process.permissions, scope)
  if (wanted === undefined) return { refusal: oauthError(400, 'invalid_scope') }
  const claims = [...process.claims, ...pushed.claims]
  return { clientId, parameters, bearerSubject, process, claims, pct, rpt, scope, wanted }
}

/** The RPT of the parameter `rpt` if it can be upgraded; 'bad' if the request must be refused because of it. */
function upgradableRpt(state: ServerState, clientId: string, value: string | null): Rpt | 'bad' | undefined {
  const { deviations, tokens, stats } = state
  if (value === null || deviations.upgrade === 'never') return undefined
  const rpt = tokens.rpts.get(value)
  if (rpt?.superseded) stats.supersededRptsPresented += 1
  if (rpt?.superseded && deviations.supersededRpt === 'accept') return rpt
  const isUsable = rpt !== undefined && !rpt.revoked && rpt.clientId === clientId
  if (isUsable) return rpt
  return deviations.badRpt === 'ignore' ? undefined : 'bad'
}

/** Grant §3.3.4: scopes of the parameter `scope` are added where a resource of the ticket has them. */
function withScopes(state: ServerState, permissions: Permission[], scope: string[]): Permission[] | undefined {
  const unmatched = new Set(scope)
  const wanted = permissions.map((permission) => {
    const resource = state.resources.get(permission.resource_id)
    const registered = new Set(resource?.resource_scopes ?? permission.resource_scopes)
    const more = scope.filter((name) => registered.has(name))
    for (const name of more) unmatched.delete(name)
    return { ...permission, resource_scopes: [...new Set([...permission.resource_scopes, ...more])] }
  })
  return unmatched.size > 0 ? undefined : wanted
}

function policyRequest(state: ServerState, facts: RequestFacts): PolicyRequest {
  const { process, pct, claims, bearerSubject } = facts
  const account = process.account ?? pct?.account
  const pctSubject = pct?.account ?? pct?.claims.map(({ payload }) => payload.sub).find(isText)
  return {
    permissions: facts.wanted,
    scope: facts.scope,
    clientId: facts.clientId,
    claims: [...claims, ...(pct?.claims ?? [])],
    sharesName: process.sharesName || pct?.sharesName === true,
    round: process.round,
    age: state.clock.now() - process.startedAt,
    parameters: facts.parameters,
    ...(account === undefined ? {} : { account }),
    ...(bearerSubject === undefined ? {} : { bearerSubject }),
    ...(pctSubject === undefined ? {} : { pctSubject }),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

async function answerDecision(
  state: ServerState,
  facts: RequestFacts,
  ticket: string,
  decision: Decision,
): Promise<Answer> {
  const { deviations, tickets, base } = state
  const { process, claims, clientId } = facts
  if (decision === 'grant') return issueGrant(state, { ...facts, permissions: facts.wanted })
  if (decision === 'deny') return requestDenied(deviations)
  if ('grant' in decision) return issueGrant(state, { ...facts, permissions: decision.grant })
  if ('error' in decision) return oauthError(decision.status ?? 400, decision.error, decision.description)

  const nextTicket = (): Promise<string> => tickets.rotate(ticket, { ...process, round: process.round + 1, claims })
  if ('submitted' in decision) return requestSubmitted(deviations, nextTicket, decision.submitted.interval)
  const { requiredClaims, redirectUser } = decision.needInfo
  return needInfo(deviations, {
    ticket: await nextTicket(),
    clientId,
    requiredClaims,
    redirectUser: redirectUser === true ? `${base}/rqp_claims` : redirectUser || undefined,
  })
}
