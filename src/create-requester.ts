import { maxDelay } from './async/timers.ts'
import type { Caller } from './authorization-server/call.ts'
import { createDiscovery, type Discovery } from './authorization-server/discovery.ts'
import { createRegisteredClients } from './authorization-server/registered-clients.ts'
import type { ClientMetadata } from './authorization-server/registration.ts'
import { InvalidStateError } from './errors/index.ts'
import { bare, createTell, type Tell, type TellFor } from './events.ts'
import { createFetch, type UmaFetch } from './fetch.ts'
import { createFlows, type Flows } from './flow/flows.ts'
import type { CallbackAccess } from './flow/people/handle-callback.ts'
import { registerHandle } from './handles.ts'
import { metadataOf, type ServerAccess } from './parties/client-session.ts'
import { createParties } from './parties/create-parties.ts'
import { createMemoryRecords } from './parties/memory-records.ts'
import type { Party, RecordStore } from './parties/party.ts'
import { presentHeaders } from './parties/present-headers.ts'
import { signOut } from './parties/sign-out.ts'
import { openPersistence, type Persistence } from './persistence/open-persistence.ts'
import type { UmaRequestOptions } from './request/options.ts'
import type { RequestDriver, RunRequest } from './request/request-driver.ts'
import { type RunAccess, runRequest } from './request/run-request.ts'
import { checkOptions, type RequesterOptions } from './requester-options.ts'
import type { RequesterParts } from './requester-parts.ts'
import { uma2 } from './schemes/uma2.ts'
import type { Authority } from './trust/authority.ts'
import { destinations, refuseSharedRedirectUris } from './trust/redirect-uris.ts'
import { type ClientRegistry, createTrust, type Trust } from './trust/trust.ts'

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
  const persistence = persistenceOf(options, () => trust, tellFor)
  const records = persistence?.records ?? createMemoryRecords()
  const discovery = createDiscovery(caller, (issuer, url) => tell({ type: 'discovery', issuer, url: bare(url) }))
  const access: ServerAccess = { caller, discovery }
  const trust: Trust = createTrust(options, uma2, clientRegistry(records, caller, discovery, tell))
  if (options.onRedirect && Array.isArray(options.authorizationServers)) {
    refuseSharedRedirectUris(destinations(options.authorizationServers, options.redirectUri, uma2))
  }
  const flows = createFlows({ ...access, options, records, trust })
  const parties = createParties(options, records, persistence?.keepInStep)
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

/** The registered clients in the storage, as trust uses them. */
function clientRegistry(records: RecordStore, caller: Caller, discovery: Discovery, tell: Tell): ClientRegistry {
  const clients = createRegisteredClients({
    records,
    caller,
    onRegistered: (issuer) => tell({ type: 'client-registered', issuer }),
  })
  const registrar = (authority: Authority) => ({
    issuer: authority.server.issuer,
    client: authority.server.client.register as ClientMetadata,
    register: authority.scheme.register,
    metadata: () => metadataOf({ caller, discovery }, authority),
  })
  return {
    stored: (authority, clientId) => clients.stored(registrar(authority), clientId),
    register: (authority, not) => clients.register(registrar(authority), not),
  }
}

/** Only a requester with a storage keeps its wallets in step with one. */
function persistenceOf(
  { storage, maxEntries }: RequesterOptions,
  trust: () => Trust,
  tellFor: TellFor,
): Persistence | undefined {
  if (!storage) return undefined
  const find: Trust['find'] = (issuer, resource) => trust().find(issuer, resource)
  return openPersistence({ storage, trust: { find }, tellFor, maxEntries, present: presentHeaders })
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
