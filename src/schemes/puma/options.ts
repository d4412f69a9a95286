import type { ClientMetadata } from '../../authorization-server/registration.ts'
import type { TokenParameters } from '../../authorization-server/token-request.ts'

/** A request to an endpoint of the authorization manager: JSON, or a form. */
export interface PumaRequest {
  json?: unknown
  form?: TokenParameters
  /** Set over `accept` and `content-type`. */
  headers?: Record<string, string>
}

/** Options of `puma`. The protocol was never written down: the defaults are the likeliest messages. */
export interface PumaOptions {
  /**
   * Allows plain http at this authorization manager, its hosts and its redirects. Tokens then travel in the clear.
   * @default false: https, or http on this machine
   */
  allowInsecureHttp?: boolean
  /**
   * Gives the name under which the manager knows a host. It receives `host_id` of the challenge and the URL that the
   * application asked for. `undefined`: the challenge is refused.
   * @default `host_id`, if it is the host of that URL with or without the port; without `host_id`, host and port of
   * that URL. Any other `host_id` is refused, because a hostile host could name another host.
   */
  hostId?: (named: string | undefined, resource: string) => string | undefined
  /**
   * The endpoint that issues an RPT for a host.
   * @default `rpt_endpoint` of the configuration, or else its `requester_token_endpoint`
   */
  rptEndpoint?: string
  /** Makes the request for an RPT; the AAT is added. @default a form with `host_id` */
  rptRequest?: (hostId: string) => PumaRequest
  /** The endpoint that takes a ticket. @default `permission_request_endpoint` of the configuration */
  ticketEndpoint?: string
  /** Makes the request that shows a ticket; the AAT is added. @default JSON `{"rpt": …, "ticket": …}` */
  ticketRequest?: (facts: { rpt: string; ticket: string }) => PumaRequest
  /** The parameter that tells the manager's page where the person goes afterwards. @default `redirect_uri` */
  redirectParameter?: string
  /**
   * Makes the registration request.
   * @default the form of the 2011 dynamic registration draft, with `type` `push`
   */
  registration?: (client: ClientMetadata) => Record<string, unknown>
  /** The scope of the requesting party's access token. @default none */
  scope?: string
}

/** A redirect URI with a state in its query. */
export function withState(redirectUri: string, state: string): string {
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`
}
