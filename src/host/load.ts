import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  type IPolicy,
  wrap,
} from 'cockatiel'
import { cappedText } from '../protocol/http/capped-text.ts'
import type { HostEvent, HostOptions } from './types.ts'

type Fetch = typeof globalThis.fetch

/** An answer that says that the server is not well. It counts as a failure, and is an answer all the same. */
class Ill extends Error {
  readonly answer: Response
  constructor(answer: Response) {
    super('The authorization server is not well')
    this.answer = answer
  }
}

const states: Record<CircuitState, (HostEvent & { type: 'breaker' })['state'] | undefined> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: undefined,
}

/** Whether an error says that a call was not let through: nothing was sent then. */
export const wasTurnedAway = (error: unknown): boolean =>
  error instanceof BrokenCircuitError || error instanceof BulkheadRejectedError

/** What calls to the authorization server are about, as far as they are to leave each other room. */
export interface Spared {
  /** Permission requests. Anybody can bring these about: they have half of the room, so that the others always have some. */
  tickets: Fetch
  /** Introspection of tokens that were active recently. Strange tokens take none of their room. */
  knownTokens: Fetch
  /**
   * Introspection of all other tokens, which anybody can make up: half of the room that permission requests leave.
   * A status 5xx does not open their breaker, because the server may fail at one token and answer the next.
   */
  strangeTokens: Fetch
  /** Discovery, PATs, registration, keys. */
  rest: Fetch
}

/**
 * Fetches that spare an authorization server that is down, and the host that waits for this server (F-R-h). The number
 * of concurrent and of waiting calls is limited. Circuit breakers open after several failures in a row (network faults,
 * time-outs, 5xx) and let one call through after a while. A call that is not let through rejects at once. An answer is
 * read to its end within the caller's time-out, so a server that only begins to answer counts as slow.
 */
export function sparing(
  fetch: () => Fetch,
  { concurrent = 50, waiting = 500, breaker = {} }: NonNullable<HostOptions['load']>,
  tell: (event: HostEvent) => void,
): Spared {
  const { failures = 5, openMs = 5_000 } = breaker
  const newCircuit = (): IPolicy => {
    const circuit = circuitBreaker(handleAll, { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) })
    circuit.onStateChange((state) => {
      const name = states[state]
      if (name) tell({ type: 'breaker', state: name })
    })
    return circuit
  }
  const half = (number: number) => Math.ceil(number / 2)
  const [halfOfCalls, halfOfQueue] = [half(concurrent), half(waiting)]
  // Outside the breakers: a call that finds no room says nothing of the server.
  const room = bulkhead(concurrent, waiting)
  const strangers = bulkhead(half(halfOfCalls), half(halfOfQueue))
  const circuit = newCircuit()
  return {
    tickets: through(wrap(bulkhead(halfOfCalls, halfOfQueue), room, circuit), fetch, always),
    knownTokens: through(wrap(room, newCircuit()), fetch, otherToken()),
    strangeTokens: through(wrap(strangers, room, newCircuit()), fetch, never),
    rest: through(wrap(room, circuit), fetch, always),
  }
}

/** Whether a status 5xx counts as a failure of the server. */
type Counts = (init: RequestInit | undefined) => boolean

const always: Counts = () => true
const never: Counts = () => false

/** A token at which the server fails again and again counts once: the server may answer all others. */
function otherToken(): Counts {
  let last: string | null | undefined
  return (init) => {
    const token = new URLSearchParams(String(init?.body ?? '')).get('token')
    const other = token !== last
    last = token
    return other
  }
}

function through(policy: IPolicy, fetch: () => Fetch, counts: Counts): Fetch {
  return async (input, init) => {
    const once = async (): Promise<Response> => {
      const plain = fetch()
      const response = await plain(input, init)
      const { status, headers } = response
      const text = await cappedText(response, 2 ** 20)
      // A redirect that is not followed is opaque in some runtimes, with status 0.
      const answer = status < 200 ? Response.error() : new Response(text || null, { status, headers })
      if (status >= 500 && counts(init)) throw new Ill(answer)
      return answer
    }
    try {
      // Who was given up while waiting is turned away by the signal, before the breaker: that says nothing of the server either.
      return await policy.execute(once, init?.signal ?? undefined)
    } catch (error) {
      if (error instanceof Ill) return error.answer
      throw error
    }
  }
}
