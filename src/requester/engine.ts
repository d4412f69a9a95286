import { maxDelay } from '../async/timers.ts'
import type { Caller } from '../authorization-server/call.ts'
import { createDiscovery } from '../authorization-server/discovery.ts'
import { InvalidStateError } from '../errors/index.ts'
import { bare, createTell, type TellFor } from '../events.ts'
import { createFlows, type Flows } from '../flow/flows.ts'
import type { CallbackAccess } from '../flow/people/handle-callback.ts'
import { signInAt } from '../flow/people/sign-in-at.ts'
import type { ServerAccess } from '../parties/client-session.ts'
import { createParties } from '../parties/create-parties.ts'
import { createMemoryRecords } from '../parties/memory-records.ts'
import type { Party } from '../parties/party.ts'
import { presentHeaders } from '../parties/present-headers.ts'
import { signOut } from '../parties/sign-out.ts'
import { continueRequest, type RunAccess, runRequest } from '../request/run-request.ts'
import { uma2 } from '../schemes/uma2.ts'
import { createTrust, type Trust } from '../trust/trust.ts'
import { createClientRegistry } from './client-registry.ts'
import { DeferredPersistence } from './deferred-persistence.ts'
import type { RequesterOptions } from './options.ts'
import type { RequesterParts } from './parts.ts'

/** Puts the parts of a requester together. The options were checked. */
export function createEngine(options: RequesterOptions): RequesterParts {
  const tellFor = createTell(options.onEvent)
  const tell = tellFor(undefined)
  const caller: Caller = {
    fetch: () => options.fetch ?? globalThis.fetch,
    timeout: Math.min(options.timeouts?.request ?? 10_000, maxDelay),
  }
  const persistence = persistenceOf(options, (issuer, resource) => trust.find(issuer, resource), tellFor)
  const records = persistence?.records ?? createMemoryRecords()
  const discovery = createDiscovery(caller, (issuer, url) => tell({ type: 'discovery', issuer, url: bare(url) }))
  const access: ServerAccess = { caller, discovery }
  const trust: Trust = createTrust(options, uma2, createClientRegistry({ ...access, records, tell }))
  const flows = createFlows({ ...access, options, trust })
  const parties = createParties(options, records, persistence?.keepInStep, inMemoryOf(options))
  const run: RunAccess = {
    ...access,
    trust,
    flows,
    maxFlows: options.maxFlowsPerRequest ?? 1,
    hasRedirect: options.onRedirect !== undefined,
    hasListener: options.onEvent !== undefined,
    tellFor,
    nextRequest: counter(),
  }
  const callback: CallbackAccess = { ...access, options, trust, flows, returning: new Map() }
  return {
    options,
    records,
    trust,
    flows,
    parties,
    access,
    tellFor,
    callback,
    nextRequest: run.nextRequest,
    runRequest: (party, driver, uma) => runRequest(run, party, driver, uma),
    continueRequest: (party, driver, uma, result) => continueRequest(run, party, driver, uma, result),
    signIn: (party, issuer) => signInAt({ trust, flows, tellFor }, party, issuer),
    signOut: (party) => signOut({ ...access, trust, tell: tellFor(party.name) }, party, () => endFlows(flows, party)),
    forgetAnonymous() {
      const anonymous = parties.remove(undefined)
      if (!anonymous) return
      endFlows(flows, anonymous)
      anonymous.forget()
    },
  }
}

function endFlows(flows: Flows, party: Party): void {
  flows.endAll(party, new InvalidStateError('Signed out meanwhile'))
}

/** An anonymous party beside named ones is kept in memory only, so that nothing of it is found by the next person. */
const inMemoryOf =
  ({ requestingParty }: RequesterOptions) =>
  (name: string | undefined): boolean =>
    name === undefined && typeof requestingParty === 'function'

function counter(): () => number {
  let last = 0
  return () => {
    last += 1
    return last
  }
}

/** Only a requester with a storage keeps its wallets in step with one. */
function persistenceOf(
  { storage, maxEntries }: RequesterOptions,
  find: Trust['find'],
  tellFor: TellFor,
): DeferredPersistence | undefined {
  if (!storage) return undefined
  return new DeferredPersistence(storage, { trust: { find }, tellFor, maxEntries, present: presentHeaders })
}
