import { InvalidStateError } from '../errors.ts'
import { readObject } from '../protocol/read-object.ts'
import type { FlowState } from '../schemes/scheme.ts'
import type { StoredRequest } from './exchange.ts'
import { nameKey, type Party } from './party.ts'
import type { Services, Subject } from './services.ts'

/** What is to be remembered of a request, so that an application can go on where it was. */
export interface PendingRequest {
  method: string
  url: string
  /** Only where `storeRequest` asks for it. */
  stored?: StoredRequest | undefined
}

/** A sign-in under way. */
export interface PendingSignIn {
  /** The sign-in's own; a secret. */
  memo: unknown
  /** Nothing of this flow was sent yet. */
  first: boolean
}

/** What of a flow waits while a person is away. */
export interface Waiting {
  state: FlowState
  /** Where the person went to sign in; otherwise it was for claims. */
  signIn?: PendingSignIn
}

/** A flow that waits in storage for a person to come back; plain JSON. */
export interface Pending extends Waiting {
  v: 1
  party: string | undefined
  epoch: string | false
  issuer: string
  client: string
  request: PendingRequest
  scope?: string | undefined
  parameters?: Subject['uma']['parameters']
  /** Milliseconds since 1970. */
  until: number
}

const pendingKey = (state: string): string => `uma:pending:${state}`
/** Where the epoch of a party is stored. */
export const epochKey = (party: Party): string => `uma:epoch:${nameKey(party.name)}`

/** Sign-outs of a party so far: what was stored before the last one is void. */
export const epochOf = async ({ store }: Services, party: Party): Promise<string | false> =>
  (await store.get(epochKey(party))) ?? '0'

/** Makes all that is pending for a party void. */
export async function nextEpoch(services: Services, party: Party): Promise<void> {
  await services.store.set(epochKey(party), `${Number(await epochOf(services, party)) + 1 || Date.now()}`)
}

/** Puts the flow into storage under its state. It is of no use after the flow's time is up. */
export async function keepPending(
  services: Services,
  { party, authority, method, url, uma, stored }: Subject,
  waiting: Waiting,
  key: string,
  storeRequest = false,
): Promise<void> {
  const ttl = services.options.timeouts?.flow ?? 300_000
  const pending: Pending = {
    v: 1,
    party: party.name,
    epoch: await epochOf(services, party),
    issuer: authority.server.issuer,
    client: authority.client.id,
    ...waiting,
    request: { method, url, stored: storeRequest ? stored?.() : undefined },
    scope: uma.scope,
    parameters: uma.parameters,
    until: Date.now() + ttl,
  }
  await services.store.set(pendingKey(key), JSON.stringify(pending), ttl)
}

/** Storage may hold anything. */
const isPending = (record: Pending | undefined | null | ''): record is Pending =>
  !!record &&
  record.v === 1 &&
  typeof record.issuer === 'string' &&
  Object(record.state) === record.state &&
  URL.canParse(record.request?.url)

/**
 * Takes the flow that waits under a state out of storage: once, and only for the party that it belongs to.
 *
 * @throws InvalidStateError
 */
export function takePending(services: Services, party: Party, state: string | null): Promise<Pending> {
  const { store } = services
  // Two calls for one way back (a page that renders twice): the second finds nothing.
  return party.lock(pendingKey(state ?? ''), async () => {
    const pending = state && (readObject((await store.get(pendingKey(state))) || '') as Pending | undefined)
    if (!isPending(pending) || pending.party !== party.name || pending.epoch !== (await epochOf(services, party))) {
      throw new InvalidStateError('This way back belongs to no redirect of this requesting party')
    }
    await store.delete(pendingKey(state as string))
    if (pending.until < Date.now()) throw new InvalidStateError('The person came back too late; send the request again')
    return pending
  })
}
