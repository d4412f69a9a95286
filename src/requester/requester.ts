import { createFetch, type FetchLike, type UmaFetch } from '../fetch.ts'
import type { Party } from '../parties/party.ts'
import type { InstanceOptions, UmaRequestOptions } from '../request/options.ts'
import type { RequestDriver, RunRequest } from '../request/request-driver.ts'
import { type Handle, registerHandle } from './handles.ts'
import type { RequesterOptions } from './options.ts'
import type { RequesterParts } from './parts.ts'

/** Makes requests to UMA-protected resources on behalf of one requesting party. */
export interface Requester {
  /** On whose behalf, at this moment. */
  readonly requestingParty: string | undefined
  /** `fetch`, which also opens protected resources. It is bound, so it can be handed around. */
  readonly fetch: UmaFetch
  /**
   * The same around another `fetch`: an instrumented one, or a framework's.
   *
   * The other `fetch` must use the `init` that it receives, must not keep `Authorization` when a redirect leads to another
   * origin, and must give an answer with `status` and `headers`. Its answer reaches the caller as it is.
   *
   * @param fetch sends the requests: any function like `fetch`
   * @param instance options for all requests of the result
   *
   * @example const fetch = requester.wrapFetch(nodeFetch)
   */
  wrapFetch(fetch: typeof globalThis.fetch, instance?: InstanceOptions): UmaFetch
  wrapFetch(fetch: FetchLike, instance?: InstanceOptions): UmaFetch
  /** The same requester for another requesting party, with a wallet of its own. */
  as(requestingParty: string): Requester
  /**
   * For adapters: runs one request of any HTTP library.
   *
   * @param driver the request
   * @param uma the options of the request
   * @param instance the options of the instance that makes the request
   */
  run<R>(driver: RequestDriver<R>, uma?: UmaRequestOptions, instance?: InstanceOptions): Promise<R>
  /**
   * For adapters whose library waits before it calls them: remembers whose request this is, and whether it may send a
   * person away. Call it when the application makes the request, and give the result to `run` later.
   *
   * @returns the options of the request, or a copy that remembers more
   */
  begin(uma: UmaRequestOptions | undefined, instance?: InstanceOptions): UmaRequestOptions | undefined
  /**
   * Allows requests to send the person away: every request of this handle that starts while the promise of `task` is
   * pending, also requests that have nothing to do with the task. Call it in a click handler, with a requester, an
   * instance or requests whose `interactive` is `false` otherwise. A request's own `interactive: false` stays in force.
   *
   * @param task is called at once, so that a popup may open
   * @returns the result of the task
   *
   * @example
   * button.onclick = () => requester.interact(() => api.get('/alice/1.jpg'))
   */
  interact<T>(task: () => T | Promise<T>): Promise<T>
  /**
   * Signs the person in at an authorization server. If the person is signed in there, and the access token has not
   * ended or could be refreshed, nobody is sent away. A request also does this by itself when a server asks for it.
   *
   * @param issuer the issuer of a server with `signIn`
   * @throws TypeError if the server has no sign-in; UntrustedAuthorizationServerError, InteractionRequiredError,
   * RedirectError, TokenRequestError
   *
   * @example
   * await requester.signIn('https://as.example.com')
   */
  signIn(issuer: string): Promise<void>
  /**
   * Forgets everything that is kept for this requesting party, including sign-ins and redirects under way, and revokes
   * its tokens if the authorization server can (UMA Grant §3.7).
   */
  signOut(): Promise<void>
}

/** How a requester reaches its parts, which may have to be loaded first. */
export interface PartsSource {
  readonly options: RequesterOptions
  /** The parts, if they are loaded. */
  readonly parts: RequesterParts | undefined
  /** @throws LoadError */
  load(): Promise<RequesterParts>
  /** Runs a request while the parts are not loaded. */
  runUnloaded<R>(name: string | undefined, driver: RequestDriver<R>, uma: UmaRequestOptions | undefined): Promise<R>
}

/** Makes the handle for one requesting party, or for the party that the application's function names. */
export function createHandle(source: PartsSource, requestingParty: RequesterOptions['requestingParty']): Requester {
  const { options } = source
  const nameOf = nameFunction(source, requestingParty)
  /** How many calls of `interact` are pending. */
  let interactions = 0

  const isFixed = typeof requestingParty !== 'function'
  /** The party of a handle for one party. It stays in memory as long as the handle does. */
  let fixedParty: Party | undefined
  /** The parties of requests that began before their adapter was called, by the options of the request. */
  let begunFor: WeakMap<UmaRequestOptions, { name: string | undefined }> | undefined

  const isInteractive = (instance?: InstanceOptions): boolean => instance?.interactive ?? options.interactive ?? true

  const resolve = (uma: UmaRequestOptions | undefined, instance?: InstanceOptions): UmaRequestOptions | undefined =>
    interactions > 0 ? uma : withInteractive(uma, isInteractive(instance))

  function partyOf(parts: RequesterParts, name: string | undefined): Party {
    if (!isFixed) return parts.parties.get(name)
    fixedParty ??= parts.parties.get(name)
    return fixedParty
  }

  async function open(): Promise<Handle> {
    const name = nameOf()
    const parts = source.parts ?? (await source.load())
    return { parts, party: partyOf(parts, name) }
  }

  const run: RunRequest = (driver, uma, instance) => {
    const begun = uma && begunFor?.get(uma)
    const name = begun ? begun.name : nameOf()
    const resolved = begun ? uma : resolve(uma, instance)
    const { parts } = source
    if (!parts) return source.runUnloaded(name, driver, resolved)
    return parts.runRequest(partyOf(parts, name), driver, resolved)
  }
  const fetchWith = (transport: () => typeof globalThis.fetch, instance?: InstanceOptions): UmaFetch =>
    createFetch(instance ? (driver, uma) => run(driver, uma, instance) : run, transport, options.headers)

  const requester: Requester = {
    get requestingParty() {
      return nameOf()
    },
    fetch: fetchWith(() => globalThis.fetch),
    wrapFetch: (own: FetchLike, instance?: InstanceOptions) =>
      fetchWith(() => own as typeof globalThis.fetch, instance),
    as: (other) => createHandle(source, checkedName(other)),
    run,
    begin(uma, instance) {
      if (uma && begunFor?.has(uma)) return uma
      // Nothing that may change until the adapter is called concerns such a request.
      if (isFixed && isInteractive(instance)) return uma
      const begun = { ...resolve(uma, instance) }
      // Most handles need no such memory.
      begunFor ??= new WeakMap()
      begunFor.set(begun, { name: nameOf() })
      return begun
    },
    async interact(task) {
      interactions += 1
      const close = openEarly(options)
      try {
        return await task()
      } finally {
        interactions -= 1
        close?.()
      }
    },
    async signIn(issuer) {
      const { parts, party } = await open()
      await parts.signIn(party, issuer)
    },
    async signOut() {
      const { parts, party } = await open()
      await parts.signOut(party)
    },
  }
  registerHandle(requester, open)
  return requester
}

/** The name of the party at this moment. An anonymous party ends when the function first returns a name. */
function nameFunction(
  source: PartsSource,
  requestingParty: RequesterOptions['requestingParty'],
): () => string | undefined {
  if (typeof requestingParty !== 'function') return () => requestingParty
  return () => {
    const name: unknown = requestingParty()
    if (name === undefined) return undefined
    const checked = checkedName(name)
    source.parts?.forgetAnonymous()
    return checked
  }
}

/** @throws TypeError if the value is no name */
function checkedName(name: unknown): string {
  if (typeof name === 'string') return name
  throw new TypeError(
    `requestingParty: a name is a string, and the function returns it synchronously; got ${typeof name}`,
  )
}

function withInteractive(uma: UmaRequestOptions | undefined, byDefault: boolean): UmaRequestOptions | undefined {
  return byDefault || uma?.interactive !== undefined ? uma : { ...uma, interactive: false }
}

/** Opens the window of a redirect handler that wants to open it in the click. */
function openEarly({ onRedirect }: RequesterOptions): (() => void) | undefined {
  return typeof onRedirect === 'object' ? onRedirect.early?.() : undefined
}
