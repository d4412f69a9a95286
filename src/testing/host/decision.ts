/** The decision on one request: let it through, or answer with a challenge. */
import type { Permission } from '../permission-api/types.ts'
import type { Answer } from '../wire/answer.ts'
import { challengeAnswer, staleAnswer, unreachable } from './challenges.ts'
import type { HostDeviations, RequestView } from './deviations.ts'
import type { Protection } from './protection.ts'

const STEPS = Array.from({ length: 9 }, (_, index) => `step-${index + 1}`)

/** The scopes of every resource of the simulated host. */
export const SCOPES: string[] = ['read', 'write', ...STEPS]

export interface DecisionFacts {
  deviations: HostDeviations
  realm: string
  protection: Protection
  request: RequestView
  /** milliseconds since 1970 */
  now: number
}

/** undefined: let the request through */
export async function decide(facts: DecisionFacts): Promise<Answer | undefined> {
  const { deviations, request } = facts
  const token = /^bearer +(\S+)$/i.exec(String(request.headers.authorization ?? ''))?.[1]
  if (deviations.rptTooLong !== undefined && (token?.length ?? 0) > deviations.rptTooLong) return { status: 431 }
  if (deviations.onlyWithBearer && token === undefined) return { status: 403, body: { error: 'forbidden' } }
  try {
    return await decideByToken(facts, token)
  } catch {
    return unreachable
  }
}

async function decideByToken(facts: DecisionFacts, token: string | undefined): Promise<Answer | undefined> {
  const { deviations, protection, request, realm } = facts
  const id = await protection.resourceId(request.path, SCOPES)
  const held = token === undefined ? undefined : await protection.permissions(token)
  const missing = missingScopes(facts, id, held ?? [])
  if (missing === undefined) return undefined
  const stale = token !== undefined && held === undefined ? deviations.stale : undefined
  if (stale !== undefined && !stale.challenge) return staleAnswer(stale.status)
  if (deviations.asUnreachable) return unreachable
  const ticket = await protection.ticket([{ resource_id: id, resource_scopes: missing }])
  if (ticket === undefined) return undefined
  const answer = challengeAnswer(deviations, { realm, asUri: protection.asUri, ticket })
  return stale === undefined ? answer : { ...answer, status: stale.status }
}

/** The scopes that a ticket must ask for; undefined if the permissions are enough. */
function missingScopes(facts: DecisionFacts, id: string, held: Permission[]): string[] | undefined {
  const { deviations, request, now } = facts
  const valid = held.filter(({ resource_id, exp }) => resource_id === id && (exp === undefined || exp > now / 1000))
  const scopes = new Set(valid.flatMap((permission) => permission.resource_scopes))
  const base = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write'
  if (deviations.methodScopes && !scopes.has(base)) return [base]
  if (!deviations.methodScopes && valid.length === 0) return ['read', 'write']
  const { requireExtraFlows } = deviations
  const extra = typeof requireExtraFlows === 'number' ? requireExtraFlows : requireExtraFlows(request)
  const next = STEPS.slice(0, extra).find((step) => !scopes.has(step))
  return next === undefined ? undefined : [next]
}
