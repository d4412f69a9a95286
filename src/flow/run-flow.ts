import { abortable } from '../async/abortable.ts'
import { sleep } from '../async/timers.ts'
import { findUmaError } from '../errors/index.ts'
import { bare } from '../events.ts'
import { metadataOf } from '../parties/client-session.ts'
import { identityOf } from '../parties/identity-of.ts'
import { flowLockKey } from '../parties/party.ts'
import { askServer } from './ask.ts'
import { failureError } from './failure.ts'
import type { Flow } from './flow.ts'
import type { FlowRun } from './flow-run.ts'
import type { FlowDirective, FlowEffect, FlowInput } from './inputs.ts'
import { ignoresRpt, lookIntoWallet } from './look.ts'
import { redirectForClaims, signInPerson } from './people/send-person.ts'
import { supplyClaim } from './people/supply-claim.ts'
import { type FlowTurn, firstEffect, transition } from './transitions.ts'

const flowEnded = new Error('The flow has ended')

/**
 * The interpreter of a flow: performs each effect that the table of transitions asks for, and hands the outcome back to
 * the table, until the flow ends. The participants of the shared flow learn the outcome.
 *
 * @throws the error that the flow failed with
 */
export async function runFlow(run: FlowRun): Promise<void> {
  const { target, shared, say } = run
  say({ type: 'flow-started', resource: bare(target.place.url), method: target.place.method })
  try {
    await runToEnd(run)
    say({ type: 'flow-ended', outcome: 'granted' })
  } catch (error) {
    say({ type: 'flow-ended', outcome: 'failed', code: findUmaError(error)?.code })
    shared.fail(error)
    throw error
  } finally {
    run.endInteraction()
    run.stop()
    // Whatever the application still does for this flow is of no use any more.
    shared.giveUp(flowEnded)
  }
}

async function runToEnd(run: FlowRun): Promise<void> {
  let turn: FlowTurn = { flow: run.flow, effect: firstEffect(run.flow) }
  for (;;) {
    run.flow = turn.flow
    if ('effect' in turn) {
      turn = await abortable(perform(run, turn.flow, turn.effect), run.signal)
      continue
    }
    const { directive } = turn
    if (directive.kind === 'fail') throw failureError(run, directive.failure)
    if (directive.kind === 'done' || !directive.report) return run.shared.end(directive)
    turn = transition(turn.flow, await abortable(directLeader(run, directive), run.signal))
  }
}

/** Tells the leader to send. A leader whose body is gone cannot bring a fresh ticket, so the next one leads. */
async function directLeader(run: FlowRun, directive: FlowDirective & { kind: 'resend' }): Promise<FlowInput> {
  const { shared, error } = run
  if (directive.reason === 'fresh-ticket' && shared.leader?.replayable === false) return shared.dismissLeader(error)
  return shared.direct(directive)
}

/** The lock is held exactly while the flow looks into the wallet, asks the server and refreshes tokens. */
const lockedEffects: ReadonlySet<FlowEffect['kind']> = new Set(['look', 'ask', 'refresh'])

async function perform(run: FlowRun, flow: Flow, effect: FlowEffect): Promise<FlowTurn> {
  if (!lockedEffects.has(effect.kind)) return performOne(run, flow, effect)
  // Nobody has to wait for the lock while the metadata is fetched.
  run.metadata ??= await metadataOf(run.access, run.target.authority)
  return withFlowLock(run, () => performWhileLocked(run, flow, effect))
}

async function performWhileLocked(run: FlowRun, flow: Flow, effect: FlowEffect): Promise<FlowTurn> {
  let turn = await performOne(run, flow, effect)
  while ('effect' in turn && lockedEffects.has(turn.effect.kind)) {
    run.signal.throwIfAborted()
    turn = await performOne(run, turn.flow, turn.effect)
  }
  return turn
}

/**
 * Two upgrades of one RPT at the same time would lose each other's permissions, so flows at one host run one after the
 * other. Where the server is known to ignore `rpt`, there is nothing to lose: no flow takes the lock, not even a flow
 * that was already waiting for it.
 */
async function withFlowLock<T>(run: FlowRun, task: () => Promise<T>): Promise<T> {
  const { party, authority, host } = run.target
  const isFree = (): boolean => run.signal.aborted || ignoresRpt(run)
  if (isFree()) return task()
  const outcome = await party.lock(flowLockKey(authority.key, host), async () =>
    isFree() ? undefined : { value: await task() },
  )
  run.signal.throwIfAborted()
  return outcome ? outcome.value : task()
}

/** Performs one effect. An error of the effect is an input like any other; the run keeps the error itself. */
async function performOne(run: FlowRun, flow: Flow, effect: FlowEffect): Promise<FlowTurn> {
  run.flow = flow
  let input: FlowInput
  try {
    input = await outcomeOf(run, effect)
  } catch (error) {
    run.error = error
    input = { kind: 'error' }
  }
  // The outcome of an interaction was asked for: the next interaction may start.
  if (effect.kind === 'ask') run.endInteraction()
  return transition(flow, input)
}

function outcomeOf(run: FlowRun, effect: FlowEffect): Promise<FlowInput> {
  switch (effect.kind) {
    case 'look':
      return lookIntoWallet(run)
    case 'ask':
      return askServer(run)
    case 'supply-claim':
      return supplyClaim(run)
    case 'redirect-person':
      return redirectForClaims(run)
    case 'sign-in':
      return signInPerson(run)
    case 'refresh':
      return refreshIdentity(run)
    case 'wait':
      return waitSeconds(run, effect.seconds)
  }
}

async function waitSeconds(run: FlowRun, seconds: number): Promise<FlowInput> {
  run.say({ type: 'waiting', seconds })
  await sleep(seconds * 1000, run.signal)
  return { kind: 'elapsed' }
}

/** Refreshes the party's own tokens, once for all flows that ask at the same time. */
async function refreshIdentity(run: FlowRun): Promise<FlowInput> {
  const { party, authority, tell } = run.target
  const identity = await identityOf({ ...run.access, tell }, party, authority, run.partyToken)
  return { kind: identity ? 'refreshed' : 'not-refreshed' }
}
