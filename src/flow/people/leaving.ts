import type { FlowRun } from '../flow-run.ts'
import type { OpenedRedirect } from '../options.ts'
import type { Interaction } from './interaction.ts'

/** The facts of one redirect whose flow waits in the storage. */
export interface Leaving {
  interaction: Interaction
  state: string
  redirectUri: string | undefined
}

/** Keeps the flow of a run in the storage. */
export type KeepFlow = (run: FlowRun, leaving: Leaving) => Promise<void>

const keep = Symbol.for('uma-requester.keep-flow')

/** Marks an opened redirect: its flow waits in the storage for `handleCallback`. The mark brings the code for that. */
export function leavingRedirect(opened: OpenedRedirect, keepFlow: KeepFlow): OpenedRedirect {
  return { ...opened, [keep]: keepFlow } as OpenedRedirect
}

/** The code that keeps the flow of this redirect; undefined if the flow goes on where it is. */
export function keepFlowOf(opened: OpenedRedirect): KeepFlow | undefined {
  return (opened as { [keep]?: KeepFlow })[keep]
}
