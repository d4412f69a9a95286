/** A clock that a test sets, for tokens and tickets that end: no test waits for an end, or hopes to be in time. */
import { onTestFinished, vi } from 'vitest'

/**
 * From now on it is so many milliseconds later, for everything in this process: requesters, hosts and servers. `Date` stands
 * still from then on; timers run as ever. The clock goes right again when the test is over.
 */
export function later(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  onTestFinished(() => void vi.useRealTimers())
}
