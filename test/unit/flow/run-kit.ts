/** A flow run without sockets: a scheme that is a script, records in memory, and a server that answers by script. */
import { none } from '../../../src/authorization-server/client-authentication.ts'
import { bearerBinding } from '../../../src/bindings/bearer.ts'
import type { UmaEventDetail } from '../../../src/events.ts'
import { createFlow, type Flow, flowLimits } from '../../../src/flow/flow.ts'
import { createFlowRun, type FlowAccess, type FlowRun } from '../../../src/flow/flow-run.ts'
import type { FlowTarget } from '../../../src/flow/flow-target.ts'
import type { FlowOptions } from '../../../src/flow/options.ts'
import { type Participant, SharedFlow } from '../../../src/flow/shared-flow.ts'
import { createParties } from '../../../src/parties/create-parties.ts'
import type { Party, RecordStore } from '../../../src/parties/party.ts'
import type { Scheme, SchemeInput, SchemeState, Step } from '../../../src/schemes/scheme.ts'
import type { Authority } from '../../../src/trust/authority.ts'
import type { AuthorizationServer } from '../../../src/trust/options.ts'
import { createTrust } from '../../../src/trust/trust.ts'
import type { Rpt } from '../../../src/wallet/rpt.ts'
import { type Act, issuer, json, metadata, type Sent, scriptedFetch } from '../authorization-server/kit.ts'

export const host = 'https://photos.example'
export const place = { method: 'GET', url: `${host}/1.jpg` }
export const key = `${issuer} album`
export const askStep: Step = { kind: 'ask', endpoint: metadata.token_endpoint, by: 'nobody' }

/** Records in memory. A lifetime is only written down. */
export function memoryRecords(): RecordStore & { held: Map<string, string>; lifetimes: Map<string, unknown> } {
  const held = new Map<string, string>()
  const lifetimes = new Map<string, unknown>()
  return {
    held,
    lifetimes,
    get: async (name) => held.get(name),
    getMany: async (names) => names.map((name) => held.get(name)),
    async set(name, value, ttlMs) {
      held.set(name, value)
      lifetimes.set(name, ttlMs)
      return true
    },
    delete: async (name) => void held.delete(name),
    keys: async (prefix) => [...held.keys()].filter((name) => name.startsWith(prefix)),
    lock: (_key, task) => task(),
  }
}

/** A scheme that takes the given steps, one for each turn; the last step stays. Its inputs are written down. */
export function scriptedScheme(steps: Step[], more: Partial<Scheme> = {}): Scheme & { inputs: SchemeInput[] } {
  const inputs: SchemeInput[] = []
  return {
    name: 'script',
    wellKnown: 'script',
    readMetadata: () => metadata,
    recognise: () => [],
    start: ({ ticket }) => ({ ticket }),
    next(state: SchemeState, input: SchemeInput) {
      const step = steps[Math.min(inputs.length, steps.length - 1)] as Step
      inputs.push(input)
      return { state, step }
    },
    ...more,
    inputs,
  }
}

export interface World {
  run: FlowRun
  access: FlowAccess
  target: FlowTarget
  authority: Authority
  party: Party
  shared: SharedFlow
  records: ReturnType<typeof memoryRecords>
  events: UmaEventDetail[]
  sent: Sent[]
  /** How often the lock of the party was taken. */
  locks: string[]
}

export interface WorldOptions {
  scheme?: Scheme
  options?: FlowOptions
  server?: Partial<AuthorizationServer>
  authority?: Partial<Authority>
  flow?: Partial<Flow>
  acts?: Act[]
  underWay?: number
  partyName?: string
}

export function participant(more: Partial<Participant> = {}): Participant {
  return {
    challenge: { ticket: 'ticket-1' },
    rpt: undefined,
    tried: new Set(),
    replayable: true,
    signal: undefined,
    ticketUsed: false,
    ...more,
  }
}

export function world(given: WorldOptions = {}): World {
  const { options = {}, scheme = scriptedScheme([{ kind: 'wait', seconds: 1 }]) } = given
  const server: AuthorizationServer = { issuer, client: { id: 'album' }, hosts: [host], ...given.server }
  const records = memoryRecords()
  const events: UmaEventDetail[] = []
  const locks: string[] = []
  const party = createParties({}, records, undefined).get(given.partyName ?? 'alice')
  const { lock } = party
  Object.defineProperty(party, 'lock', {
    value: (name: string, task: () => Promise<unknown>) => {
      locks.push(name)
      return lock(name, task)
    },
  })
  const client = { id: 'album', auth: none() }
  const speaksFor = async (origin: string): Promise<boolean> => origin === host
  const facts = { server, scheme, binding: bearerBinding, key, publicOnly: false, speaksFor }
  const plain = { ...facts, client, dynamic: undefined, own: client }
  const authority: Authority = { ...plain, ...given.authority }
  const { caller, sent } = scriptedFetch(...(given.acts ?? [json({})]))
  const access: FlowAccess = {
    caller,
    discovery: async () => metadata,
    options,
    records,
    trust: createTrust({ authorizationServers: [server] }, scheme, {
      stored: async () => undefined,
      register: () => Promise.reject(new Error('no registration')),
    }),
    flowsUnderWay: () => given.underWay ?? 1,
  } as FlowAccess
  const tell = (event: UmaEventDetail): void => void events.push(event)
  const target: FlowTarget = { party, authority, place, host, uma: {}, tell }
  const shared = new SharedFlow(() => {})
  const flow: Flow = { ...newFlow(options), ...given.flow }
  const run = createFlowRun(access, target, shared, flow)
  return { run, access, target, authority, party, shared, records, events, sent, locks }
}

const newFlow = (options: FlowOptions): Flow =>
  createFlow({
    id: 7,
    issuer,
    client: 'album',
    party: 'alice',
    place,
    scheme: 'script',
    scope: undefined,
    parameters: undefined,
    interactive: undefined,
    epoch: 0,
    deadline: Date.now() + 300_000,
    limits: flowLimits(options, false),
  })

/** Stores an RPT of the authority at the host. */
export const hold = ({ party }: World, token: string, authority: string = key): Rpt =>
  party.wallet.store({ grant: { token, type: 'bearer' }, headers: {}, authority, host })
