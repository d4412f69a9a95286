/** Tickets, decisions and RPTs: what both eras have in common. */
import { random } from '../as/keys.ts'
import {
  type Aat,
  type AmDecision,
  type AmPermission,
  type AmRpt,
  type AmState,
  type AmTicket,
  ownerOf,
} from './types.ts'

export function issueTicket(state: AmState, permission: AmPermission): AmTicket {
  const ticket: AmTicket = {
    id: `ticket-${random()}`,
    permission,
    expiresAt: Date.now() + state.quirks.ticketLifetimeMs,
    presented: 0,
    revoked: false,
    claims: [],
  }
  state.tickets.set(ticket.id, ticket)
  return ticket
}

/** The ticket, or what is wrong with it. Presenting it does not use it up. */
export function presentTicket(state: AmState, id: unknown): AmTicket | 'expired' | 'invalid' {
  const ticket = state.tickets.get(String(id))
  if (!ticket || ticket.revoked) return 'invalid'
  ticket.presented++
  return ticket.expiresAt < Date.now() ? 'expired' : ticket
}

const pair = (owner: string, party: string): string => `${owner} ${party}`

export function decide(state: AmState, ticket: AmTicket, aat: Aat): AmDecision {
  const owner = ownerOf(ticket.permission.path)
  const decision = state.policy({
    party: aat.party,
    owner,
    clientId: aat.clientId,
    permission: ticket.permission,
    claims: ticket.claims,
    gathered: ticket.gathered,
    acr: aat.acr,
    agreed: state.agreed.has(pair(owner, aat.party)),
  })
  if (decision === 'submitted') state.asked.add(pair(owner, aat.party))
  return decision
}

/** The owner says yes, to whoever has asked. */
export function agree(state: AmState, owner: string, party: string): boolean {
  state.agreed.add(pair(owner, party))
  return state.asked.delete(pair(owner, party))
}

export function issueRpt(state: AmState, aat: Aat, host?: string): AmRpt {
  const { party, clientId } = aat
  const rpt: AmRpt = { token: `rpt-${random()}`, party, clientId, host, permissions: [], valid: true }
  state.rpts.set(rpt.token, rpt)
  return rpt
}

/** An RPT that is this party's at this client. */
export function knownRpt(state: AmState, token: unknown, { party, clientId }: Aat): AmRpt | undefined {
  const rpt = state.rpts.get(String(token))
  return rpt?.valid && rpt.party === party && rpt.clientId === clientId ? rpt : undefined
}

/** Adds the permission; a ticket is at its end when an RPT was granted (U1-3.2.2-a). */
export function grant(state: AmState, rpt: AmRpt | undefined, aat: Aat, ticket: AmTicket): AmRpt {
  ticket.revoked = true
  if (rpt && state.quirks.grantedRpt === 'same') {
    rpt.permissions.push(ticket.permission)
    return rpt
  }
  const next = issueRpt(state, aat, rpt?.host)
  next.permissions.push(...(rpt?.permissions ?? []), ticket.permission)
  if (rpt) rpt.valid = false
  return next
}

/** What a host asks: does this token open this? undefined: it is not known. */
export function opens(state: AmState, token: string, wanted: AmPermission): boolean | undefined {
  const rpt = state.rpts.get(token)
  if (!rpt?.valid || (rpt.host !== undefined && rpt.host !== wanted.host)) return undefined
  return rpt.permissions.some(
    ({ host, path, scope }) => host === wanted.host && path === wanted.path && scope === wanted.scope,
  )
}

/** Owners see their own; others once the owner has agreed. */
export const ownersDecide = ({
  party,
  owner,
  agreed,
}: {
  party: string
  owner: string
  agreed: boolean
}): AmDecision => (party === owner || agreed ? 'grant' : 'submitted')
