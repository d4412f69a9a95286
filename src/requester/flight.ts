import type { Challenge, Grant } from '../schemes/scheme.ts'
import { abortable } from './lock.ts'
import type { Rpt } from './rpt.ts'

/** A request that waits for a flow. The first of them leads: its challenge is spent, and it sends again where the flow asks for it. */
export interface Participant {
  challenge: Challenge
  /** The RPT that the challenge answered, if one was presented. */
  rpt: Rpt | undefined
  /** What this request has been sent with. */
  tried: Set<Grant>
  /** Set once its ticket was spent: the flow counts against its budget. */
  spent: boolean
  signal: AbortSignal | null | undefined
  /**
   * Sends the request again, with that RPT or none, and gives the challenge that came back, or undefined when it was answered
   * otherwise. Not there when the body cannot be sent again.
   */
  again:
    | ((rpt: Rpt | undefined, reason: 'granted' | 'held' | 'fresh-ticket') => Promise<Challenge | undefined>)
    | undefined
  /** Ends the wait of this participant alone. */
  fail?: (error: unknown) => void
}

/** A flow that several requests for one place wait for. */
export interface Flight {
  /** Who waits, the leader first. */
  participants: Participant[]
  /** Aborts when nobody waits any more. */
  controller: AbortController
  /** What it ends with; undefined: no RPT, but the others should try for themselves. */
  outcome: Promise<Rpt | undefined>
}

/**
 * Waits for the flight of this key, which `start` takes off where none is under way. A participant that aborts leaves it to the
 * others; the last one to leave ends it.
 *
 * @throws UmaError or whatever the flow ends with, the reason of the participant's signal
 */
export async function board(
  flights: Map<string, Flight>,
  key: string,
  participant: Participant,
  start: (flight: Flight) => Promise<Rpt | undefined>,
): Promise<Rpt | undefined> {
  participant.signal?.throwIfAborted()
  let flight = flights.get(key)
  if (flight) flight.participants.push(participant)
  else {
    flight = { participants: [participant], controller: new AbortController() } as unknown as Flight
    const started = flight
    flights.set(key, started)
    started.outcome = start(started).finally(() => flights.get(key) === started && flights.delete(key))
    // Those who wait hear of it; if all have left, nobody needs to.
    started.outcome.catch(() => {})
  }
  try {
    const { outcome } = flight
    return await new Promise((resolve, reject) => {
      participant.fail = reject
      abortable(outcome, participant.signal).then(resolve, reject)
    })
  } finally {
    leave(flight, participant)
    // Nobody should board what is being given up.
    if (flight.participants.length === 0 && flights.get(key) === flight) flights.delete(key)
  }
}

/** Takes a participant out; the flight is aborted when it was the last. */
export function leave({ participants, controller }: Flight, participant: Participant): void {
  const index = participants.indexOf(participant)
  if (index >= 0) participants.splice(index, 1)
  if (participants.length === 0) controller.abort(participant.signal?.reason)
}
