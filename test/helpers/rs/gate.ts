/** The decision on one request: let through, or the answer that turns it away. */
import type { Permission } from '../authorization-server.ts'
import type { Answer } from '../http.ts'
import { challengeAnswer, staleAnswer, unreachable } from './challenges.ts'
import type { Protection } from './protection.ts'
import type { HostQuirks, RequestView } from './quirks.ts'

const STEPS = Array.from({ length: 9 }, (_, i) => `step-${i + 1}`)
export const SCOPES = ['read', 'write', ...STEPS]

export interface GateFacts {
  quirks: HostQuirks
  realm: string
  protection: Protection
  request: RequestView
}

/** undefined: let it through. */
export async function gate({ quirks, realm, protection, request }: GateFacts): Promise<Answer | undefined> {
  const token = /^bearer +(\S+)$/i.exec(String(request.headers['authorization'] ?? ''))?.[1]
  if (quirks.rptTooLong !== undefined && (token?.length ?? 0) > quirks.rptTooLong) return { status: 431 }
  if (quirks.onlyWithBearer && token === undefined) return { status: 403, body: { error: 'forbidden' } }
  try {
    const id = await protection.resourceId(request.path, SCOPES)
    const held = token === undefined ? undefined : await protection.permissions(token)
    const missing = missingScopes(quirks, request, id, held)
    if (missing === undefined) return undefined
    const stale = token !== undefined && held === undefined ? quirks.stale : undefined
    if (stale !== undefined && !stale.challenge) return staleAnswer(stale.status)
    if (quirks.asUnreachable) return unreachable
    const ticket = await protection.ticket([{ resource_id: id, resource_scopes: missing }])
    if (ticket === undefined) return undefined
    const answer = challengeAnswer(quirks, { realm, asUri: protection.asUri, ticket })
    return stale === undefined ? answer : { ...answer, status: stale.status }
  } catch {
    return unreachable
  }
}

/** The scopes to ask a ticket for; undefined when the permissions held suffice. */
function missingScopes(
  quirks: HostQuirks,
  request: RequestView,
  id: string,
  held: Permission[] | undefined,
): string[] | undefined {
  const now = Date.now() / 1000
  const here = (held ?? []).filter((p) => p.resource_id === id && (p.exp === undefined || p.exp > now))
  const scopes = new Set(here.flatMap((p) => p.resource_scopes))
  const base = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write'
  if (quirks.methodScopes ? !scopes.has(base) : here.length === 0)
    return quirks.methodScopes ? [base] : ['read', 'write']
  const { requireExtraFlows } = quirks
  const extra = typeof requireExtraFlows === 'number' ? requireExtraFlows : requireExtraFlows(request)
  const next = STEPS.slice(0, extra).find((step) => !scopes.has(step))
  return next === undefined ? undefined : [next]
}
