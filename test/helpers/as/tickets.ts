/** Permission tickets: single use, short-lived, rotated while a process goes on. */
import { random, signJwt } from './keys.ts'
import type { State } from './state.ts'
import type { Permission, PushedClaims } from './types.ts'

/** One authorization process: everything that goes from ticket to ticket. */
export interface Process {
  permissions: Permission[]
  resourceServer: string
  startedAt: number
  round: number
  claims: PushedClaims[]
  account?: string
  sharesName: boolean
}

interface Ticket {
  process: Process
  expiresAt: number
}

export type Taken = { ok: true; process: Process } | { ok: false; why: 'unknown' | 'spent' | 'expired' }

export class TicketStore {
  private readonly live = new Map<string, Ticket>()
  private readonly spent = new Set<string>()
  private readonly state: () => State

  constructor(state: () => State) {
    this.state = state
  }

  begin(permissions: Permission[], resourceServer: string): string {
    return this.issue({ permissions, resourceServer, startedAt: Date.now(), round: 1, claims: [], sharesName: false })
  }

  issue(process: Process): string {
    const { quirks, stats, keys, issuer } = this.state()
    const expiresAt = Date.now() + quirks.ticketLifetimeMs
    const value = quirks.statelessTickets
      ? signJwt(keys, {
          iss: issuer,
          jti: random(12),
          exp: Math.ceil(expiresAt / 1000),
          permissions: process.permissions,
        })
      : random()
    this.live.set(value, { process, expiresAt })
    stats.ticketsIssued += 1
    return value
  }

  /** Presented: from now on it is spent, whatever comes of it. */
  take(value: string): Taken {
    const { quirks, stats } = this.state()
    const ticket = this.live.get(value)
    if (this.spent.has(value)) stats.ticketsReplayed += 1
    if (ticket === undefined) {
      if (!this.spent.has(value)) stats.ticketsReplayed += 1
      return { ok: false, why: this.spent.has(value) ? 'spent' : 'unknown' }
    }
    this.spent.add(value)
    if (!quirks.statelessTickets) this.live.delete(value)
    if (ticket.expiresAt <= Date.now()) return { ok: false, why: 'expired' }
    return { ok: true, process: ticket.process }
  }

  /** The ticket for the process's next round: a new one, or the same again where the quirk says so. */
  rotate(previous: string, process: Process): string {
    if (!this.state().quirks.sameTicket) return this.issue(process)
    this.spent.delete(previous)
    this.live.set(previous, { process, expiresAt: Date.now() + this.state().quirks.ticketLifetimeMs })
    return previous
  }

  isSpent(value: string): boolean {
    return this.spent.has(value)
  }
}
