import { after, type MaybePromise } from './maybe.ts'
import { createPace, type Pace } from './pace.ts'
import { readRptFacts } from './permissions.ts'
import { createRptMemory, type RptMemory } from './rpt-memory.ts'
import { sha256 } from './sha256.ts'
import type { HostOptions, RptFacts, RptValidation } from './types.ts'

/** One question that is under way for a token, and the next one, for requests that this one may have been too early for. */
interface Flight {
  now: Promise<RptFacts | undefined>
  /** False while the question waits for its turn: nothing has been asked yet. */
  begun: boolean
  next?: Promise<RptFacts | undefined> | undefined
}

/**
 * Asks an authority what a token is good for; undefined: not active.
 *
 * @param recent the token was active a while ago
 */
export type Ask = (owner: string, token: string, recent: boolean) => Promise<RptFacts | undefined>

/** A token and its owner, and the key under which both are remembered. */
interface Subject {
  key: string
  owner: string
  token: string
}

/** Asks about tokens: one question at a time for one token, and no question again more often than the pace allows. */
function createFlights(ask: Ask, memory: RptMemory, pace: Pace) {
  const flights = new Map<string, Flight>()

  async function start({ key, owner, token }: Subject, again: boolean): Promise<RptFacts | undefined> {
    pace.asking(key, again)
    const askedAt = Date.now()
    const facts = await ask(owner, token, memory.wasActive(key))
    return memory.keep(key, facts && { ...facts, askedAt })
  }

  /** Starts when the pace allows it. */
  function launch(subject: Subject, flight: Flight): Promise<RptFacts | undefined> {
    const begin = () => {
      flight.begun = true
      return start(subject, true)
    }
    flight.begun = false
    const wait = pace.allowed(subject.key)
    return wait === undefined ? begin() : wait.then(begin)
  }

  function follow({ key }: Subject, flight: Flight): void {
    const land = () => {
      const { next } = flight
      if (!next) return void flights.delete(key)
      flight.now = next
      flight.next = undefined
      next.then(land, land)
    }
    flight.now.then(land, land)
  }

  /** @param fresh an answer to a question that has not begun yet */
  return (subject: Subject, fresh: boolean): Promise<RptFacts | undefined> => {
    const flying = flights.get(subject.key)
    if (flying && (!fresh || !flying.begun)) return flying.now
    if (flying) {
      const again = () => launch(subject, flying)
      flying.next ??= flying.now.then(again, again)
      return flying.next
    }
    const flight: Flight = { now: Promise.resolve(undefined), begun: true }
    flight.now = fresh ? launch(subject, flight) : start(subject, false)
    flights.set(subject.key, flight)
    follow(subject, flight)
    return flight.now
  }
}

/**
 * A validation whose answers are remembered: by the token's SHA-256 and the owner whose PAT asked. A token whose
 * permissions are not enough is asked about again once after each ticket that was issued against it, otherwise at most
 * once a second.
 */
export function cached(ask: Ask, options: HostOptions['cache'] = {}): RptValidation {
  const memory = createRptMemory(options)
  const pace = createPace(options.max ?? 10_000)
  const fly = createFlights(ask, memory, pace)
  const keyOf = (token: string, owner: string) => after(sha256(token), (hash) => `${hash} ${owner}`)

  const look = (subject: Subject, fresh: boolean): MaybePromise<RptFacts | undefined> => {
    const known = fresh ? undefined : memory.recall(subject.key)
    return known ? known.facts : fly(subject, fresh)
  }
  const validate: RptValidation = (token, { owner }, fresh = false) =>
    after(keyOf(token, owner), (key) => look({ key, owner, token }, fresh))
  validate.ticketIssued = (token, { owner }) => void after(keyOf(token, owner), pace.ticketIssued)
  return validate
}

/** Validation by introspection (FedAuthz §5.1, RFC 7662), remembered. Only `active: true` is active. */
export function introspection(
  introspect: (owner: string, token: string, recent: boolean) => Promise<Record<string, unknown> | undefined>,
  { cache, dialect }: Pick<HostOptions, 'cache' | 'dialect'>,
): RptValidation {
  return cached(async (owner, token, recent) => {
    const claims = await introspect(owner, token, recent)
    return claims?.active === true ? readRptFacts(claims, dialect) : undefined
  }, cache)
}
