import type { HostOptions, RptFacts } from './types.ts'

interface Known {
  facts: RptFacts | undefined
  /** Until when it is believed, in milliseconds. */
  until: number
  /** When it was last put at the end of the row. */
  usedAt: number
}

/** The answers of a validation that are remembered, by a key of token and owner. */
export interface RptMemory {
  keep(key: string, facts: RptFacts | undefined): RptFacts | undefined
  recall(key: string): Known | undefined
  /** Whether this token was active a while ago. */
  wasActive(key: string): boolean
}

/** For how long a token counts as recently active, in milliseconds. */
const recently = 3_600_000

/** Removes the oldest entries of a map that has become too large. */
export function trim(map: Map<string, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= max) return
    map.delete(oldest)
  }
}

/**
 * Remembers answers (RFC 7662 §4), never past the token's `exp`, a bounded number; those used least recently go first.
 * Refusals have a room of their own, so that a flood of strange tokens drives out nothing else.
 */
export function createRptMemory(options: HostOptions['cache'] = {}): RptMemory {
  const { ttl = 30_000, negativeTtl = 2_000, max = 10_000 } = options
  const active = new Map<string, Known>()
  const refused = new Map<string, Known>()
  /** When a token was last known to be active, in milliseconds. */
  const activeAt = new Map<string, number>()

  function noteActive(key: string, isActive: boolean): void {
    activeAt.delete(key)
    if (isActive) activeAt.set(key, Date.now())
    trim(activeAt, max)
  }

  return {
    keep(key, facts) {
      const now = Date.now()
      const [room, other] = facts ? [active, refused] : [refused, active]
      const until = Math.min(now + (facts ? ttl : negativeTtl), (facts?.exp ?? Number.POSITIVE_INFINITY) * 1000)
      noteActive(key, facts !== undefined)
      other.delete(key)
      room.delete(key)
      if (until <= now) return facts
      room.set(key, { facts, until, usedAt: now })
      trim(room, max)
      return facts
    },
    recall(key) {
      const room = active.has(key) ? active : refused
      const known = room.get(key)
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
    },
    wasActive: (key) => Date.now() - (activeAt.get(key) ?? Number.NEGATIVE_INFINITY) < recently,
  }
}
