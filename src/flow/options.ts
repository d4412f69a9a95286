import type { CallContext, FlowContext } from '../authorization-server/client-authentication.ts'
import type { RequiredClaim } from '../errors/index.ts'
import type { Claim } from '../schemes/scheme.ts'

/** Supplies a claim that an authorization server asks for. `undefined`: there is no such claim. */
export type Claims = (needed: RequiredClaim[], context: FlowContext) => Promise<Claim | undefined> | Claim | undefined

/** The facts that a redirect handler receives. */
export interface RedirectRequest extends CallContext {
  /** Where to send the person. */
  url: string
  /** Comes back unchanged. */
  state: string
  /** Where the person comes back to, if a redirect URI was configured. */
  redirectUri: string | undefined
}

/**
 * Sends a person to the authorization server and resolves with the URL that the person came back on. For a scheme that
 * knows no redirect (OAuth 1.0a `oob`), the handler may resolve with the code that the person typed.
 */
export type RedirectHandler = (request: RedirectRequest) => Promise<string>

/**
 * A redirect handler that is ready to send one person away. `run` waits until the person is back. A flow whose program
 * ends or goes on meanwhile is kept by `pageRedirect({ navigate })` and `serverRedirect()`.
 */
export interface OpenedRedirect {
  /** @default the authorization server's redirect URI, then the requester's */
  redirectUri?: string
  run: RedirectHandler
  /** The redirect URI was chosen for this redirect alone, such as a free port. @default false */
  uniqueRedirectUri?: boolean
}

/** A redirect handler that brings its own redirect URI. */
export interface OpenableRedirectHandler {
  /** Is called for each person that is sent away. */
  open(context: CallContext): Promise<OpenedRedirect>
  /**
   * Is called synchronously when `requester.interact(task)` starts, before a person is known to be needed. The returned
   * function is called when the promise of the task has settled.
   */
  early?(): () => void
}

/** The options of a requester that concern its flows. */
export interface FlowOptions {
  /** Supplies claims. */
  claims?: Claims
  /** Where a person comes back to. Sent exactly as given. */
  redirectUri?: string
  /** Sends a person to the authorization server. */
  onRedirect?: RedirectHandler | OpenableRedirectHandler
  /**
   * Milliseconds. `request`: one call to an authorization server. `flow`: a whole flow, people included.
   * @default { request: 10_000, flow: 300_000 }
   */
  timeouts?: { request?: number; flow?: number }
  /** How many rounds of claims and redirects one flow may have. @default 5 */
  maxRounds?: number
  /**
   * How a submitted request is polled. `interval`: seconds between polls if the server names no interval.
   * `minInterval`: the least number of seconds. `max`: the most polls, within `timeouts.flow`.
   * @default { interval: 5, minInterval: 1, max: 60 }
   */
  polling?: { interval?: number; minInterval?: number; max?: number }
}
