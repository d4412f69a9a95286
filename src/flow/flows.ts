import type { Party } from '../parties/party.ts'
import { createFlow, type Flow, flowLimits } from './flow.ts'
import { createFlowRun, type FlowAccess, type FlowRun } from './flow-run.ts'
import { type FlowTarget, sharedFlowKey } from './flow-target.ts'
import type { FlowDirective } from './inputs.ts'
import { runFlow } from './run-flow.ts'
import { type Participant, SharedFlow } from './shared-flow.ts'

const nothing = (): void => {}

/** The flows of a requester that are under way. */
export interface Flows {
  /**
   * Joins the flow for a target, which begins if none is under way.
   *
   * @returns the shared flow, and its first directive for this participant
   */
  join(target: FlowTarget, participant: Participant): { shared: SharedFlow; directive: Promise<FlowDirective> }
  /** Continues a flow that waited in storage. It has no participant, but requests for its place join it. */
  resume(target: FlowTarget, flow: Flow): Promise<void>
  /** Signs a party in, in a flow that no request waits for. */
  signIn(target: FlowTarget): Promise<void>
  /** Ends all flows of a party. */
  endAll(party: Party, reason: unknown): void
}

/** @param access without the count of flows, which is known here */
export function createFlows(access: Omit<FlowAccess, 'flowsUnderWay'>): Flows {
  const underWay = new Map<Party, Map<string, SharedFlow>>()
  let lastId = 0

  const flowsOf = (party: Party): Map<string, SharedFlow> => underWay.get(party) ?? new Map()
  const flowAccess: FlowAccess = { ...access, flowsUnderWay: ({ party }) => flowsOf(party).size }

  function remove(party: Party, key: string, shared: SharedFlow): void {
    const flows = flowsOf(party)
    if (flows.get(key) !== shared) return
    flows.delete(key)
    if (flows.size === 0) underWay.delete(party)
  }

  /** Makes a shared flow that requests can join. Nobody joins a flow that is being given up. */
  function open(target: FlowTarget): SharedFlow {
    const { party } = target
    const key = sharedFlowKey(target)
    const shared: SharedFlow = new SharedFlow(() => remove(party, key, shared))
    const flows = flowsOf(party)
    flows.set(key, shared)
    underWay.set(party, flows)
    return shared
  }

  async function run(flowRun: FlowRun): Promise<void> {
    const { target, shared } = flowRun
    try {
      await runFlow(flowRun)
    } finally {
      remove(target.party, sharedFlowKey(target), shared)
    }
  }

  return {
    join(target, participant) {
      const existing = flowsOf(target.party).get(sharedFlowKey(target))
      if (existing) return { shared: existing, directive: existing.join(participant) }
      const shared = open(target)
      const directive = shared.join(participant)
      lastId += 1
      const flow = newFlow(access, target, lastId)
      // The participants learn the error; nobody else waits for this promise.
      run(createFlowRun(flowAccess, target, shared, flow)).catch(nothing)
      return { shared, directive }
    },
    async resume(target, flow) {
      const shared = open(target)
      lastId += 1
      await run(createFlowRun(flowAccess, target, shared, { ...flow, id: lastId }))
    },
    async signIn(target) {
      lastId += 1
      const flow = newFlow(access, target, lastId, 'sign-in')
      await run(createFlowRun(flowAccess, target, open(target), flow))
    },
    endAll(party, reason) {
      for (const shared of flowsOf(party).values()) shared.giveUp(reason)
      underWay.delete(party)
    },
  }
}

function newFlow({ options }: Pick<FlowAccess, 'options'>, target: FlowTarget, id: number, goal?: Flow['goal']): Flow {
  const { authority, party, place, uma } = target
  const { server, scheme, client } = authority
  return createFlow({
    ...(goal && { goal }),
    id,
    issuer: server.issuer,
    client: client.id,
    party: party.name,
    place,
    scheme: scheme.name,
    scope: uma.scope,
    parameters: uma.parameters,
    interactive: uma.interactive,
    epoch: party.epoch,
    deadline: Date.now() + (options.timeouts?.flow ?? 300_000),
    limits: flowLimits(options, server.pushClaims === 'first'),
  })
}
