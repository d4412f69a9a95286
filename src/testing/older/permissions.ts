/** Tickets, decisions and RPTs: the parts that all versions before 2.0 share. */
import { random } from '../wire/random.ts'
import {
  type AatFacts,
  type HostPermission,
  type ManagerDecision,
  type ManagerPolicy,
  type ManagerRpt,
  type ManagerState,
  type ManagerTicket,
  ownerOf,
} from './types.ts'

export function issueTicket({ tickets, clock, deviations }: ManagerState, permission: HostPermission): ManagerTicket {
  const ticket: ManagerTicket = {
    id: `ticket-${random()}`,
    permission,
    expiresAt: clock.now() + deviations.ticketLifetimeMs,
    presented: 0,
    revoked: false,
    claims: [],
  }
  tickets.set(ticket.id, ticket)
  return ticket
}

/** The ticket, or the reason why it cannot be used. A ticket is not used up when it is presented. */
export function presentTicket({ tickets, clock }: ManagerState, id: unknown): ManagerTicket | 'expired' | 'invalid' {
  const ticket = tickets.get(String(id))
  if (!ticket || ticket.revoked) return 'invalid'
  ticket.presented += 1
  return ticket.expiresAt < clock.now() ? 'expired' : ticket
}

const pair = (owner: string, party: string): string => `${owner} ${party}`

export function decide(
  state: ManagerState,
  ticket: ManagerTicket,
  { party, clientId, acr }: AatFacts,
): ManagerDecision {
  const { permission, claims, gathered } = ticket
  const owner = ownerOf(permission.path)
  const agreed = hasAgreed(state, ticket, party)
  const decision = state.policy({ party, owner, clientId, permission, claims, gathered, acr, agreed })
  if (decision === 'submitted') state.asked.add(pair(owner, party))
  return decision
}

export const hasAgreed = ({ agreed }: ManagerState, { permission }: ManagerTicket, party: string): boolean =>
  agreed.has(pair(ownerOf(permission.path), party))

/** The owner agrees. True if the owner was asked. */
export function agree(state: ManagerState, owner: string, party: string): boolean {
  state.agreed.add(pair(owner, party))
  return state.asked.delete(pair(owner, party))
}

export function issueRpt({ rpts }: ManagerState, { party, clientId }: AatFacts, host?: string): ManagerRpt {
  const rpt: ManagerRpt = { token: `rpt-${random()}`, party, clientId, host, permissions: [], valid: true }
  rpts.set(rpt.token, rpt)
  return rpt
}

/** An RPT of this party at this client. */
export function knownRpt(
  { rpts }: ManagerState,
  token: unknown,
  { party, clientId }: AatFacts,
): ManagerRpt | undefined {
  const rpt = rpts.get(String(token))
  return rpt?.valid && rpt.party === party && rpt.clientId === clientId ? rpt : undefined
}

/** Adds the permission. A ticket ends when an RPT is granted (UMA 1.0.1 §3.2.2). */
export function grant(
  state: ManagerState,
  rpt: ManagerRpt | undefined,
  aat: AatFacts,
  ticket: ManagerTicket,
): ManagerRpt {
  ticket.revoked = true
  if (rpt && state.deviations.grantedRpt === 'same') {
    rpt.permissions.push(ticket.permission)
    return rpt
  }
  const next = issueRpt(state, aat, rpt?.host)
  next.permissions.push(...(rpt?.permissions ?? []), ticket.permission)
  if (rpt) rpt.valid = false
  return next
}

/** Whether a token opens a resource; undefined if the token is not known. */
export function opens({ rpts }: ManagerState, token: string, wanted: HostPermission): boolean | undefined {
  const rpt = rpts.get(token)
  if (!rpt?.valid || (rpt.host !== undefined && rpt.host !== wanted.host)) return undefined
  return rpt.permissions.some(
    ({ host, path, scope }) => host === wanted.host && path === wanted.path && scope === wanted.scope,
  )
}

/** Owners see their own resources; other people see them once the owner has agreed. */
export const ownersDecide: ManagerPolicy = ({ party, owner, agreed }) =>
  party === owner || agreed ? 'grant' : 'submitted'
