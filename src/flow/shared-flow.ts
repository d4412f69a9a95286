import { abortable } from '../async/abortable.ts'
import { type Deferred, deferred } from '../async/deferred.ts'
import type { Challenge } from '../schemes/scheme.ts'
import type { Rpt } from '../wallet/rpt.ts'
import type { FlowDirective, FlowInput } from './inputs.ts'

/** A request that waits for a flow. Its own facts; the request changes them as it goes on. */
export interface Participant {
  /** The challenge that the request received last. */
  challenge: Challenge
  /** The RPT that the challenged request was sent with. */
  rpt: Rpt | undefined
  /** The RPTs that the request was sent with (`versionOf`). */
  readonly tried: ReadonlySet<string>
  /** Whether the request can be sent again. */
  readonly replayable: boolean
  readonly signal: AbortSignal | null | undefined
  /** Whether the ticket of this request was used. If so, the flow counts against the budget of the request. */
  ticketUsed: boolean
}

/** The report of a leader about the request that it sent again. */
export type LeaderReport = Extract<FlowInput, { kind: 'challenged' | 'settled' }>

/** A participant, and the directive that it waits for. */
interface Seat {
  participant: Participant
  next: Deferred<FlowDirective>
}

const nothing = (): void => {}

/**
 * A flow that several requests for one place wait for. The first participant leads: its ticket is used, and it is told
 * to send. If the leader leaves, the next participant leads with its own ticket.
 */
export class SharedFlow {
  readonly #seats: Seat[] = []
  readonly #controller = new AbortController()
  readonly #onEmpty: () => void
  #report: Deferred<FlowInput> | undefined
  #failure: { error: unknown } | undefined

  /** @param onEmpty is called when the last participant has left before the flow ended */
  constructor(onEmpty: () => void) {
    this.#onEmpty = onEmpty
  }

  /** Aborts when nobody waits for the flow any more, or when the flow is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The participant that the flow speaks for; undefined for a flow that continues on another page. */
  get leader(): Participant | undefined {
    return this.#seats[0]?.participant
  }

  /** Adds a request to the flow, and waits for the first directive. @throws the error that the flow ends with */
  join(participant: Participant): Promise<FlowDirective> {
    const seat: Seat = { participant, next: deferred() }
    this.#seats.push(seat)
    return this.#wait(seat)
  }

  /** The leader reports the answer to its request, and waits for the next directive. */
  report(participant: Participant, report: LeaderReport): Promise<FlowDirective> {
    const seat = this.#seats.find((one) => one.participant === participant)
    // The flow has failed while the leader's request was on its way.
    if (!seat) return this.#failure ? Promise.reject(this.#failure.error) : Promise.resolve({ kind: 'done' })
    seat.next = deferred()
    const waiting = this.#wait(seat)
    this.#takeReport(report)
    return waiting
  }

  /** Takes a participant out, because it was aborted or its request failed. */
  leave(participant: Participant, reason: unknown): void {
    const index = this.#seats.findIndex((seat) => seat.participant === participant)
    if (index < 0) return
    this.#seats.splice(index, 1)
    const isEmpty = this.#seats.length === 0
    if (isEmpty) this.#onEmpty()
    if (index === 0 && this.#report) this.#takeReport({ kind: 'lost', next: !isEmpty })
    if (isEmpty) this.giveUp(reason)
  }

  /** Tells the leader to send its request, and waits for its report. Without a participant, nobody can send. */
  async direct(directive: FlowDirective): Promise<FlowInput> {
    const [leader] = this.#seats
    if (!leader) return { kind: 'lost', next: false }
    const report = deferred<FlowInput>()
    this.#report = report
    leader.next.resolve(directive)
    return report.promise
  }

  /** Ends the flow for the leader alone, which cannot send what the flow needs. */
  dismissLeader(error: unknown): FlowInput {
    const seat = this.#seats.shift()
    seat?.next.reject(error)
    return { kind: 'lost', next: this.#seats.length > 0 }
  }

  /** Ends the flow for all participants. */
  end(directive: FlowDirective): void {
    for (const { next } of this.#seats.splice(0)) next.resolve(directive)
  }

  /** Ends the flow for all participants with an error. */
  fail(error: unknown): void {
    this.#failure = { error }
    for (const { next } of this.#seats.splice(0)) next.reject(error)
  }

  /** Aborts the work of the flow. */
  giveUp(reason: unknown): void {
    this.#controller.abort(reason)
  }

  #takeReport(report: FlowInput): void {
    this.#report?.resolve(report)
    this.#report = undefined
  }

  async #wait(seat: Seat): Promise<FlowDirective> {
    const { promise } = seat.next
    promise.catch(nothing)
    try {
      return await abortable(promise, seat.participant.signal)
    } catch (error) {
      this.leave(seat.participant, error)
      throw error
    }
  }
}
