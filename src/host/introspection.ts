import { after, type MaybePromise } from './maybe.ts'
import { readRptFacts } from './permissions.ts'
import { sha256 } from './sha256.ts'
import type { HostOptions, RptFacts, RptValidation } from './types.ts'

interface Known {
  facts: RptFacts | undefined
  /** Until when it is believed, in milliseconds. */
  until: number
  /** When it was last put at the end of the row. */
  usedAt: number
}

/** What is being asked, and, where that may have been asked too early for somebody, what is asked next. */
interface Flight {
  now: Promise<RptFacts | undefined>
  next?: Promise<RptFacts | undefined>
}

/** Asks an authority what a token is good for; undefined: not active. */
export type Ask = (owner: string, token: string) => Promise<RptFacts | undefined>

/**
 * A validation whose answers are remembered (RFC 7662 §4): by the token's SHA-256 and the owner whose PAT asked, never past the
 * token's `exp`, a bounded number, those used least recently go first. Refusals have a room of their own, so that a flood of
 * strange tokens drives out nothing else. One question at a time for one token.
 */
export function cached(ask: Ask, options: HostOptions['cache'] = {}): RptValidation {
  const { ttl = 30_000, negativeTtl = 2_000, max = 10_000 } = options
  const active = new Map<string, Known>()
  const refused = new Map<string, Known>()
  const flights = new Map<string, Flight>()

  function keep(key: string, facts: RptFacts | undefined): RptFacts | undefined {
    const now = Date.now()
    const [room, other] = facts ? [active, refused] : [refused, active]
    const until = Math.min(now + (facts ? ttl : negativeTtl), (facts?.exp ?? Number.POSITIVE_INFINITY) * 1000)
    other.delete(key)
    room.delete(key)
    if (until <= now) return facts
    room.set(key, { facts, until, usedAt: now })
    for (const oldest of room.keys()) {
      if (room.size <= max) break
      room.delete(oldest)
    }
    return facts
  }

  function recall(key: string): Known | undefined {
    let room = active
    let known = active.get(key)
    if (!known) {
      room = refused
      known = refused.get(key)
    }
    if (!known) return undefined
    const now = Date.now()
    if (known.until <= now) {
      room.delete(key)
      return undefined
    }
    // To the end of the row, but not with every request.
    if (now - known.usedAt >= 1_000) {
      known.usedAt = now
      room.delete(key)
      room.set(key, known)
    }
    return known
  }

  const start = async (key: string, owner: string, token: string): Promise<RptFacts | undefined> => {
    const askedAt = Date.now()
    const facts = await ask(owner, token)
    return keep(key, facts && { ...facts, askedAt })
  }

  function fly(key: string, owner: string, token: string, fresh: boolean): Promise<RptFacts | undefined> {
    const flying = flights.get(key)
    if (flying && !fresh) return flying.now
    if (flying) {
      // It may have been answered before what makes us ask again happened. The next one has not begun.
      const begin = () => start(key, owner, token)
      flying.next ??= flying.now.then(begin, begin)
      return flying.next
    }
    const now = start(key, owner, token)
    const flight: Flight = { now }
    flights.set(key, flight)
    const land = () => {
      const { next } = flight
      if (!next) return void flights.delete(key)
      flight.now = next
      delete flight.next
      next.then(land, land)
    }
    now.then(land, land)
    return now
  }

  const look = (key: string, owner: string, token: string, fresh: boolean): MaybePromise<RptFacts | undefined> => {
    const known = fresh ? undefined : recall(key)
    return known ? known.facts : fly(key, owner, token, fresh)
  }

  return (token, { owner }, fresh = false) =>
    after(sha256(token), (hash) => look(`${hash} ${owner}`, owner, token, fresh))
}

/** Validation by introspection (FedAuthz §5.1, RFC 7662), remembered. Only `active: true` is active. */
export function introspection(
  introspect: (owner: string, token: string) => Promise<Record<string, unknown> | undefined>,
  { cache, dialect }: Pick<HostOptions, 'cache' | 'dialect'>,
): RptValidation {
  return cached(async (owner, token) => {
    const claims = await introspect(owner, token)
    return claims?.active === true ? readRptFacts(claims, dialect) : undefined
  }, cache)
}
