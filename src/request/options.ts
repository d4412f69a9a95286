import type { TokenParameters } from '../authorization-server/token-request.ts'

/** Options of one request: `init.uma`, axios's `config.uma`, ky's `uma`. */
export interface UmaRequestOptions {
  /** How many flows this request may start. @default the requester's `maxFlowsPerRequest` */
  maxFlowsPerRequest?: number
  /** Scopes to ask for, separated by spaces (UMA Grant §3.3.1). */
  scope?: string
  /** Extra token request parameters. */
  parameters?: TokenParameters
  /**
   * `false`: reject with `InteractionRequiredError` if a person would be needed; nothing overrides this. `true`: a
   * person may be sent away.
   * @default `true` within `requester.interact()`, or else the axios or ky instance's, or else the requester's
   */
  interactive?: boolean
  /**
   * Names the operation, for one URL whose permission depends on the body (JSON-RPC, GraphQL, MCP tools). The wallet
   * then remembers an RPT for each operation. The name is never sent, is absent from events, and is hashed in storage.
   */
  operation?: string
  /** Makes a new body for each send, for bodies that can be read only once. */
  body?: () => unknown
  /** Reads a body that can be read only once into memory before the first send. @default false */
  buffer?: boolean
  /**
   * Says that the body of a `Request` was made of a stream, which the `Request` does not show. `extendKy` sets this
   * option. @default false
   */
  oneShot?: boolean
  /** Asks for the challenge with a HEAD request first. @default false */
  preflight?: boolean
}

/** The options of a requester that concern its requests. */
export interface RequestOptions {
  /**
   * `false`: no request sends a person away unless the request itself, `requester.interact()` or the axios or ky
   * instance allows that. @default true
   */
  interactive?: boolean
  /** How many flows one request may start. @default 1 */
  maxFlowsPerRequest?: number
}

/** Options of an axios or ky instance, for all of its requests. */
export interface InstanceOptions {
  /** Whether its requests may send a person away. @default the requester's `interactive` */
  interactive?: boolean
}
