import { deferred } from '../../async/deferred.ts'
import { RedirectError } from '../../errors/index.ts'
import type { Party } from '../../parties/party.ts'

/** The `reason` of the error of a flow that `handleCallback` of the same process continues. */
export const continued = 'continued'

type EndFlow = (error: RedirectError) => void

/** Ends the flows of this process whose persons have left, by state. Copies of these flows wait in the storage. */
const away = new WeakMap<Party, Map<string, EndFlow>>()

/**
 * Waits for a person who has left. A page usually ends now. If it does not, because `navigate` shows another browser,
 * `handleCallback` may be called in this process.
 *
 * @param sent rejects if the person cannot be sent away, or if this process does not wait
 * @throws RedirectError with `reason: 'continued'` if `handleCallback` continues the flow
 */
export async function waitWhileAway<T>(party: Party, state: string, sent: Promise<T>): Promise<T> {
  const ended = deferred<never>()
  const flows = away.get(party) ?? new Map<string, EndFlow>()
  away.set(party, flows.set(state, ended.reject))
  try {
    return await Promise.race([sent, ended.promise])
  } finally {
    flows.delete(state)
  }
}

/** The person is back in this process: the flow that waits here ends, so that the person can be sent away once more. */
export function endWhileAway(party: Party, state: string, issuer: string): void {
  const error = new RedirectError('handleCallback continues this request: send it again with its replay()', {
    issuer,
    reason: continued,
  })
  away.get(party)?.get(state)?.(error)
}
