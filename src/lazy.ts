/**
 * The requester that loads its engine when the first challenge comes.
 *
 * @module
 */
import { loadPart } from './errors/load-error.ts'
import { withResponse } from './errors/uma-error.ts'
import type { UmaRequestOptions } from './request/options.ts'
import type { RequestDriver } from './request/request-driver.ts'
import { checkRequesterOptions } from './requester/check-requester-options.ts'
import type { RequesterOptions } from './requester/options.ts'
import type { RequesterParts } from './requester/parts.ts'
import { createHandle, type PartsSource, type Requester } from './requester/requester.ts'
import { hidden } from './storage/storage.ts'

export type { Requester } from './requester/requester.ts'

const loadEngine = () => import('./requester/engine.ts')

/**
 * Creates a requester, as `createRequester` of `uma-requester` does. The engine is loaded when a host challenges, or
 * when tokens are stored for the party. Until then, requests are sent as they are. A service worker may not load
 * code later: bundle the main entry there.
 *
 * @throws TypeError if the options cannot be right or safe; the message says what to change. Requests reject with
 * `LoadError` if the engine could not be loaded.
 *
 * @example
 * import { createRequester } from 'uma-requester/lazy'
 *
 * const requester = createRequester({
 *   authorizationServers: [{ issuer, hosts: ['https://photos.example.com'], client: { id: 'album' } }],
 * })
 */
export function createRequester(options: RequesterOptions): Requester {
  checkRequesterOptions(options)
  return createHandle(new LazyParts(options), options.requestingParty)
}

/** The parts of a requester, which are loaded when they are first needed. */
class LazyParts implements PartsSource {
  readonly options: RequesterOptions
  parts: RequesterParts | undefined

  constructor(options: RequesterOptions) {
    this.options = options
  }

  async load(): Promise<RequesterParts> {
    const { createEngine } = await loadPart('engine', loadEngine)
    this.parts ??= createEngine(this.options)
    return this.parts
  }

  /** An error of loading carries the answer of the host, unread. */
  async #loadFor(response: unknown): Promise<RequesterParts> {
    try {
      return await this.load()
    } catch (error) {
      throw withResponse(error, response)
    }
  }

  async runUnloaded<R>(
    name: string | undefined,
    driver: RequestDriver<R>,
    uma: UmaRequestOptions | undefined,
  ): Promise<R> {
    const { storage } = this.options
    const hasTokens = await storage?.[hidden].mayHaveTokens(name, driver.signal)
    if (hasTokens || needsEngine(this.options, uma)) {
      const parts = await this.load()
      return parts.runRequest(parts.parties.get(name), driver, uma)
    }
    const result = await driver.send(undefined)
    if (!mayBeChallenge(this.options, driver.status(result))) return result
    const parts = await this.#loadFor(result)
    return parts.continueRequest(parts.parties.get(name), driver, uma, result)
  }
}

/** Whether a request may carry a token, or asks for more than to be sent, before there is a challenge. */
function needsEngine({ authorizationServers }: RequesterOptions, uma: UmaRequestOptions | undefined): boolean {
  if (uma?.preflight) return true
  if (typeof authorizationServers === 'function') return false
  return authorizationServers.some(({ sendAccessToken, scheme }) => sendAccessToken || scheme?.binding?.withoutGrant)
}

/** UMA 2.0 challenges with 401 and 403 (UMA Grant §3.2). Another scheme may challenge with any error. */
function mayBeChallenge({ authorizationServers, schemes }: RequesterOptions, status: number): boolean {
  if (status < 400) return false
  if (status === 401 || status === 403) return true
  return (
    schemes !== undefined || (Array.isArray(authorizationServers) && authorizationServers.some(({ scheme }) => scheme))
  )
}
