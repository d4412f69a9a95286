import { createDiscovery } from './authorization-server/discovery.ts'
import { createFetch, type UmaFetch } from './fetch.ts'
import { type Engine, run } from './requester/engine.ts'
import type { Exchange } from './requester/exchange.ts'
import type { RequesterOptions, UmaRequestOptions } from './requester/options.ts'
import { createParty, type Party } from './requester/party.ts'
import { createTrust } from './requester/trust.ts'

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
  const caller = { fetch: () => options.fetch ?? globalThis.fetch, timeout: timeouts?.request ?? 10_000 }
  const tell: Engine['tell'] = (event) => {
    try {
      onEvent?.(event)
    } catch {
      // A listener's fault is no reason for a request to fail.
    }
  }
  let flows = 0
  const engine: Engine = {
    options,
    caller,
    tell,
    trust: createTrust(options),
    discovery: createDiscovery(caller, (issuer, url) => tell({ type: 'discovery', issuer, url })),
    flowTimeout: timeouts?.flow ?? 300_000,
    nextFlow: () => ++flows,
  }
  const parties = new Map<string | undefined, Party>()

  function requester(name: string | undefined): Requester {
    let party = parties.get(name)
    if (!party) parties.set(name, (party = createParty(name, options.maxEntries)))
    const whose = party
    return {
      requestingParty: name,
      // Looked up when called: a fetch that is installed later (a test's) counts.
      fetch: createFetch(engine, whose, () => globalThis.fetch, options.headers),
      wrapFetch: (fetch) => createFetch(engine, whose, () => fetch, options.headers),
      as: requester,
      run: (exchange, uma) => run(engine, whose, exchange, uma),
    }
  }
  return requester(requestingParty)
}
