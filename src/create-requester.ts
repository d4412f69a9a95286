import { createDiscovery } from './authorization-server/discovery.ts'
import { createFetch, type UmaFetch } from './fetch.ts'
import { type Callback, handleCallback } from './requester/callback.ts'
import { createClients } from './requester/clients.ts'
import { createParty } from './requester/create-party.ts'
import { run } from './requester/engine.ts'
import { bare } from './requester/events.ts'
import type { Exchange } from './requester/exchange.ts'
import { type Inspection, inspect, partiesOf } from './requester/inspect.ts'
import { maxTimer } from './requester/lock.ts'
import type { RequesterOptions, UmaRequestOptions } from './requester/options.ts'
import type { Party } from './requester/party.ts'
import type { Services } from './requester/services.ts'
import { signOut } from './requester/sign-out.ts'
import { createStore } from './requester/store.ts'
import { createTrust } from './requester/trust.ts'
import { memoryStorage } from './storage/memory.ts'

/** Makes requests to UMA-protected resources on behalf of one requesting party. */
export interface Requester {
  /** On whose behalf. */
  readonly requestingParty: string | undefined
  /** `fetch`, with the protected resources opened. Bound: it can be handed around. */
  readonly fetch: UmaFetch
  /** The same around another `fetch`: an instrumented one, a framework's. */
  wrapFetch(fetch: typeof globalThis.fetch): UmaFetch
  /** The same requester, with the same discovery and clients, for another requesting party, with a wallet of its own. */
  as(requestingParty: string): Requester
  /** For other ways in: runs one request, whatever the HTTP library, through the flow loop. */
  run<R>(exchange: Exchange<R>, uma?: UmaRequestOptions): Promise<R>
  /**
   * Finishes the step of a person who came back on this URL (`location.href` on the callback page), whichever it was, and says which,
   * and what was being asked for. The flow goes on, and may send the person away once more. In a page, the address bar is cleaned first.
   *
   * @throws InvalidStateError, RedirectError or what the flow ends with; a `UmaError` then has `request` and `kind`
   */
  handleCallback(url: string): Promise<Callback>
  /** What is kept for this requesting party, without a secret: for a settings page. */
  inspect(): Promise<Inspection>
  /** The requesting parties for whom something is kept, as far as the storage can list its keys. `as(name).signOut()` forgets one. */
  parties(): Promise<(string | undefined)[]>
  /**
   * Forgets all that is kept for this requesting party, its sign-ins and redirects under way included, and revokes its tokens where the
   * authorization server can (Grant §3.7).
   */
  signOut(): Promise<void>
}

/**
 * Creates a requester.
 *
 * @throws TypeError when the options cannot be right or safe; the message says what to change
 */
export function createRequester(options: RequesterOptions): Requester {
  const { storage, requestingParty, timeouts, onEvent } = options
  if (storage && !(storage instanceof Map) && requestingParty === undefined) {
    throw new TypeError('requestingParty: say whose tokens these are; the next person at this storage is another')
  }
  const { maxFlowsPerRequest, maxRounds, maxEntries, maxParties, polling, onRedirect } = options
  const numbers = { ...timeouts, ...polling, maxFlowsPerRequest, maxRounds, maxEntries, maxParties }
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined && !(typeof value === 'number' && value >= 0))
      throw new TypeError(`${name}: a number, 0 or more`)
  if (onRedirect && typeof onRedirect !== 'function' && typeof onRedirect.open !== 'function')
    throw new TypeError('onRedirect: a function, or an object with open()')
  const timeout = Math.min(timeouts?.request ?? 10_000, maxTimer)
  const caller = { fetch: () => options.fetch ?? globalThis.fetch, timeout }
  const tell: Services['tell'] = async (event) => {
    try {
      await onEvent?.(event)
    } catch {
      // A listener's fault is no reason for a request to fail.
    }
  }
  const store = createStore(storage ?? memoryStorage(), tell)
  const discovery = createDiscovery(caller, (issuer, url) => tell({ type: 'discovery', issuer, url: bare(url) }))
  const trust = createTrust(options, createClients(store, caller, discovery, tell))
  const services: Services = { options, store, caller, tell, trust, discovery, flows: 0 }
  const parties = new Map<string | undefined, Party>()

  function requester(name: string | undefined): Requester {
    const party = parties.get(name) ?? createParty(services, name)
    // The least recently asked for goes first; whoever still holds it can go on.
    parties.delete(name)
    parties.set(name, party)
    if (parties.size > (options.maxParties ?? 10_000)) parties.delete(parties.keys().next().value)
    const wrapFetch: Requester['wrapFetch'] = (fetch) => createFetch(services, party, () => fetch, options.headers)
    // Looked up when called: a fetch that is installed later (a test's) counts.
    const fetch = createFetch(services, party, () => globalThis.fetch, options.headers)
    return {
      requestingParty: name,
      fetch,
      wrapFetch,
      as: requester,
      run: (exchange, uma) => run(services, party, exchange, uma),
      async handleCallback(url) {
        const callback = await handleCallback(services, party, url)
        const { method, stored, url: target } = callback.request
        const replayable = stored || method === 'GET' || method === 'HEAD'
        return {
          ...callback,
          ...(replayable && { replay: () => fetch(target, { method, ...(stored as RequestInit) }) }),
        }
      },
      inspect: () => inspect(services, party),
      parties: () => partiesOf(services, parties.values()),
      signOut: () => signOut(services, party),
    }
  }
  return requester(requestingParty)
}
