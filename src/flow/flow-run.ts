import { maxDelay } from '../async/timers.ts'
import type { FlowContext } from '../authorization-server/client-authentication.ts'
import { UmaTimeoutError } from '../errors/index.ts'
import type { Tell, UmaEventDetail } from '../events.ts'
import type { ServerAccess } from '../parties/client-session.ts'
import type { AuthorizationServerMetadata } from '../protocol/oauth/metadata.ts'
import type { Claim } from '../schemes/scheme.ts'
import type { Trust } from '../trust/trust.ts'
import type { Flow } from './flow.ts'
import { flowContext } from './flow-context.ts'
import type { FlowTarget } from './flow-target.ts'
import type { FlowOptions } from './options.ts'
import type { SharedFlow } from './shared-flow.ts'

/** The parts of a requester that its flows use. */
export interface FlowAccess extends ServerAccess {
  options: FlowOptions
  trust: Trust
  /** How many flows of the same party are under way. */
  flowsUnderWay(target: FlowTarget): number
}

/** One run of the interpreter: the current value of the flow, and the objects that are no part of the value. */
export interface FlowRun {
  flow: Flow
  readonly target: FlowTarget
  readonly access: FlowAccess
  readonly shared: SharedFlow
  /** Handed to everything that the application supplies. */
  readonly context: FlowContext
  /** Aborts when nobody waits for the flow any more, or when its time is up. */
  readonly signal: AbortSignal
  /** Tells about the flow: number and issuer are added. */
  readonly say: (event: FlowEventDetail) => void
  metadata?: AuthorizationServerMetadata
  /** A claim that goes with the next token request. */
  claim?: Claim | undefined
  /** The party's own access token that the current token request carries. */
  partyToken?: string | undefined
  /** The error that the flow fails with. */
  error?: unknown
  /** Ends the interaction with a person, so that the next one may start. */
  endInteraction(): void
  /** Clears the timer of the deadline. */
  stop(): void
}

type WithoutFlowFacts<Event> = Event extends { flow: number; issuer: string } ? Omit<Event, 'flow' | 'issuer'> : never

/** An event of a flow, without the facts that every such event has. */
export type FlowEventDetail = WithoutFlowFacts<UmaEventDetail>

export function createFlowRun(access: FlowAccess, target: FlowTarget, shared: SharedFlow, flow: Flow): FlowRun {
  const { issuer } = target.authority.server
  const { signal } = shared
  const timer = setTimeout(
    () => shared.giveUp(new UmaTimeoutError(timeoutMessage(run.flow, access.options), { issuer })),
    Math.min(Math.max(flow.deadline - Date.now(), 0), maxDelay),
  )
  const run: FlowRun = {
    flow,
    target,
    access,
    shared,
    signal,
    context: flowContext(access, target, signal, (token) => {
      run.partyToken = token
    }),
    say: (event) => (target.tell as Tell)({ ...event, flow: flow.id, issuer } as UmaEventDetail),
    endInteraction: () => {},
    stop: () => clearTimeout(timer),
  }
  return run
}

/** Says what the flow was waiting for when its time was up. */
function timeoutMessage({ at }: Flow, { timeouts }: FlowOptions): string {
  const waits: Partial<Record<Flow['at'], string>> = {
    ask: 'the authorization server',
    send: 'the host',
    claims: 'the claims of the application',
    person: 'a person at the authorization server (does the callback page call handleCallback() or completePopup()?)',
    'sign-in': 'a person who signs in (does the callback page call handleCallback() or completePopup()?)',
    refresh: "a refresh of the party's tokens",
    wait: 'the decision of the owner',
  }
  return `The flow took longer than ${timeouts?.flow ?? 300_000} ms; it waited for ${waits[at] ?? 'another flow'}`
}
