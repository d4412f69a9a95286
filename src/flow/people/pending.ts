import { InvalidStateError } from '../../errors/index.ts'
import { readEpoch } from '../../parties/epoch.ts'
import type { Party } from '../../parties/party.ts'
import { pendingKey } from '../../parties/record-keys.ts'
import { readObject } from '../../protocol/http/read-object.ts'
import { toPlace } from '../../wallet/place.ts'
import type { Flow } from '../flow.ts'
import type { StoredRequest } from '../flow-target.ts'

/** The request that a person was sent away for, so that the application can go on where it was. */
export interface PendingRequest {
  method: string
  url: string
  /** The hash of `uma.operation`. Give it back as `uma.operation` to send the request again. */
  operation?: string | undefined
  /** Only with `storeRequest`. */
  stored?: StoredRequest | undefined
}

/** A flow that waits in storage for a person to come back; plain JSON, to be kept as a secret. */
export interface PendingFlow {
  v: 2
  flow: Flow
  /** The sign-in's own secret part; absent if the person went away for claims. */
  signIn?: { memo: unknown } | undefined
  stored?: StoredRequest | undefined
}

/**
 * Takes the flow that waits under a state out of storage: once, and only for the party that it belongs to.
 *
 * @param longest the longest time that a flow may take, in milliseconds; a stored deadline beyond it is shortened
 * @param prepare is called before the flow is taken; if it rejects, the flow goes on waiting
 * @returns undefined if no flow waits under this state
 * @throws InvalidStateError if the flow belongs to another party, or has waited too long
 */
export function takePending(
  party: Party,
  state: string,
  longest: number,
  prepare: (pending: PendingFlow) => Promise<void> = async () => {},
): Promise<PendingFlow | undefined> {
  const key = pendingKey(state)
  return party.lock(key, async () => {
    const epoch = await readEpoch(party)
    const pending = readPending((await party.records.get(key)) || '')
    if (!pending) return undefined
    const isOurs = pending.flow.party === party.name && pending.flow.epoch === (epoch || party.epoch)
    if (!isOurs) throw notOurs()
    await prepare(pending)
    await party.records.delete(key)
    const { flow } = pending
    if (flow.deadline < Date.now()) {
      throw new InvalidStateError('The person came back too late; send the request again')
    }
    return { ...pending, flow: { ...flow, deadline: Math.min(flow.deadline, Date.now() + longest) } }
  })
}

/** The same error for an unknown state and for the state of another party: it reveals nothing. */
export function notOurs(): InvalidStateError {
  return new InvalidStateError('This return belongs to no redirect of this requesting party')
}

/** Reads a record of the storage, which may hold anything. Only a complete flow of this version counts. */
function readPending(text: string): PendingFlow | undefined {
  const record = readObject(text) as Partial<PendingFlow> | undefined
  const { flow } = record ?? {}
  if (record?.v !== 2 || Object(flow) !== flow || flow?.v !== 2) return undefined
  const { issuer, client, scheme, place, state, limits } = flow
  const texts = [issuer, client, scheme, place?.method, place?.url]
  const counters = [flow.id, flow.epoch, flow.rounds, flow.polls, flow.recoveries, flow.deadline]
  const lists = [flow.requiredClaims, flow.without, flow.claimsSent]
  const isComplete =
    texts.every((text) => typeof text === 'string') &&
    counters.every((number) => Number.isFinite(number)) &&
    lists.every(Array.isArray) &&
    Object(state) === state &&
    Object(limits) === limits &&
    toPlace(place.method, place.url)?.url === place.url
  return isComplete ? (record as PendingFlow) : undefined
}
