import { maxDelay } from './async/timers.ts'
import type { Caller } from './authorization-server/call.ts'
import { createDiscovery } from './authorization-server/discovery.ts'
import { createClientRegistry } from './client-registry.ts'
import { InvalidStateError } from './errors/index.ts'
import { bare, createTell, type Tell, type TellFor } from './events.ts'
import { createFetch, type UmaFetch } from './fetch.ts'
import { createFlows, type Flows } from './flow/flows.ts'
import type { CallbackAccess } from './flow/people/handle-callback.ts'
import { registerHandle } from './handles.ts'
import type { ServerAccess } from './parties/client-session.ts'
import { createParties, type MakeStoredWallet } from './parties/create-parties.ts'
import type { Party, RecordStore } from './parties/party.ts'
import { presentHeaders } from './parties/present-headers.ts'
import { signOut } from './parties/sign-out.ts'
import { openRecordChannel } from './persistence/record-channel.ts'
import { createResilientStorage } from './persistence/resilient-storage.ts'
import { createStoredWallet } from './persistence/stored-wallet.ts'
import type { UmaRequestOptions } from './request/options.ts'
import type { RequestDriver, RunRequest } from './request/request-driver.ts'
import { type RunAccess, runRequest } from './request/run-request.ts'
import { checkOptions, type RequesterOptions } from './requester-options.ts'
import type { RequesterParts } from './requester-parts.ts'
import { uma2 } from './schemes/uma2.ts'
import { memoryStorage } from './storage/memory.ts'
import { destinations, refuseSharedRedirectUris } from './trust/redirect-uris.ts'
import { createTrust, type Trust } from './trust/trust.ts'

/** Makes requests to UMA-protected resources on behalf of one requesting party. */
export interface Requester {
  /** On whose behalf. */
  readonly requestingParty: string | undefined
  /** `fetch`, which also opens protected resources. It is bound, so it can be handed around. */
  readonly fetch: UmaFetch
  /** The same around another `fetch`: an instrumented one, or a framework's. */
  wrapFetch(fetch: typeof globalThis.fetch): UmaFetch
  /** The same requester for another requesting party, with a wallet of its own. */
  as(requestingParty: string): Requester
  /** For adapters: runs one request of any HTTP library. */
  run<R>(driver: RequestDriver<R>, uma?: UmaRequestOptions): Promise<R>
  /**
   * Forgets everything that is kept for this requesting party, including sign-ins and redirects under way, and revokes
   * its tokens if the authorization server can (UMA Grant §3.7).
   */
  signOut(): Promise<void>
}

/**
 * Creates a requester.
 *
 * @throws TypeError if the options cannot be right or safe; the message says what to change
 *
 * @example
 * const requester = createRequester({
 *   authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }],
 * })
 * const photo = await requester.fetch('https://photos.example.com/alice/1.jpg')
 */
export function createRequester(options: RequesterOptions): Requester {
  checkOptions(options)
  return createHandle(assemble(options), options.requestingParty)
}

function assemble(options: RequesterOptions): RequesterParts {
  const tellFor = createTell(options.onEvent)
  const tell = tellFor(undefined)
  const caller: Caller = {
    fetch: () => options.fetch ?? globalThis.fetch,
    timeout: Math.min(options.timeouts?.request ?? 10_000, maxDelay),
  }
  const records = createResilientStorage(options.storage ?? memoryStorage(), tell)
  const discovery = createDiscovery(caller, (issuer, url) => tell({ type: 'discovery', issuer, url: bare(url) }))
  const access: ServerAccess = { caller, discovery }
  const trust = createTrust(options, uma2, createClientRegistry({ ...access, records, tell }))
  if (options.onRedirect && Array.isArray(options.authorizationServers)) {
    refuseSharedRedirectUris(destinations(options.authorizationServers, options.redirectUri, uma2))
  }
  const flows = createFlows({ ...access, options, records, trust })
  const parties = createParties(options, records, storedWallets(options, records, trust, tellFor))
  const run: RunAccess = {
    ...access,
    trust,
    flows,
    records,
    maxFlows: options.maxFlowsPerRequest ?? 1,
    hasRedirect: options.onRedirect !== undefined,
    hasListener: options.onEvent !== undefined,
    tellFor,
    nextRequest: counter(),
  }
  const callback: CallbackAccess = { ...access, options, records, trust, flows, returning: new Map() }
  return { options, records, trust, flows, parties, access, tellFor, run, callback }
}

function counter(): () => number {
  let last = 0
  return () => {
    last += 1
    return last
  }
}

/** Only a requester with a storage keeps its wallets in step with one. */
function storedWallets(
  { storage, maxEntries }: RequesterOptions,
  records: RecordStore,
  trust: Trust,
  tellFor: TellFor,
): MakeStoredWallet {
  if (!storage) return undefined
  const channel = openRecordChannel()
  return (party) => {
    const tell = tellFor(party.name)
    return createStoredWallet({ records, trust, tell, party, channel, maxEntries, present: presentHeaders })
  }
}

function createHandle(parts: RequesterParts, name: string | undefined): Requester {
  const { options, records, trust, parties, tellFor } = parts
  const party = parties.get(name)
  const tell = tellFor(name)
  const run: RunRequest = (driver, uma) => runRequest(parts.run, party, driver, uma)
  const fetch = createFetch(run, () => globalThis.fetch, options.headers)
  const requester: Requester = {
    requestingParty: name,
    fetch,
    wrapFetch: (own) => createFetch(run, () => own, options.headers),
    as: (other) => createHandle(parts, other),
    run,
    signOut: () => signOut({ ...parts.access, trust, tell }, records, party, () => endFlows(parts.flows, party)),
  }
  registerHandle(requester, async () => ({ parts, party }))
  return requester
}

function endFlows(flows: Flows, party: Party): void {
  flows.endAll(party, new InvalidStateError('Signed out meanwhile'))
}
