/** Permission tickets: single use, short-lived, and replaced by another ticket while an authorization process goes on. */
import type { ServerContext } from '../authorization-server/context.ts'
import type { Permission } from '../permission-api/types.ts'
import type { PushedClaims } from '../policies/policy.ts'
import { random } from '../wire/random.ts'

/** One authorization process: everything that passes from ticket to ticket. */
export interface AuthorizationProcess {
  permissions: Permission[]
  resourceServer: string
  /** milliseconds since 1970 */
  startedAt: number
  round: number
  claims: PushedClaims[]
  account?: string
  sharesName: boolean
}

interface Ticket {
  process: AuthorizationProcess
  expiresAt: number
}

export type TakenTicket =
  | { ok: true; process: AuthorizationProcess }
  | { ok: false; reason: 'unknown' | 'spent' | 'expired' }

export class TicketStore {
  private readonly live = new Map<string, Ticket>()
  private readonly spent = new Set<string>()
  private readonly context: ServerContext

  constructor(context: ServerContext) {
    this.context = context
  }

  /** The process that a new ticket of the permission endpoint starts. */
  newProcess(permissions: Permission[], resourceServer: string): AuthorizationProcess {
    const startedAt = this.context.clock.now()
    return { permissions, resourceServer, startedAt, round: 1, claims: [], sharesName: false }
  }

  async issue(process: AuthorizationProcess): Promise<string> {
    const { deviations, key } = this.context
    const value = deviations.statelessTickets ? await key.sign(this.jwtClaims(process)) : random()
    return this.add(value, process)
  }

  /** The claims of a ticket that is a JWT. */
  jwtClaims({ permissions }: AuthorizationProcess): Record<string, unknown> {
    return { iss: this.context.issuer, jti: random(12), exp: Math.ceil(this.expiry() / 1000), permissions }
  }

  /** Makes a value a ticket. */
  add(value: string, process: AuthorizationProcess): string {
    this.live.set(value, { process, expiresAt: this.expiry() })
    this.context.stats.ticketsIssued += 1
    return value
  }

  /** The ticket is presented: from now on it is spent, also if the request fails. */
  take(value: string): TakenTicket {
    const { deviations, stats, clock } = this.context
    const ticket = this.live.get(value)
    const wasSpent = this.spent.has(value)
    if (wasSpent || ticket === undefined) stats.ticketsReplayed += 1
    if (ticket === undefined) return { ok: false, reason: wasSpent ? 'spent' : 'unknown' }
    this.spent.add(value)
    if (!deviations.statelessTickets) this.live.delete(value)
    if (ticket.expiresAt <= clock.now()) return { ok: false, reason: 'expired' }
    return { ok: true, process: ticket.process }
  }

  /** The ticket for the next round of a process: a new one, or the previous one if the deviation `sameTicket` is on. */
  async rotate(previous: string, process: AuthorizationProcess): Promise<string> {
    if (!this.context.deviations.sameTicket) return this.issue(process)
    this.spent.delete(previous)
    this.live.set(previous, { process, expiresAt: this.expiry() })
    return previous
  }

  private expiry(): number {
    return this.context.clock.now() + this.context.deviations.ticketLifetimeMs
  }
}
