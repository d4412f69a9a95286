import { trim } from './rpt-memory.ts'

interface Turn {
  /** When this token was last asked about, in milliseconds. */
  askedAt: number
  /** Tickets that were issued against this token, and not yet followed by a question. */
  tickets: number
  /** Ends the wait for the next question. */
  wake?: (() => void) | undefined
}

/** How often the authorization server is asked again about a token whose permissions are not enough. */
export interface Pace {
  /** Waits until the next question is allowed; `undefined`: now. */
  allowed(key: string): Promise<void> | undefined
  /** A question begins. @param again whether the permissions of the token were not enough before */
  asking(key: string, again: boolean): void
  /** A ticket was issued against the token: it may be upgraded now, so the next question need not wait. */
  ticketIssued(key: string): void
}

/** Milliseconds between two questions about one token, if no ticket was issued in between. */
const pause = 1_000

/** @param max tokens that are remembered */
export function createPace(max: number): Pace {
  const turns = new Map<string, Turn>()

  function turnOf(key: string): Turn {
    const turn = turns.get(key) ?? { askedAt: Number.NEGATIVE_INFINITY, tickets: 0 }
    turns.delete(key)
    turns.set(key, turn)
    trim(turns, max)
    return turn
  }

  return {
    allowed(key) {
      const turn = turnOf(key)
      const ms = turn.askedAt + pause - Date.now()
      if (turn.tickets > 0 || ms <= 0) return undefined
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.min(ms, pause))
        turn.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    asking(key, again) {
      const turn = turnOf(key)
      turn.askedAt = Date.now()
      turn.wake = undefined
      if (again && turn.tickets > 0) turn.tickets--
    },
    ticketIssued(key) {
      const turn = turnOf(key)
      turn.tickets++
      turn.wake?.()
    },
  }
}
